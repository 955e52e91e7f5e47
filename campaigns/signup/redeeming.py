"""At the counter: a code or a card's number says who buys, and the coupon becomes part of the purchase."""

from collections.abc import Mapping
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import Session

from campaigns.contacts.models import Contact
from campaigns.crm import purchases
from campaigns.crm.models import Purchase
from campaigns.database import now
from campaigns.errors import BadInput, Conflict, NotFound
from campaigns.signup.reward_models import Card, Coupon, CouponPool
from campaigns.signup.rewards import tidy_code
from campaigns.words import _


@dataclass(frozen=True)
class Shown:
    """What was put on the counter: whose it is, and the coupon with its worth, if it is one."""

    contact: Contact
    coupon: Coupon | None = None
    pool: CouponPool | None = None
    card: Card | None = None

    @property
    def problem(self) -> str:
        """Why the coupon is not good any more; empty when it is."""
        if self.coupon is None:
            return ""
        if self.coupon.redeemed_at is not None:
            return _("This coupon has been redeemed already.")
        if self.coupon.good_until is not None and self.coupon.good_until < now().date():
            return _("This coupon was good until %(day)s.", day=self.coupon.good_until.isoformat())
        return ""


def look(session: Session, code: str) -> Shown:
    """What stands behind a code or a card's number. Raises NotFound; a code nobody was given is none."""
    wanted = tidy_code(code)
    found = session.execute(
        sa.select(Coupon, CouponPool, Contact)
        .join(CouponPool, CouponPool.id == Coupon.pool_id)
        .join(Contact, Contact.id == Coupon.contact_id)
        .where(Coupon.code == wanted)
    ).first()
    if found is not None:
        return Shown(found[2], found[0], found[1])
    card = session.execute(
        sa.select(Card, Contact).join(Contact, Contact.id == Card.contact_id).where(Card.number == wanted)
    ).first()
    if card is not None:
        return Shown(card[1], card=card[0])
    raise NotFound(_("Nobody was given “%(code)s”. Look at it once more.", code=code.strip()[:60]))


def buy(
    session: Session, code: str, given: Mapping[str, str], user_id: int | None = None, currency: str = "EUR"
) -> Purchase:
    """Note what was bought with that code or card; a coupon is redeemed by it, once.

    Raises NotFound, BadInput, and Conflict for a coupon that is not good any more.
    """
    shown = look(session, code)
    if shown.coupon is not None:
        session.refresh(shown.coupon, with_for_update=True)  # two counters may have it at once
        if shown.problem:
            raise Conflict(shown.problem)
    quantity = given.get("quantity") or "1"
    if not quantity.isdecimal():
        raise BadInput(_("The quantity is a number from 1 to 1,000,000."), field="quantity")
    bought = purchases.add(
        session,
        shown.contact.id,
        purchases.product(session, given.get("product", "")),
        quantity=int(quantity),
        amount=purchases.smallest_unit(given.get("amount", ""), currency),
        currency=currency,
        user_id=user_id,
    )
    if shown.coupon is not None:
        shown.coupon.redeemed_at, shown.coupon.redeemed_by = now(), user_id
        shown.coupon.purchase_id = bought.id
    return bought
