"""What contacts bought."""

import re
from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal, InvalidOperation

import sqlalchemy as sa
from babel.numbers import get_currency_precision
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
) -> Purchase:
    """Note a purchase; `amount` is in the currency's smallest unit. It counts as a contact."""
    if not 1 <= quantity <= 1_000_000:
        raise BadInput(_("The quantity is a number from 1 to 1,000,000."), field="quantity")
    at = at or now()
    bought = Purchase(
        contact_id=contact_id, product_id=what.id, at=at, quantity=quantity, amount=amount, currency=currency
    )
    logging.log(session, contact_id, Kind.PURCHASE, at, user_id, f"{quantity} × {what.name}")
    session.add(bought)
    session.flush()
    runouts.renew(session, contact_id)
    return bought


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
        amount = Decimal(plain.replace(",", ".") or "0").scaleb(precision)
    except InvalidOperation as error:
        raise BadInput(_("“%(given)s” is no amount of money.", given=text[:40]), field="amount") from error
    if not amount.is_finite() or not 0 <= amount <= _MOST:
        raise BadInput(_("“%(given)s” is no amount of money.", given=text[:40]), field="amount")
    return int(amount.to_integral_value())


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
