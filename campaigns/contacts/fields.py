"""Fields that a firm adds: known by key, their values cleaned, written to JSON and index together."""

from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from campaigns.bulk import insert_many
from campaigns.contacts import field_index, field_kinds
from campaigns.contacts.field_index import number, put, refresh, rows, word
from campaigns.contacts.field_kinds import Raw, Reading, Value
from campaigns.contacts.field_models import About, Field
from campaigns.contacts.models import Company, Contact
from campaigns.contacts.names import fold
from campaigns.errors import BadInput, NotFound
from campaigns.words import _

__all__ = [
    "About", "Field", "Value", "clean", "known", "named", "number", "one", "put", "refresh", "rows", "word",
    "write",
]  # fmt: skip


def known(session: Session, about: About = About.CONTACT, *, archived: bool = False) -> dict[str, Field]:
    """The fields by key, in the order in which they are shown; without the archived unless asked for."""
    found = sa.select(Field).where(Field.about == about).order_by(Field.position, Field.id)
    if not archived:
        found = found.where(Field.archived_at.is_(None))
    return {field.key: field for field in session.scalars(found)}


def one(session: Session, field_id: int) -> Field:
    """The field of that number; raises NotFound."""
    found = session.get(Field, field_id)
    if found is None:
        raise NotFound(_("There is no such field."))
    return found


def named(session: Session, name: str, about: About = About.CONTACT) -> Field | None:
    """The field of that key or that name, whatever its capitals; archived ones are not found."""
    by_key = known(session, about)
    if name in by_key:
        return by_key[name]
    return next((field for field in by_key.values() if fold(field.name) == fold(name)), None)


def clean(
    field: Field, raw: Raw, *, language: str = "", region: str = "", day_first: bool | None = None
) -> Value | None:
    """The value in the one form in which it is kept; None for nothing.

    `language`: in which numbers and days are spelt (the page's when empty); `region`: the country of
    local phone numbers; `day_first`: what 03/04/2026 means. Raises BadInput naming field and remedy.
    """
    return field_kinds.clean(field, raw, Reading(language, region, day_first))


def write(
    session: Session,
    holder: Contact | Company,
    raws: Mapping[str, Raw],
    *,
    language: str = "",
    region: str = "",
    day_first: bool | None = None,
) -> set[str]:
    """Keep these values of one contact or company, by key; nothing takes the value away.

    Returns the keys whose value changed. Raises BadInput for a value that does not fit and for a field
    that is not there or archived.
    """
    about = About.CONTACT if isinstance(holder, Contact) else About.COMPANY
    by_key = known(session, about)
    values: dict[str, Any] = {}
    for key, raw in raws.items():
        if key not in by_key:
            raise BadInput(_("There is no field “%(key)s”.", key=key[:60]), field=f"fields.{key}")
        values[key] = clean(by_key[key], raw, language=language, region=region, day_first=day_first)
    return keep(session, holder, values)


def keep(session: Session, holder: Contact | Company, values: Mapping[str, Value | None]) -> set[str]:
    """`write` for values that are clean; None takes one away."""
    before = holder.fields or {}
    changed = {key for key, value in values.items() if before.get(key) != value}
    if not changed:
        return changed
    holder.fields = {
        key: value for key, value in (before | dict(values)).items() if value is not None or key not in values
    }
    session.flush()  # the row first: whoever else writes it waits here
    about = About.CONTACT if isinstance(holder, Contact) else About.COMPANY
    table, _holder = field_index.TABLES[about]
    by_key = field_index.fields_of(session, about)
    ids = [by_key[key].id for key in changed if key in by_key]
    mine = table.c[f"{about}_id"] == holder.id
    session.execute(sa.delete(table).where(mine, table.c.field_id.in_(ids)))
    kept = {key: holder.fields[key] for key in changed if key in holder.fields}
    insert_many(session, table, rows(by_key, {holder.id: kept}, about))
    return changed
