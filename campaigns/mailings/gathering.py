"""Merge values of many contacts at once: plain rows, and only what one letter says."""

from collections.abc import Iterable, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from campaigns import bulk
from campaigns.contacts.models import Company, Contact
from campaigns.mailings import merging
from campaigns.mailings.merging import Values

_CONTACT = sa.inspect(Contact).local_table.c
_COMPANY = sa.inspect(Company).local_table.c
_ALWAYS = ("first_name", "last_name", "language")  # the name in the header; how days and prices are written


class Gatherer:
    """Looks up what a letter with these merge fields says of its contacts."""

    def __init__(self, names: Iterable[str]) -> None:
        parts = [name.split(".") for name in names]
        self._everything = ["contact"] in parts
        wanted = {part[1] for part in parts if part[0] == "contact" and len(part) > 1}
        self._columns = (*_ALWAYS, *(name for name in merging.PLAIN if name in wanted - {*_ALWAYS}))
        columns = [_CONTACT[name] for name in self._columns]
        source: sa.FromClause = _CONTACT.id.table
        if "company" in wanted:
            self._columns += ("company",)
            columns.append(_COMPANY.name)
            source = source.outerjoin(_COMPANY.id.table, _COMPANY.id == _CONTACT.company_id)
        if "fields" in wanted:
            self._columns += ("fields",)
            columns.append(_CONTACT.fields)
        self._spelt = any(
            part[1] == "fields" and merging.field_key(part[2]) != part[2] for part in parts if len(part) > 2
        )
        self._names: dict[str, str] | None = None
        self._labels = wanted & {"categories", "tags"}
        self._query = sa.select(_CONTACT.id, *columns).select_from(source)

    def gather(self, session: Session, ids: Sequence[int]) -> dict[int, Values]:
        """The merge values of these contacts, by id; who is no longer there is not among them."""
        if self._everything or not ids:
            return merging.of_contacts(session, ids) if ids else {}
        rows = session.execute(self._query.where(bulk.among(session, _CONTACT.id, ids)))
        names = self._columns
        called = self._called(session)
        found = {row[0]: _values(names, row[1:], called) for row in rows}
        for key in sorted(self._labels):
            merging.add_labels(session, found, key)
        return found

    def _called(self, session: Session) -> dict[str, str]:
        """What fields are called by, where the letter names one so; looked up once."""
        if self._names is None:
            self._names = merging.field_names(session) if self._spelt else {}
        return self._names


def _values(names: tuple[str, ...], row: Any, called: dict[str, str]) -> Values:
    contact = dict(zip(names, row, strict=True))
    contact["name"] = f"{contact['first_name']} {contact['last_name']}".strip()
    if "company" in contact:
        contact["company"] = contact["company"] or ""
    if "fields" in contact:
        contact["fields"] = merging.named(contact["fields"], called)
    return contact
