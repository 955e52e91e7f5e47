"""The copy of all that is known of a person (GDPR Art. 15 and 20): as data, and packed for them to keep."""

import io
import json
import zipfile
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from campaigns import sheets
from campaigns.accounts import people
from campaigns.contacts import fields
from campaigns.contacts.models import Contact
from campaigns.database import now
from campaigns.rights import person as persons
from campaigns.rights import redacting
from campaigns.rights.person import Person
from campaigns.rights.registry import HELD, Held

FILENAME = "my-data"


def copy(session: Session, contact: Contact) -> dict[str, Any]:
    """Everything that is handed out, by table; third persons in notes are blackened (Art. 15(4))."""
    who = persons.of_contact(session, contact)
    ours = people.organisation(session)
    rows = {held.table.name: _rows(session, held, who) for held in HELD if held.title is not None}
    _name_fields(session, rows["contact"])
    said = {"of": contact.email, "from": ours.name if ours else "", "as_of": _plain(now())}
    return said | redacting.without_others(session, who, rows)


def _rows(session: Session, held: Held, who: Person) -> list[dict[str, Any]]:
    table = held.table
    columns: list[Any] = []
    joined: Any = table
    for name in held.shown:
        called = held.named.get(name)
        if called is None:
            columns.append(table.c[name])
            continue
        other = called.class_.__table__.alias()
        joined = sa.outerjoin(joined, other, other.c.id == table.c[name])
        columns.append(other.c[called.key].label(name.removesuffix("_id")))
    order = list(table.primary_key.columns)
    asked = sa.select(*columns).select_from(joined).where(held.theirs(who)).order_by(*order)
    return [{key: _plain(value) for key, value in row.items()} for row in session.execute(asked).mappings()]


def _plain(value: Any) -> Any:
    """As JSON has it; a moment in UTC."""
    if isinstance(value, datetime):
        return value.isoformat(timespec="seconds")
    return value.isoformat() if isinstance(value, date) else value


def _name_fields(session: Session, profiles: list[dict[str, Any]]) -> None:
    """Call the organisation's own fields as people know them."""
    known = fields.known(session, archived=True)
    for profile in profiles:
        own = profile["fields"] or {}
        profile["fields"] = {known[key].name if key in known else key: value for key, value in own.items()}


def packed(found: dict[str, Any]) -> bytes:
    """A ZIP with everything as JSON, and each table as CSV besides."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as pack:
        pack.writestr(f"{FILENAME}.json", json.dumps(found, ensure_ascii=False, indent=2))
        for name, rows in found.items():
            if isinstance(rows, list) and rows:
                heading = [sheets.safe(column) for column in rows[0]]
                cells = [[sheets.cell(_cell(value)) for value in row.values()] for row in rows]
                pack.writestr(f"{name}.csv", sheets.BOM + sheets.text([heading, *cells]))
    return file.getvalue()


def _cell(value: Any) -> Any:
    return json.dumps(value, ensure_ascii=False) if isinstance(value, dict | list) else value
