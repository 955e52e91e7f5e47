"""What contacts bought."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal, InvalidOperation

import sqlalchemy as sa
from babel.numbers import get_currency_precision, is_currency
from sqlalchemy.orm import Session, selectinload

from campaigns.contacts.names import tidy
from campaigns.crm import logging, runouts
from campaigns.crm.models import Kind, Product, Purchase
from campaigns.database import now
from campaigns.errors import BadInput
from campaigns.words import _

_MOST = 10**12


def product(session: Session, name: str) -> Product:
    """The product of that name, made when there is none yet; raises BadInput for no name."""
    name = tidy(name)
    if not name:
        raise BadInput(_("Say what was bought."), field="product")
    found = session.scalar(sa.select(Product).where(Product.name == name))
    if found is None:
        found = Product(name=name)
        session.add(found)
        session.flush()
    return found


def add(
    session: Session,
    contact_id: int,
    what: Product,
    at: datetime | None = None,
    quantity: int = 1,
    amount: int = 0,
    currency: str = "EUR",
    user_id: int | None = None,
    reference: str | None = None,
) -> Purchase:
    """Note a purchase; `amount` is in the currency's smallest unit. It counts as a contact.

    `reference` is how another program names it, and no two bear the same.
    """
    if not 1 <= quantity <= 1_000_000:
        raise BadInput(_("The quantity is a number from 1 to 1,000,000."), field="quantity")
    at = at or now()
    bought = Purchase(
        contact_id=contact_id,
        product_id=what.id,
        at=at,
        quantity=quantity,
        amount=amount,
        currency=currency,
        reference=reference,
    )
    logging.log(session, contact_id, Kind.PURCHASE, at, user_id, f"{quantity} × {what.name}")
    session.add(bought)
    session.flush()
    runouts.renew(session, contact_id)
    return bought


@dataclass(frozen=True)
class Sum:
    """What one contact bought in one currency: how often, and for how much in its smallest unit."""

    currency: str
    times: int
    amount: int

    @property
    def money(self) -> Decimal:
        """In the currency itself."""
        return money(self.amount, self.currency)


def sums(session: Session, contact_id: int) -> list[Sum]:
    """What one contact spent, most often used currency first."""
    times = sa.func.count()
    rows = session.execute(
        sa.select(Purchase.currency, times, sa.func.sum(Purchase.amount))
        .where(Purchase.contact_id == contact_id)
        .group_by(Purchase.currency)
        .order_by(times.desc(), Purchase.currency)
    )
    return [Sum(currency, number, int(amount)) for currency, number, amount in rows]


def currency_code(given: str) -> str:
    """A currency by its code (ISO 4217), as “eur”; raises BadInput."""
    code = given.strip().upper()
    if not is_currency(code):
        raise BadInput(_("“%(given)s” is no currency.", given=given[:40]), field="currency")
    return code


def smallest_unit(text: str, currency: str = "EUR") -> int:
    """An amount as people type it ("1 249,50") in the currency's smallest unit; raises BadInput."""
    plain = "".join(text.split()).replace("\u2009", "").replace("'", "")
    precision = get_currency_precision(currency)
    if "," in plain and "." in plain:
        thousands = "," if plain.rindex(".") > plain.rindex(",") else "."
        plain = plain.replace(thousands, "")
    elif re.fullmatch(r"\d{1,3}([.,])\d{3}(\1\d{3})*", plain) and precision < 3:
        plain = plain.replace(",", "").replace(".", "")
    try:
        given = Decimal(plain.replace(",", ".") or "0")
    except InvalidOperation as error:
        raise BadInput(_("“%(given)s” is no amount of money.", given=text[:40]), field="amount") from error
    return in_smallest_unit(given, currency)


def in_smallest_unit(amount: Decimal, currency: str) -> int:
    """An amount of a currency in its smallest unit, rounded to it; raises BadInput."""
    counted = amount.scaleb(get_currency_precision(currency)) if amount.is_finite() else amount
    if not counted.is_finite() or not 0 <= counted <= _MOST:
        raise BadInput(_("“%(given)s” is no amount of money.", given=str(amount)[:40]), field="amount")
    return int(counted.to_integral_value())


def money(amount: int, currency: str) -> Decimal:
    """An amount in the smallest unit as one of the currency itself."""
    return Decimal(amount).scaleb(-get_currency_precision(currency))


def of(session: Session, contact_id: int, limit: int = 20) -> Sequence[Purchase]:
    """What one contact bought, newest first."""
    return session.scalars(
        sa.select(Purchase)
        .where(Purchase.contact_id == contact_id)
        .options(selectinload(Purchase.product))
        .order_by(Purchase.at.desc(), Purchase.id.desc())
        .limit(limit)
    ).all()


def names(session: Session) -> Sequence[str]:
    """The names of what is sold."""
    return session.scalars(sa.select(Product.name).order_by(Product.name).limit(500)).all()
