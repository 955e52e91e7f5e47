"""What is known of the people that some rows speak of, before and while the rows change it."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from campaigns.bulk import among
from campaigns.consent import suppression
from campaigns.consent.ledger import Said
from campaigns.consent.models import Consent, SuppressionReason
from campaigns.consent.standing import Standing
from campaigns.contacts import identity
from campaigns.contacts.models import Category, Company, Contact, Tag, contact_category, contact_tag
from campaigns.imports.mapping import Incoming

_contacts: Any = Contact.__table__
PLAIN = (
    "first_name", "last_name", "phone", "position", "language", "timezone", "country", "city", "birthday",
)  # fmt: skip
# All that a row may change; the keys follow from the names, the company stands by its key.
COLUMNS = (*PLAIN, "birth_year", "note", "fields", "name_key", "first_key")
_REST = (
    "id", "email", "address_hash", "import_id", "company_id", "created_at", "updated_at", "origins",
    "restricted_at",
)  # fmt: skip
LINKS: dict[str, tuple[Any, sa.Table, str]] = {
    "category": (Category, contact_category, "category_id"),
    "tag": (Tag, contact_tag, "tag_id"),
}


@dataclass(slots=True)
class Person:
    """One person, as the rows so far leave them; number 0: not stored yet."""

    number: int = 0
    values: dict[str, Any] = field(default_factory=dict)
    company: str = ""  # its key
    company_id: int | None = None  # as it is kept
    labels: set[tuple[str, str]] = field(default_factory=set)  # kind and key
    standings: dict[str, Standing] = field(default_factory=dict)
    hash: str = ""  # of the address that is kept
    listed: str = ""  # why the address is never mailed
    restricted: bool = False  # kept, and not to be used or changed
    ours: bool = False  # made by this import
    seen: bool = False  # this file has spoken of them
    touched: tuple[datetime, datetime] | None = None  # made at, changed at
    origins: dict[str, Any] = field(default_factory=dict)
    # What is to be written of them:
    row: Incoming | None = None  # the first of those rows
    before: dict[str, Any] | None = None  # the columns as they were, when some have changed
    origins_before: dict[str, Any] = field(default_factory=dict)
    company_name: str = ""  # when it is another than before
    added: list[tuple[str, str, str]] = field(default_factory=list)  # labels: kind, key, name
    said: list[Said] = field(default_factory=list)
    list_as: SuppressionReason | None = None

    @property
    def changed(self) -> bool:
        """Whether the contact itself is another than before, its consent apart."""
        return self.before is not None or bool(self.added)


def changed_names(person: Person) -> list[str]:
    """The data that are others than before: columns, `company`, `fields.<key>`."""
    before, after = person.before or {}, person.values
    names = [name for name in (*PLAIN, "birth_year", "note") if before[name] != after[name]]
    was, became = before["fields"], after["fields"]
    names += [
        f"fields.{key}" for key in sorted(was.keys() | became.keys()) if was.get(key) != became.get(key)
    ]
    return [*names, "company"] if person.company_name else names


def known(session: Session, rows: Sequence[Incoming], import_id: int) -> dict[str, Person]:
    """Whoever of these is there, by address; and whoever is not but is on the list."""
    emails = list({row.address.email for row in rows})
    found = _there(session, emails, import_id)
    for email, contact in identity.owners(session, [one for one in emails if one not in found]).items():
        if contact.email not in found:  # somebody's further address
            found |= _there(session, [contact.email], import_id)
        found[email] = found[contact.email]
    if found:
        by_number = {person.number: person for person in found.values()}
        _label(session, by_number)
        _stand(session, by_number)
    hashes = {row.hash: row.address.email for row in rows}
    for value, reason in suppression.suppressed(session, list(hashes)).items():
        found.setdefault(hashes[value], Person()).listed = reason
    return found


def _there(session: Session, emails: Sequence[str], import_id: int) -> dict[str, Person]:
    columns = [_contacts.c[name] for name in COLUMNS]
    rest = [_contacts.c[name] for name in _REST]
    asked = sa.select(*rest, Company.key.label("company_key"), *columns).select_from(
        _contacts.outerjoin(Company.__table__, Company.id == _contacts.c.company_id)
    )
    found = {}
    for row in session.execute(asked.where(among(session, _contacts.c.email, emails))):
        found[row.email] = Person(
            number=row.id,
            values=dict(zip(COLUMNS, row[len(rest) + 1 :], strict=True)),
            company=row.company_key or "",
            company_id=row.company_id,
            hash=row.address_hash,
            ours=row.import_id == import_id,
            touched=(row.created_at, row.updated_at),
            origins=row.origins,
            restricted=row.restricted_at is not None,
        )
    return found


def _label(session: Session, people: dict[int, Person]) -> None:
    for kind, (model, table, column) in LINKS.items():
        worn = sa.select(table.c.contact_id, model.key).join(model, model.id == table.c[column])
        for number, key in session.execute(worn.where(among(session, table.c.contact_id, list(people)))):
            people[number].labels.add((kind, key))


def _stand(session: Session, people: dict[int, Person]) -> None:
    kept = (
        Consent.contact_id,
        Consent.purpose,
        Consent.state,
        Consent.basis,
        Consent.at,
        Consent.event_id,
    )
    for row in session.execute(sa.select(*kept).where(among(session, Consent.contact_id, list(people)))):
        people[row[0]].standings[row[1]] = Standing(*row[2:])
