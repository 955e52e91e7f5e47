"""Walks whom a file is of: numbers in their order, some thousands at a time, from where it stopped."""

from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs

import sqlalchemy as sa
from sqlalchemy.orm import Session

from campaigns.accounts.models import User
from campaigns.consent import gate
from campaigns.contacts import choosing, conditions, filters, finding, listing, visibility
from campaigns.contacts.models import Company, Contact
from campaigns.contacts.names import fold, plain
from campaigns.contacts.restoring import plain as as_json
from campaigns.exports.models import Export, Subject

_HIGHEST = "\U0010ffff"


@dataclass(frozen=True)
class Place:
    """A number, and from where reading goes on after it."""

    number: int
    after: dict[str, Any]


def further(session: Session, export: Export, user: User | None, limit: int) -> list[Place]:
    """The next ones from beyond `export.after` on."""
    if export.subject == Subject.COMPANIES:
        return _companies(session, export, limit)
    if "filters" in export.chosen and not _purpose(export):
        return _sorted(session, export, user, limit)
    chosen = contacts(session, export, user).where(Contact.id > export.after.get("id", 0))
    found = session.scalars(chosen.order_by(Contact.id).limit(limit))
    return [Place(number, {"id": number}) for number in found]


def contacts(session: Session, export: Export, user: User | None) -> sa.Select[Any]:
    """The numbers of those whom a file of contacts is of, in no order."""
    chosen = choosing.numbers(session, export.chosen, user).where(conditions.usable())
    purpose = _purpose(export)
    return chosen.where(gate.refusal(purpose).is_(None)) if purpose else chosen


def _purpose(export: Export) -> str:
    """Only those whom the gate lets through for this; empty: all."""
    return str(export.options.get("purpose") or "")


def _sorted(session: Session, export: Export, user: User | None, limit: int) -> list[Place]:
    """As the list stood: filtered and sorted."""
    given = parse_qs(str(export.chosen["filters"]))
    sort = listing.sort_of(given.get("sort", [""])[-1])
    visible = visibility.limits(user) if user else None
    found = finding.numbers(session, filters.read(given), visible, sort, export.after.get("key"), limit)
    return [Place(number, {"key": [as_json(value), number]}) for number, value in found]


def companies(export: Export) -> sa.Select[Any]:
    """The numbers of the companies that a file is of."""
    q = str(export.chosen.get("companies") or "")
    key = plain(q) if q.isascii() else fold(q)
    return (
        sa.select(Company.id).where(Company.key >= key, Company.key < key + _HIGHEST)
        if key
        else sa.select(Company.id)
    )


def _companies(session: Session, export: Export, limit: int) -> list[Place]:
    found = companies(export).add_columns(Company.key).order_by(Company.key, Company.id).limit(limit)
    if after := export.after.get("key"):
        found = found.where(sa.tuple_(Company.key, Company.id) > sa.tuple_(*after))
    return [Place(number, {"key": [key, number]}) for number, key in session.execute(found)]


def count(session: Session, export: Export, user: User | None) -> int:
    """How many rows there will be, as far as is known now."""
    if export.subject == Subject.COMPANIES:
        asked = companies(export)
    else:
        asked = contacts(session, export, user)
    return session.scalar(sa.select(sa.func.count()).select_from(asked.subquery())) or 0
