"""One contact's columns: as a new row, or as what a row of a file changes in them."""

from datetime import datetime
from typing import Any

from campaigns.contacts import names
from campaigns.database import now
from campaigns.imports.labelling import key
from campaigns.imports.mapping import Incoming

_PLAIN = (
    "first_name", "last_name", "phone", "position", "language", "timezone", "country", "city", "birthday",
)  # fmt: skip
# All that a row may change; the keys follow from the names.
COLUMNS = (*_PLAIN, "birth_year", "note", "fields", "company_id", "name_key", "first_key")


def new_contact(row: Incoming, source: str, companies: dict[str, int], moment: datetime) -> dict[str, Any]:
    """The columns of a contact that is not there yet."""
    values = {name: str(row.values.get(name, "")) for name in _PLAIN}
    return (
        values
        | names.keys(values["first_name"], values["last_name"], row.address.email)
        | {
            "email": row.address.email,
            "address_hash": row.address.hash,
            "domain": row.address.domain,
            "birth_year": row.values.get("birth_year"),
            "note": row.values.get("note", ""),
            "fields": row.fields,
            "company_id": companies.get(key(row.company)) if row.company else None,
            "source": source,
            "last_contact_how": "",
            "created_at": moment,
            "updated_at": moment,
        }
    )


def merged(before: Any, row: Incoming, companies: dict[str, int], only_gaps: bool) -> dict[str, Any] | None:
    """The columns as the row leaves them, or None when it changes nothing.

    With `only_gaps` what is there stays. A note is never overwritten: a new one stands below it.
    """
    after = {name: getattr(before, name) for name in COLUMNS}
    _fill(after, {name: row.values[name] for name in _PLAIN if name in row.values}, only_gaps)
    if "birth_year" in row.values:
        _fill(after, {"birth_year": row.values["birth_year"]}, only_gaps)
    if row.company:
        _fill(after, {"company_id": companies[key(row.company)]}, only_gaps)
    note = str(row.values.get("note", ""))
    if note and note not in after["note"]:
        after["note"] = f"{after['note']}\n{note}".strip()
    after["fields"] = row.fields | after["fields"] if only_gaps else after["fields"] | row.fields
    if all(after[name] == getattr(before, name) for name in COLUMNS):
        return None
    return (
        after | names.keys(after["first_name"], after["last_name"], row.address.email) | {"updated_at": now()}
    )


def _fill(after: dict[str, Any], values: dict[str, Any], only_gaps: bool) -> None:
    for name, value in values.items():
        if value and not (only_gaps and after[name]):
            after[name] = value
