"""When what was bought is used up: reckoned from the purchases, and anew when either changes.

A piece lasts so many days, as its product says; what is bought before the last is used up comes on top.
"""

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from itertools import groupby
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session, selectinload

from campaigns import jobs
from campaigns.bulk import insert_many
from campaigns.contacts.models import Contact
from campaigns.crm.models import Product, Purchase, RunOut
from campaigns.errors import BadInput
from campaigns.words import _

MOST_DAYS = 3_650
_FAR = date(9999, 1, 1).toordinal()  # a rule still names days after it
_BATCH = 5_000  # purchases


def day(bought: Iterable[tuple[datetime, int]], lasts: int) -> date:
    """The day on which these purchases (moment, pieces; the oldest first) are used up.

    `lasts` is how many days one piece lasts. Raises ValueError where nothing was bought.
    """
    until = 0
    for at, quantity in bought:
        until = min(max(until, at.date().toordinal()) + quantity * lasts, _FAR)
    return date.fromordinal(until)


def lasts(session: Session, product: Product, days: int | None) -> None:
    """Say how many days one piece lasts, None: it isn't used up; the days follow in the background."""
    if days is not None and not 1 <= days <= MOST_DAYS:
        raise BadInput(_("A piece lasts from 1 to %(n)s days.", n=MOST_DAYS), field="lasts")
    if days != product.lasts_days:
        product.lasts_days, product.renewed_to = days, 0
        session.flush()
        jobs.ring(session, jobs.RENEW_RUN_OUTS)


def renew(session: Session, contact_id: int) -> None:
    """Reckon anew what one contact has used up when; one at a time does so for a contact and a product."""
    session.execute(sa.select(Contact.id).where(Contact.id == contact_id).with_for_update(key_share=True))
    products = sa.select(Purchase.product_id).where(Purchase.contact_id == contact_id)
    theirs = sa.select(Product.id).where(Product.id.in_(products)).order_by(Product.id)
    session.execute(theirs.with_for_update(read=True, key_share=True))
    mine = RunOut.contact_id == contact_id
    session.execute(sa.delete(RunOut).where(mine).execution_options(synchronize_session=False))
    _write(session, _bought(Purchase.contact_id == contact_id))


def renew_some(session: Session) -> bool:
    """Go on with the first product whose days are not all reckoned yet; False when there is none.

    Whoever notes a purchase meanwhile waits for the lock, or is waited for: no purchase is missed.
    """
    waiting = sa.select(Product).where(Product.renewed_to.is_not(None)).order_by(Product.id).limit(1)
    product = session.scalar(waiting.with_for_update(), execution_options={"populate_existing": True})
    if product is None:
        return False
    of_product = Purchase.product_id == product.id
    rest = sa.select(Purchase.contact_id).where(of_product, Purchase.contact_id > product.renewed_to)
    upto = session.scalar(rest.order_by(Purchase.contact_id).offset(_BATCH).limit(1))
    here = [Purchase.contact_id > product.renewed_to]
    old = [RunOut.product_id == product.id, RunOut.contact_id > product.renewed_to]
    if upto is not None:
        here.append(Purchase.contact_id <= upto)
        old.append(RunOut.contact_id <= upto)
    session.execute(sa.delete(RunOut).where(*old).execution_options(synchronize_session=False))
    _write(session, _bought(of_product, *here))
    product.renewed_to = upto
    session.flush()
    return True


def of(session: Session, contact_id: int, limit: int = 50) -> Sequence[RunOut]:
    """What a contact runs out of, the first first, with the products."""
    mine = sa.select(RunOut).where(RunOut.contact_id == contact_id).options(selectinload(RunOut.product))
    return session.scalars(mine.order_by(RunOut.day, RunOut.product_id).limit(limit)).all()


def _bought(*where: Any) -> sa.Select[int, int, int | None, datetime, int]:
    """Pieces of products that are used up, those of one contact and product beside each other."""
    columns = (Purchase.contact_id, Purchase.product_id, Product.lasts_days, Purchase.at, Purchase.quantity)
    found = sa.select(*columns).join(Product, Product.id == Purchase.product_id)
    found = found.where(Product.lasts_days.is_not(None), *where)
    return found.order_by(Purchase.product_id, Purchase.contact_id, Purchase.at)


def _write(session: Session, bought: sa.Select[int, int, int | None, datetime, int]) -> None:
    rows = [
        {
            "contact_id": contact_id,
            "product_id": product_id,
            "day": day(((at, pieces) for *_key, at, pieces in pieces_of), days),
        }
        for (contact_id, product_id, days), pieces_of in groupby(
            session.execute(bought), lambda row: tuple(row[:3])
        )
    ]
    insert_many(session, RunOut, rows)
