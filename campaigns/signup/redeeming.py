"""At the counter: a code or a card's number says who buys, and the coupon becomes part of the purchase."""

from collections.abc import Mapping
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError
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
    def code(self) -> str:
        """The coupon's code, or the card's number, as it is kept."""
        return self.coupon.code if self.coupon else self.card.number if self.card else ""

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


@dataclass(frozen=True)
class Bought:
    """What the till says: `amount` in the currency's smallest unit; `reference` is how it names the sale."""

    product: str
    quantity: int = 1
    amount: int = 0
    currency: str = "EUR"
    reference: str | None = None


def as_typed(given: Mapping[str, str], currency: str = "EUR") -> Bought:
    """What was bought, from a form as people fill it in. Raises BadInput."""
    quantity, currency = given.get("quantity") or "1", purchases.currency_code(currency)
    if not quantity.isdecimal():
        raise BadInput(_("The quantity is a number from 1 to 1,000,000."), field="quantity")
    amount = purchases.smallest_unit(given.get("amount", ""), currency)
    return Bought(given.get("product", ""), int(quantity), amount, currency)


def buy(session: Session, code: str, bought: Bought, user_id: int | None = None) -> tuple[Purchase, bool]:
    """Note what was bought with that code or card; a coupon is redeemed by it, once.

    Gives the purchase, and whether it is new: with a reference, a till that heard no answer may ask again.
    Raises NotFound, BadInput, and Conflict for a coupon that is not good any more, or for a reference that
    names another sale.
    """
    shown = look(session, code)
    session.refresh(shown.coupon or shown.contact, with_for_update=True)  # two counters may have it at once
    what = purchases.product(session, bought.product)
    noted = _noted(session, shown, bought, what.id)
    if noted is not None:
        return noted, False
    if shown.problem:
        raise Conflict(shown.problem)
    try:
        with session.begin_nested():
            purchase = purchases.add(
                session,
                shown.contact.id,
                what,
                quantity=bought.quantity,
                amount=bought.amount,
                currency=bought.currency,
                user_id=user_id,
                reference=bought.reference,
            )
    except IntegrityError as error:  # noted for somebody else at this very moment
        raise _another(bought) from error
    if shown.coupon is not None:
        shown.coupon.redeemed_at, shown.coupon.redeemed_by = now(), user_id
        shown.coupon.purchase_id = purchase.id
    return purchase, True


def _noted(session: Session, shown: Shown, bought: Bought, product_id: int) -> Purchase | None:
    if bought.reference is None:
        return None
    noted = session.scalar(sa.select(Purchase).where(Purchase.reference == bought.reference))
    if noted is None:
        return None
    same = (shown.contact.id, product_id, bought.quantity, bought.amount, bought.currency)
    if (noted.contact_id, noted.product_id, noted.quantity, noted.amount, noted.currency) != same:
        raise _another(bought)
    if shown.coupon is not None and shown.coupon.purchase_id != noted.id:
        raise _another(bought)
    return noted


def _another(bought: Bought) -> Conflict:
    return Conflict(_("Another sale was noted as “%(reference)s” before.", reference=bought.reference or ""))
