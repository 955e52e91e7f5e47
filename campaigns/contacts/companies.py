"""Companies: found by name, made once, changed, and their people."""

from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from campaigns.bulk import insert_many
from campaigns.contacts.models import Company, Contact
from campaigns.contacts.names import fold, plain, tidy, tidy_lines
from campaigns.database import now
from campaigns.errors import BadInput, Conflict, NotFound
from campaigns.words import _

_HIGHEST = "\U0010ffff"


def company(session: Session, name: str) -> Company | None:
    """The company of that name, made when there is none yet; None for no name."""
    shown = tidy(name)
    key = fold(name)
    if not key:
        return None
    empty = {"website": "", "industry": "", "country": "", "note": "", "created_at": now()}
    insert_many(session, Company, [{"name": shown, "key": key} | empty], conflict=["key"])
    return session.scalars(sa.select(Company).where(Company.key == key)).one()


def one(session: Session, company_id: int) -> Company:
    """The company; raises NotFound."""
    found = session.get(Company, company_id)
    if found is None:
        raise NotFound(_("There is no such company."))
    return found


def add(session: Session, values: Mapping[str, str]) -> Company:
    """A new company. Raises BadInput without a name, Conflict when there is one of that name."""
    key = fold(values.get("name", ""))
    if key and session.scalar(sa.select(Company.id).where(Company.key == key)):
        raise Conflict(_("There is a company of that name already."))
    made = company(session, values.get("name", ""))
    if made is None:
        raise BadInput(_("A company needs a name."), field="name")
    return change(session, made, values)


def change(session: Session, kept: Company, values: Mapping[str, str]) -> Company:
    """Keep what a form says. Raises BadInput naming the field, Conflict for a name that is taken."""
    key = fold(values.get("name", ""))
    if not key:
        raise BadInput(_("A company needs a name."), field="name")
    other = session.scalar(sa.select(Company.id).where(Company.key == key, Company.id != kept.id))
    if other:
        raise Conflict(_("There is a company of that name already."))
    kept.name, kept.key = tidy(values.get("name", "")), key
    kept.website = _website(values.get("website", ""))
    kept.industry = tidy(values.get("industry", ""), 100)
    kept.country = tidy(values.get("country", ""), 2).upper()
    kept.note = tidy_lines(values.get("note", ""))
    session.flush()
    return kept


def _website(given: str) -> str:
    address = tidy(given, 300)
    if address and "://" not in address:
        address = f"https://{address}"
    if address and not address.lower().startswith(("http://", "https://")):
        raise BadInput(_("An address of a website begins with https://."), field="website")
    return address


def remove(session: Session, kept: Company) -> None:
    """Delete the company; its people stay, without one."""
    session.delete(kept)
    session.flush()


def find(
    session: Session, q: str = "", after: tuple[str, int] | None = None, limit: int = 51
) -> Sequence[Any]:
    """Companies by name, from beyond `after` on, each with how many contacts it has (counted to 1,000)."""
    key = plain(q) if q.isascii() else fold(q)
    found = sa.select(Company, _people()).order_by(Company.key, Company.id).limit(limit)
    if key:
        found = found.where(Company.key >= key, Company.key < key + _HIGHEST)
    if after:
        found = found.where(sa.tuple_(Company.key, Company.id) > sa.tuple_(*after))
    return session.execute(found).all()


def _people() -> sa.ScalarSelect[Any]:
    some = sa.select(Contact.id).where(Contact.company_id == Company.id).correlate(Company).limit(1000)
    return sa.select(sa.func.count()).select_from(some.subquery()).scalar_subquery()
