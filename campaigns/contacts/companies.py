"""Companies: found by name, made once, changed, and their people."""

from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from campaigns.bulk import insert_many
from campaigns.contacts import field_forms, fields
from campaigns.contacts.field_models import About
from campaigns.contacts.mistakes import Mistakes
from campaigns.contacts.models import Company, Contact
from campaigns.contacts.names import KEY_LENGTH, fold, plain, tidy, tidy_lines
from campaigns.database import now
from campaigns.errors import BadInput, Conflict, NotFound
from campaigns.words import _

_HIGHEST = "\U0010ffff"
_MOST_ABOVE = 20
_LONGEST_HEADCOUNT = 8  # digits


def company(session: Session, name: str) -> Company | None:
    """The company of that name, made when there is none yet; None for no name."""
    shown = tidy(name)
    key = fold(name)
    if not key:
        return None
    empty = {"website": "", "industry": "", "country": "", "note": "", "fields": {}, "created_at": now()}
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
    """Keep what a form says; fields it does not ask for stay. Raises Mistakes, Conflict for a taken name."""
    key = fold(values.get("name", ""))
    other = key and session.scalar(sa.select(Company.id).where(Company.key == key, Company.id != kept.id))
    if other:
        raise Conflict(_("There is a company of that name already."))
    found, mistakes = _read(session, kept, values)
    own, wrong = field_forms.read(
        values, fields.known(session, About.COMPANY), found.get("country", ""), kept.fields
    )
    if mistakes or wrong:
        raise Mistakes(mistakes | wrong)
    kept.key = key
    for name, value in found.items():
        setattr(kept, name, value)
    session.flush()
    fields.keep(session, kept, own)
    return kept


def _read(
    session: Session, kept: Company, values: Mapping[str, str]
) -> tuple[dict[str, Any], dict[str, str]]:
    """The columns that a form fills, and what is wrong at which input."""
    found: dict[str, Any] = {"note": tidy_lines(values.get("note", ""))}
    for name, length in _SHORT.items():
        if name in values or name in _ALWAYS:
            found[name] = tidy(values.get(name, ""), length)
    found["country"] = found["country"].upper()
    mistakes: dict[str, str] = {}
    if not fold(found["name"]):
        mistakes["name"] = _("A company needs a name.")
    for name, read in (("website", _website), ("headcount", _headcount)):
        if name in values:
            try:
                found[name] = read(values[name])
            except BadInput as error:
                mistakes[name] = error.message
    if "parent" in values:
        try:
            found["parent_id"] = _parent(session, kept, values["parent"])
        except BadInput as error:
            mistakes["parent"] = error.message
    return found, mistakes


_SHORT = {"name": KEY_LENGTH, "industry": 100, "country": 2, "legal_form": 60}
_ALWAYS = ("name", "industry", "country")


def _website(given: str) -> str:
    address = tidy(given, 300)
    if address and "://" not in address:
        address = f"https://{address}"
    if address and not address.lower().startswith(("http://", "https://")):
        raise BadInput(_("An address of a website begins with https://."), field="website")
    return address


def _headcount(given: str) -> int | None:
    """How many people work there."""
    digits = "".join(given.split())
    if not digits:
        return None
    if not (digits.isascii() and digits.isdigit() and len(digits) <= _LONGEST_HEADCOUNT):
        raise BadInput(_("Write how many people work there as a number, such as 250."), field="headcount")
    return int(digits)


def _parent(session: Session, kept: Company, name: str) -> int | None:
    """The company it belongs to, made when there is none of that name yet; raises BadInput for a circle."""
    if not fold(name):
        return None
    parent = company(session, name)
    assert parent is not None  # it has a name
    above = [parent, *owners(session, parent)]
    if kept.id in {one.id for one in above}:
        raise BadInput(
            _("“%(name)s” belongs to this company itself. Change that first.", name=parent.name),
            field="parent",
        )
    if len(above) > _MOST_ABOVE:
        raise BadInput(
            _("More than %(most)s companies one above the other.", most=_MOST_ABOVE), field="parent"
        )
    return parent.id


def owners(session: Session, kept: Company) -> list[Company]:
    """The companies above: the one it belongs to, the one that one belongs to, and so on."""
    found: list[Company] = []
    at: Company | None = kept
    while at is not None and at.parent_id and len(found) <= _MOST_ABOVE:
        at = session.get(Company, at.parent_id)
        if at is not None:
            found.append(at)
    return found


def daughters(session: Session, kept: Company, limit: int = 50) -> Sequence[Company]:
    """The companies that belong to it, by name."""
    mine = sa.select(Company).where(Company.parent_id == kept.id)
    return session.scalars(mine.order_by(Company.key).limit(limit)).all()


def remove(session: Session, kept: Company) -> None:
    """Delete the company; its people stay, without one, and so do companies that belonged to it."""
    session.execute(sa.update(Company).where(Company.parent_id == kept.id).values(parent_id=None))
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
