"""Giving coupons and cards: one for each reason, however often it is asked for."""

import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta

import sqlalchemy as sa
from babel.dates import format_date
from sqlalchemy.orm import Session

from campaigns.bulk import insert_many
from campaigns.contacts.models import Contact
from campaigns.contacts.names import tidy
from campaigns.database import now
from campaigns.errors import BadInput, NotFound
from campaigns.signup.models import Form
from campaigns.signup.reward_models import Card, Codes, Coupon, CouponPool
from campaigns.words import _

_SIGNS = "ABCDEFGHJKMNPQRSTUVWXYZ23456789"  # none that looks like another
_LENGTH = 10  # 8 × 10¹⁴ codes: nobody guesses one at a counter
_MOST_LOADED = 100_000
COUNTED = 10_000
_LONGEST = 36_500  # days
_CARDS = "29"  # GS1 General Specifications 1.4.8: numbers for use within a firm


def pools(session: Session) -> list[CouponPool]:
    """All kinds of coupons, by name."""
    return list(session.scalars(sa.select(CouponPool).order_by(CouponPool.name).limit(500)))


def pool(session: Session, pool_id: int) -> CouponPool:
    """The kind of that number; raises NotFound."""
    found = session.get(CouponPool, pool_id)
    if found is None:
        raise NotFound(_("There is no such kind of coupon."))
    return found


def add_pool(
    session: Session,
    name: str,
    worth: str,
    codes: str = Codes.MADE,
    days: str = "",
    user_id: int | None = None,
) -> CouponPool:
    """A new kind of coupon. Raises BadInput."""
    name, worth = tidy(name, 120), tidy(worth, 200)
    if not name:
        raise BadInput(_("Give it a name."), field="name")
    if not worth:
        raise BadInput(_("Say what it is worth, such as “10 € off a saw blade”."), field="worth")
    if session.scalar(sa.select(CouponPool.id).where(CouponPool.name == name)):
        raise BadInput(_("There is one of that name."), field="name")
    if codes not in set(Codes):
        raise BadInput(_("Choose where the codes come from."), field="codes")
    if days and not (days.isdecimal() and 1 <= int(days) <= _LONGEST):
        raise BadInput(_("Write the days as a number, such as 90."), field="days")
    made = CouponPool(name=name, worth=worth, codes=codes, days=int(days) if days else None, user_id=user_id)
    session.add(made)
    session.flush()
    return made


def load(session: Session, into: CouponPool, lines: Iterable[str]) -> tuple[int, int]:
    """Put codes that were brought along into a pool; returns how many are new, and how many were known.

    Raises BadInput for one that can't be a code.
    """
    codes = list(dict.fromkeys(filter(None, map(tidy_code, lines))))
    if len(codes) > _MOST_LOADED:
        raise BadInput(_("Load at most %(most)s codes at once.", most=f"{_MOST_LOADED:,}"), field="lines")
    long = next((code for code in codes if len(code) > 40), None)
    if long:
        raise BadInput(_("“%(code)s” is too long for a code.", code=long[:60]), field="lines")
    before = _count(session, into)
    insert_many(session, Coupon, [{"pool_id": into.id, "code": code} for code in codes], conflict=["code"])
    added = _count(session, into) - before
    return added, len(codes) - added


def _count(session: Session, of: CouponPool) -> int:
    return session.scalar(sa.select(sa.func.count(Coupon.id)).where(Coupon.pool_id == of.id)) or 0


@dataclass(frozen=True)
class Counts:
    """Of one kind of coupon: in stock (None where we make them), given, redeemed; each up to COUNTED."""

    stock: int | None
    given: int
    redeemed: int


def counts(session: Session, of: CouponPool) -> Counts:
    """How far a kind of coupon has come, of the newest that were given."""
    newest = (
        sa.select(Coupon.redeemed_at)
        .where(Coupon.pool_id == of.id, Coupon.issued_at.is_not(None))
        .order_by(Coupon.issued_at.desc())
        .limit(COUNTED)
        .subquery()
    )
    both = sa.select(sa.func.count(), sa.func.count(newest.c.redeemed_at)).select_from(newest)
    given, redeemed = session.execute(both).one()
    return Counts(left(session, of), given, redeemed)


def left(session: Session, of: CouponPool, most: int = COUNTED) -> int | None:
    """How many codes are in stock, counted to a limit; None where we make them."""
    if of.codes == Codes.MADE:
        return None
    stock = sa.select(Coupon.id).where(Coupon.pool_id == of.id, Coupon.issued_at.is_(None)).limit(most)
    return session.scalar(sa.select(sa.func.count()).select_from(stock.subquery())) or 0


def tidy_code(given: str) -> str:
    """A code as it is kept: capitals, without blanks and signs between its letters."""
    return "".join(sign for sign in given.upper() if sign.isalnum())


def give(session: Session, of: CouponPool, contact: Contact, once: str) -> Coupon | None:
    """A coupon for this reason: the one given before, or a new one; None when there are none left."""
    mine = sa.select(Coupon).where(Coupon.once == once)
    given = session.scalar(mine)
    if given is not None:
        return given
    coupon = _made(session, of) if of.codes == Codes.MADE else _in_stock(session, of)
    if coupon is None:
        return None
    coupon.contact_id, coupon.once, coupon.issued_at = contact.id, once, now()
    coupon.good_until = now().date() + timedelta(days=of.days) if of.days else None
    session.flush()
    return coupon


def _made(session: Session, of: CouponPool) -> Coupon:
    coupon = Coupon(pool_id=of.id, code="".join(secrets.choice(_SIGNS) for _sign in range(_LENGTH)))
    session.add(coupon)
    return coupon


def _in_stock(session: Session, of: CouponPool) -> Coupon | None:
    stock = sa.select(Coupon).where(Coupon.pool_id == of.id, Coupon.issued_at.is_(None))
    return session.scalar(stock.order_by(Coupon.id).limit(1).with_for_update(skip_locked=True))


def card(session: Session, contact: Contact) -> Card:
    """The contact's card, made when there is none yet."""
    found = card_of(session, contact.id)
    if found is None:
        digits = _CARDS + "".join(str(secrets.randbelow(10)) for _digit in range(10))
        found = Card(number=digits + check_digit(digits), contact_id=contact.id)
        session.add(found)
        session.flush()
    return found


def card_of(session: Session, contact_id: int) -> Card | None:
    """The contact's card, if they have one."""
    return session.scalar(sa.select(Card).where(Card.contact_id == contact_id).order_by(Card.id).limit(1))


def check_digit(digits: str) -> str:
    """The last digit of a 13-digit number (GS1 General Specifications 7.9.1)."""
    odd, even = (sum(map(int, digits[start::2])) for start in (0, 1))
    return str(-(odd + 3 * even) % 10)


@dataclass(frozen=True)
class Promised:
    """What a form gave to somebody, for letters and pages."""

    pool: CouponPool | None
    coupon: Coupon | None  # None: there were none left
    card: Card | None
    for_bringing: str  # what they get for each whom they bring

    def until(self, language: str) -> str:
        """The last day of the coupon, as that language writes it; empty when it has none."""
        day = self.coupon.good_until if self.coupon else None
        return format_date(day, "long", locale=language) if day else ""


def promised(session: Session, form: Form, contact: Contact, once: str = "") -> Promised:
    """What this contact got by the form; with `once`, for bringing somebody."""
    number = form.referral_pool_id if once else form.pool_id
    mine = sa.select(Coupon).where(Coupon.once == (once or _for_form(form, contact)))
    return Promised(
        pool(session, number) if number else None,
        session.scalar(mine),
        card_of(session, contact.id) if form.gives_card else None,
        pool(session, form.referral_pool_id).worth if form.referral_pool_id else "",
    )


def offered(session: Session, form: Form) -> str:
    """What the form promises to whoever signs up, in the words of its coupon; empty for nothing."""
    return pool(session, form.pool_id).worth if form.pool_id else ""


def once_for(friend: Contact) -> str:
    """What somebody is rewarded for who brought this friend."""
    return f"friend:{friend.id}"


def _for_form(form: Form, contact: Contact) -> str:
    return f"form:{form.pool_id}:{contact.id}"


def for_signing_up(session: Session, form: Form, contact: Contact) -> None:
    """What the form promises to whoever confirms."""
    if form.pool_id is not None:
        give(session, pool(session, form.pool_id), contact, _for_form(form, contact))
    if form.gives_card:
        card(session, contact)


def for_bringing(session: Session, form: Form, referrer: Contact, friend: Contact) -> bool:
    """What who brought somebody gets, once for each; False where there is nothing, or it was given before."""
    once = once_for(friend)
    before = session.scalar(sa.select(Coupon.id).where(Coupon.once == once))
    if form.referral_pool_id is None or before is not None:
        return False
    return give(session, pool(session, form.referral_pool_id), referrer, once) is not None


def of_contact(session: Session, contact_id: int) -> list[tuple[Coupon, CouponPool]]:
    """The newest coupons of one contact."""
    mine = (
        sa.select(Coupon, CouponPool)
        .join(CouponPool, CouponPool.id == Coupon.pool_id)
        .where(Coupon.contact_id == contact_id)
        .order_by(Coupon.id.desc())
        .limit(20)
    )
    return [(row[0], row[1]) for row in session.execute(mine)]
