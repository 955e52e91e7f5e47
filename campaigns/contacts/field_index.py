"""The index of fields: rows by which audiences find who has which value, made of the JSON beside a contact.

`word` is what is looked up, `number` what is compared: see `word()` and `number()`.
"""

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from campaigns.bulk import among, insert_many
from campaigns.contacts.field_kinds import Value
from campaigns.contacts.field_models import (
    WORD_LENGTH,
    About,
    Field,
    FieldKind,
    company_value,
    contact_value,
)
from campaigns.contacts.models import Company, Contact
from campaigns.contacts.names import tidy

TABLES: dict[About, tuple[sa.Table, Any]] = {
    About.CONTACT: (contact_value, Contact),
    About.COMPANY: (company_value, Company),
}
_BEGINNING = 100
_SOME = 1000


def word(field: Field, value: Value) -> str:
    """What one value is looked up by.

    Text, link, choice: in small letters; of a long one the beginning and a hash, so that equal stays
    equal. Number and money: as kept. Date and day: MM-DD. Yes or no: `yes`, `no`. Phone: as kept.
    """
    if isinstance(value, bool):
        return "yes" if value else "no"
    text = str(value)
    match field.kind:
        case FieldKind.TEXT | FieldKind.LINK | FieldKind.CHOICE | FieldKind.CHOICES:
            return _short(folded(text))
        case FieldKind.DATE:
            return text[5:]
        case _:
            return text[:WORD_LENGTH]


def folded(text: str) -> str:
    """The text as it is compared: capital letters count as small ones, accents tell apart."""
    return " ".join(tidy(text, 2 * len(text)).casefold().split())


def _short(text: str) -> str:
    if len(text) <= WORD_LENGTH:
        return text
    digest = hashlib.blake2b(text.encode(), digest_size=8).hexdigest()
    return f"{text[:_BEGINNING]}…{digest}"


def number(field: Field, value: Value) -> float | None:
    """What one value is compared by: the number; a date's ordinal; a day's month × 100 + day; else None."""
    match field.kind:
        case FieldKind.NUMBER | FieldKind.MONEY:
            return float(str(value))
        case FieldKind.DATE:
            return float(date.fromisoformat(str(value)).toordinal())
        case FieldKind.DAY:
            return float(str(value).replace("-", ""))
        case _:
            return None


def rows(
    known: Mapping[str, Field], values: Mapping[int, Mapping[str, Any]], about: About = About.CONTACT
) -> list[dict[str, Any]]:
    """The index rows of contacts (or companies) whose clean values stand by key; others are passed over."""
    holder = f"{about}_id"
    return [
        {"field_id": known[key].id, "word": word_, holder: id_, "number": number_}
        for id_, kept in values.items()
        for key, value in kept.items()
        if key in known
        for word_, number_ in _entries(known[key], value)
    ]


def _entries(field: Field, value: Value) -> Iterator[tuple[str, float | None]]:
    if isinstance(value, list):
        yield from dict.fromkeys((word(field, one), None) for one in value)
        return
    try:
        yield word(field, value), number(field, value)
    except ValueError:  # what an import kept before this was a field, until adopting.py has come to it
        return


def fields_of(session: Session, about: About) -> dict[str, Field]:
    """All fields by key, the archived too: those come back as they went."""
    return {field.key: field for field in session.scalars(sa.select(Field).where(Field.about == about))}


def put(
    session: Session,
    values: Mapping[int, Mapping[str, Any]],
    about: About = About.CONTACT,
    *,
    fresh: bool = False,
) -> None:
    """Make the index say what the JSON of these contacts says now; `values` are whole `fields` columns.

    `fresh`: they were not there before. Keep to some thousands a call.
    """
    known = fields_of(session, about)
    if not known or not values:
        return
    table, _holder = TABLES[about]
    if not fresh:
        session.execute(sa.delete(table).where(among(session, table.c[f"{about}_id"], list(values))))
    insert_many(session, table, rows(known, values, about))


def refresh(session: Session, ids: Sequence[int], about: About = About.CONTACT) -> None:
    """Make the index of these contacts anew from what stands beside them."""
    _table, holder = TABLES[about]
    session.flush()
    for start in range(0, len(ids), _SOME):
        some = ids[start : start + _SOME]
        found = session.execute(sa.select(holder.id, holder.fields).where(among(session, holder.id, some)))
        put(session, {row.id: row.fields for row in found}, about)


def differing(session: Session, about: About = About.CONTACT) -> Iterator[int]:
    """The numbers of all whose index says something else than their JSON, a thousand looked at at a time."""
    known, (table, holder) = fields_of(session, about), TABLES[about]
    after = 0
    while True:
        query = sa.select(holder.id, holder.fields).where(holder.id > after).order_by(holder.id).limit(_SOME)
        some = {row.id: row.fields for row in session.execute(query)}
        if not some:
            return
        first, after = after, max(some)
        column = table.c[f"{about}_id"]
        there = session.execute(sa.select(table).where(column > first, column <= after))
        yield from _unlike(
            _tuples(rows(known, some, about)), _tuples(dict(row._mapping) for row in there), about
        )


def _tuples(found: Iterable[Mapping[str, Any]]) -> set[tuple[Any, ...]]:
    return {tuple(sorted(row.items())) for row in found}


def _unlike(wanted: set[tuple[Any, ...]], there: set[tuple[Any, ...]], about: About) -> list[int]:
    return sorted({dict(row)[f"{about}_id"] for row in wanted ^ there})
