"""Stores what was decided of a batch of rows: new contacts, changed ones, their labels and consents."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from dataclasses import fields as fields_of
from operator import attrgetter
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from campaigns.bulk import insert_many, load, new_ids, update_many
from campaigns.consent import ledger, suppression
from campaigns.consent.ledger import Said
from campaigns.consent.models import SuppressionReason
from campaigns.contacts import fields, origins
from campaigns.contacts.models import Contact
from campaigns.database import now
from campaigns.imports import deciding, labelling, people, remembering
from campaigns.imports.deciding import Decision
from campaigns.imports.forwarding import forwarded
from campaigns.imports.mapping import Incoming, Refused
from campaigns.imports.people import LINKS, PLAIN, Person, changed_names
from campaigns.imports.plan import Plan

_PERSONAL = (*PLAIN, "birth_year", "note", "fields", "name_key", "first_key")
_NEW = (
    "id", "email", "address_hash", "domain", *_PERSONAL, "company_id", "source", "import_id",
    "last_contact_how", "created_at", "updated_at",
)  # fmt: skip


# 32 MB of SQLite's pages are kept in memory: a contact stands in a dozen indexes, far apart in each.
MORE_PAGES = sa.text("PRAGMA cache_size = -32768")
_BUT_WHO = attrgetter(*(field.name for field in fields_of(Said)[1:]))


class Seen:
    """Which contacts this file has spoken of already: one bit each, by id."""

    def __init__(self) -> None:
        self._bits = bytearray()

    def __contains__(self, number: int) -> bool:
        return number >> 3 < len(self._bits) and bool(self._bits[number >> 3] >> (number & 7) & 1)

    def add(self, number: int) -> None:
        """Remember this contact."""
        if (short := (number >> 3) + 1 - len(self._bits)) > 0:
            self._bits.extend(bytes(short + 4096))
        self._bits[number >> 3] |= 1 << (number & 7)


@dataclass
class Outcome:
    """What came of some rows."""

    taken: list[Decision] = field(default_factory=list)
    refused: list[Refused] = field(default_factory=list)


def store(session: Session, plan: Plan, batch: Sequence[Incoming | Refused], seen: Seen) -> Outcome:
    """Store a batch inside the caller's transaction; says what was done with each row.

    Raises IntegrityError when somebody else made one of these contacts at the same moment: to be done again.
    """
    batch = forwarded(session, batch)
    if session.get_bind().dialect.name == "sqlite":
        session.execute(MORE_PAGES)
    rows = [row for row in batch if isinstance(row, Incoming)]
    found = people.known(session, rows, plan.import_id)
    for person in found.values():
        person.seen = person.number in seen
    taken, refused = deciding.decide(plan, batch, found)
    refused.sort(key=lambda row: row.line)
    _write(session, plan, {email: person for email, person in found.items() if person.row is not None})
    for person in found.values():
        if person.seen:
            seen.add(person.number)
    return Outcome(taken, refused)


def mark_seen(session: Session, batch: Sequence[Incoming | Refused], seen: Seen) -> None:
    """Remember the contacts of rows that were stored before an interruption."""
    emails = [row.address.email for row in forwarded(session, batch) if isinstance(row, Incoming)]
    for contact_id in session.scalars(sa.select(Contact.id).where(Contact.email.in_(emails))):
        seen.add(contact_id)


def _write(session: Session, plan: Plan, found: dict[str, Person]) -> None:
    # In one order everywhere, so that two imports wait for each other and never lock up.
    new = [found[email] for email in sorted(found) if not found[email].number]
    by_number = {person.number: person for person in found.values() if person.number}
    known = [by_number[number] for number in sorted(by_number)]
    changed = [person for person in known if person.changed]
    named = {person.company_name for person in (*new, *changed) if person.company_name}
    companies = labelling.ids(session, plan.import_id, "company", sorted(named))
    _create(session, plan, new, companies)
    dates = _update(session, plan, changed, companies)
    labels = _label(session, plan, new, changed)
    if plan.typed:
        fields.put(session, {person.number: person.values["fields"] for person in new}, fresh=True)
        fields.put(session, {person.number: person.values["fields"] for person in changed})
    _record(session, plan, new, known)
    touched = [one for one in known if not one.ours and (one.changed or one.said or one.list_as)]
    if touched:
        remembering.keep(session, plan, touched, companies, labels, dates)


def _create(session: Session, plan: Plan, new: Sequence[Person], companies: dict[str, int]) -> None:
    moment = now()
    rows = []
    for person, number in zip(new, new_ids(session, Contact, len(new)) if new else (), strict=True):
        assert person.row is not None
        person.number = number
        values, address = person.values, person.row.address
        rows.append(
            [
                number, address.email, person.row.hash, address.domain, *[values[name] for name in _PERSONAL],
                companies.get(person.company), plan.source, plan.import_id, "", moment, moment,
            ]
        )  # fmt: skip
    load(session, Contact, _NEW, rows)


def _update(
    session: Session, plan: Plan, changed: Sequence[Person], companies: dict[str, int]
) -> dict[int, Any]:
    """Write what has changed; returns the moment at which each contact counts as changed.

    Whom this import made is as old as before, so that others' changes show.
    """
    moment = now()
    dates: dict[int, Any] = {}
    rows = []
    for person in changed:
        made, touched = person.touched or (moment, moment)
        dates[person.number] = touched if person.ours and made == touched else moment
        if person.before is None:
            rows.append({"id": person.number, "updated_at": dates[person.number]})
            continue
        row = {"id": person.number, "updated_at": dates[person.number]}
        row |= {name: person.values[name] for name in _PERSONAL}
        if person.company_name:
            row["company_id"] = companies[person.company]
        if not person.ours:
            person.origins_before = person.origins
            said = [name for name in changed_names(person) if name in origins.DATA or "." in name]
            person.origins = origins.added(person.origins, said, f"import:{plan.import_id}")
            row["origins"] = person.origins
        rows.append(row)
    for alike in _alike(rows):
        update_many(session, Contact, alike)
    return dates


def _alike(rows: Sequence[dict[str, Any]]) -> Iterator[list[dict[str, Any]]]:
    """The rows in groups that name the same columns."""
    groups: dict[tuple[str, ...], list[dict[str, Any]]] = {}
    for row in rows:
        groups.setdefault(tuple(row), []).append(row)
    yield from groups.values()


def _label(
    session: Session, plan: Plan, new: Sequence[Person], changed: Sequence[Person]
) -> dict[tuple[str, str], int]:
    """Put on the labels that they do not wear yet; returns the number of each label by kind and key."""
    numbers: dict[tuple[str, str], int] = {}
    for kind, (_model, table, column) in LINKS.items():
        names = {name for person in (*new, *changed) for of, _key, name in person.added if of == kind}
        ids = labelling.ids(session, plan.import_id, kind, sorted(names))
        numbers |= {(kind, key): number for key, number in ids.items()}
        columns = ("contact_id", column)
        load(session, table, columns, _links(kind, new, ids))
        some = [dict(zip(columns, link, strict=True)) for link in _links(kind, changed, ids)]
        insert_many(session, table, some, conflict=columns)
    return numbers


def _links(kind: str, some: Sequence[Person], ids: dict[str, int]) -> list[tuple[int, int]]:
    return [
        (person.number, number)
        for person in some
        for number in sorted(ids[key] for of, key, _name in person.added if of == kind)
    ]


def _record(session: Session, plan: Plan, new: Sequence[Person], known: Sequence[Person]) -> None:
    """Write into the ledger what moves somebody, and put whoever left elsewhere on the list."""
    ledger.record_first(session, list(_said(new)))
    ledger.record_many(session, _said(known))
    left: dict[SuppressionReason, list[str]] = {}
    for person in (*new, *known):
        if person.list_as and person.row:
            left.setdefault(person.list_as, []).extend({person.row.hash, person.hash or person.row.hash})
    for reason, hashes in left.items():
        suppression.suppress_many(session, sorted(hashes), reason, plan.entry_source)


def _said(some: Sequence[Person]) -> Iterator[Said]:
    for person in some:
        for said in person.said:
            yield Said(person.number, *_BUT_WHO(said))
