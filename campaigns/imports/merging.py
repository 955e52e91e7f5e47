"""One person's columns: as a new contact, or as what a row of a file changes in them."""

from functools import lru_cache
from typing import Any

from campaigns.contacts import names
from campaigns.imports.mapping import Incoming
from campaigns.imports.people import PLAIN, Person

_NEW: dict[str, Any] = dict.fromkeys(PLAIN, "") | {"birth_year": None, "note": ""}


def new_values(row: Incoming) -> dict[str, Any]:
    """The columns of somebody who is not there yet."""
    values = _NEW | row.values
    values["fields"] = row.fields
    values["name_key"], values["first_key"] = _keys(values, row.address.email)
    return values


def merge(person: Person, row: Incoming, only_gaps: bool) -> dict[str, tuple[Any, Any]]:
    """Take over what the row says; returns what it changes, as it was and as it is.

    With `only_gaps` what is there stays. A note is never overwritten: a new one stands below it.
    """
    before = person.values
    after = dict(before)
    for name, value in row.values.items():
        if name != "note" and value and not (only_gaps and after[name]):
            after[name] = value
    note = str(row.values.get("note", ""))
    if note and note not in after["note"]:
        after["note"] = f"{after['note']}\n{note}".strip()
    changes = {name: (before[name], after[name]) for name in row.values if before[name] != after[name]}
    if row.fields:
        changes |= _merge_fields(after, row, only_gaps)
    if row.company_key and row.company_key != person.company and not (only_gaps and person.company):
        changes["company"] = (person.company, row.company_key)
    if changes:
        if person.before is None:
            person.before = before
        if "company" in changes:
            person.company, person.company_name = row.company_key, row.company
        after["name_key"], after["first_key"] = _keys(after, row.address.email)
        person.values = after
    return changes


def _merge_fields(after: dict[str, Any], row: Incoming, only_gaps: bool) -> dict[str, tuple[Any, Any]]:
    known = after["fields"]
    after["fields"] = row.fields | known if only_gaps else known | row.fields
    return {
        f"fields.{key}": (known.get(key), after["fields"][key])
        for key in row.fields
        if known.get(key) != after["fields"][key]
    }


def _keys(values: dict[str, Any], email: str) -> tuple[str, str]:
    first, last = values["first_name"], values["last_name"]
    return _known_keys(first, last, "" if first or last else email)


@lru_cache(maxsize=50_000)
def _known_keys(first: str, last: str, email: str) -> tuple[str, str]:
    keys = names.keys(first, last, email)
    return keys["name_key"], keys["first_key"]
