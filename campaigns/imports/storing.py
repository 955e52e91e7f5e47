"""Stores what rows say, many at a time: new contacts, changed ones, their labels and consents.

A contact keeps what it has wherever a row is empty. Of several rows with one address in one file
the first counts and later ones only fill gaps, so that the same file brought again changes nothing.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from campaigns.bulk import insert_many
from campaigns.consent import ledger, suppression
from campaigns.consent.ledger import Said
from campaigns.consent.models import Consent, SuppressionReason
from campaigns.consent.standing import NO, Standing
from campaigns.contacts.models import Category, Company, Contact, Tag, contact_category, contact_tag
from campaigns.database import now
from campaigns.imports import consents, labelling, merging
from campaigns.imports.mapping import Incoming, Refused, Will
from campaigns.imports.plan import Plan
from campaigns.imports.refusals import Refusal, Remark

_contacts: Any = Contact.__table__
_LINKS = ((contact_category, "category_id"), (contact_tag, "tag_id"))


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

    created: int = 0
    updated: int = 0
    unchanged: int = 0
    refused: list[Refused] = field(default_factory=list)
    remarks: list[tuple[Remark, int]] = field(default_factory=list)  # and the line


@dataclass
class _Round:
    """Rows with different addresses, and what is known of their contacts."""

    rows: list[Incoming]
    known: dict[str, Any]  # address → row of the contact as it was before
    ids: dict[str, int] = field(default_factory=dict)
    changed: set[int] = field(default_factory=set)


def store(session: Session, plan: Plan, batch: Sequence[Incoming | Refused], seen: Seen) -> Outcome:
    """Store a batch inside the caller's transaction; says what was done with each row."""
    outcome = Outcome(refused=[row for row in batch if isinstance(row, Refused)])
    for rows in _distinct(row for row in batch if isinstance(row, Incoming)):
        _store_round(session, plan, rows, seen, outcome)
    outcome.refused.sort(key=lambda row: row.line)
    return outcome


def mark_seen(session: Session, batch: Sequence[Incoming | Refused], seen: Seen) -> None:
    """Remember the contacts of rows that were stored before an interruption."""
    emails = [row.address.email for row in batch if isinstance(row, Incoming)]
    for contact_id in session.scalars(sa.select(Contact.id).where(Contact.email.in_(emails))):
        seen.add(contact_id)


def _distinct(rows: Iterable[Incoming]) -> list[list[Incoming]]:
    """The rows in rounds, in each of which every address stands once."""
    rounds: list[list[Incoming]] = []
    times: Counter[str] = Counter()
    for row in rows:
        at = times[row.address.email]
        times[row.address.email] += 1
        if at == len(rounds):
            rounds.append([])
        rounds[at].append(row)
    return rounds


def _store_round(session: Session, plan: Plan, rows: list[Incoming], seen: Seen, outcome: Outcome) -> None:
    known = _known(session, [row.address.email for row in rows])
    this = _Round(_unsuppressed(session, rows, known, outcome), known)
    companies = labelling.ids(session, Company, (row.company for row in this.rows if row.company))
    created = _create(session, plan, this, companies)
    _update(session, this, companies, seen)
    _link(session, plan, this)
    _record(session, plan, this, outcome)
    outcome.created += len(created)
    changed = len(this.changed - created)
    outcome.updated += changed
    outcome.unchanged += len(this.rows) - len(created) - changed
    for row in this.rows:
        seen.add(this.ids[row.address.email])
        outcome.remarks += [(remark, row.line) for remark in row.remarks]


def _known(session: Session, emails: Sequence[str]) -> dict[str, Any]:
    columns = [_contacts.c.id, _contacts.c.email, *(_contacts.c[name] for name in merging.COLUMNS)]
    return {
        row.email: row for row in session.execute(sa.select(*columns).where(_contacts.c.email.in_(emails)))
    }


def _unsuppressed(
    session: Session, rows: list[Incoming], known: dict[str, Any], outcome: Outcome
) -> list[Incoming]:
    """The rows whose address may be kept; the others are refused, those that say the same are passed over."""
    hashes = {row.address.email: row.address.hash for row in rows}
    listed = suppression.suppressed(session, list(hashes.values()))
    kept = []
    for row in rows:
        reason = listed.get(hashes[row.address.email])
        if reason is None:
            kept.append(row)
        elif row.will in (Will.UNSUBSCRIBED, Will.BOUNCED) and row.address.email in known:
            outcome.unchanged += 1
        else:
            # Of whoever was erased nothing goes back into a file either.
            cells = [] if reason == SuppressionReason.ERASED else row.cells
            outcome.refused.append(Refused(row.line, cells, Refusal(reason)))
    return kept


def _create(session: Session, plan: Plan, this: _Round, companies: dict[str, int]) -> set[int]:
    """Insert those who are not there; whoever somebody else inserted meanwhile is known from then on."""
    new = {row.address.email: row for row in this.rows if row.address.email not in this.known}
    if not new:
        return set()
    moment = now()
    rows = [merging.new_contact(new[email], plan.source, companies, moment) for email in sorted(new)]
    insert_many(session, Contact, rows, conflict=["email"])
    there = sa.select(_contacts.c.id, _contacts.c.email, _contacts.c.created_at)
    ids = session.execute(there.where(_contacts.c.email.in_(list(new)))).all()
    made = {row.email: row.id for row in ids if row.created_at == moment}
    this.ids |= made
    missed = sorted(new.keys() - made.keys())
    if missed:
        this.known |= _known(session, missed)
    return set(made.values())


def _update(session: Session, this: _Round, companies: dict[str, int], seen: Seen) -> None:
    changes = []
    for row in this.rows:
        before = this.known.get(row.address.email)
        if before is None:
            continue
        this.ids[row.address.email] = before.id
        after = merging.merged(before, row, companies, only_gaps=before.id in seen)
        if after is not None:
            changes.append({"b_id": before.id} | after)
            this.changed.add(before.id)
    if changes:
        names = [name for name in changes[0] if name != "b_id"]
        statement = sa.update(_contacts).where(_contacts.c.id == sa.bindparam("b_id"))
        values: dict[str, Any] = {name: sa.bindparam(name) for name in names}
        # In one order everywhere, so that two imports wait for each other and never lock up.
        session.execute(statement.values(values), sorted(changes, key=lambda change: change["b_id"]))


def _link(session: Session, plan: Plan, this: _Round) -> None:
    """Add the categories and tags that each contact does not have yet."""
    for (table, column), model, common in zip(
        _LINKS, (Category, Tag), (plan.categories, plan.tags), strict=True
    ):
        own = "categories" if model is Category else "tags"
        names = [name for row in this.rows for name in getattr(row, own)]
        ids = labelling.ids(session, model, [*common, *names])  # type: ignore[arg-type]
        wanted = {
            (this.ids[row.address.email], ids[key])
            for row in this.rows
            for key in labelling.keys((*common, *getattr(row, own)))
        }
        there = _linked(session, table, column, {before.id for before in this.known.values()})
        missing = sorted(wanted - there)
        this.changed |= {contact_id for contact_id, _label in missing}
        rows = [{"contact_id": contact_id, column: label} for contact_id, label in missing]
        insert_many(session, table, rows, conflict=["contact_id", column])


def _linked(session: Session, table: sa.Table, column: str, contact_ids: set[int]) -> set[tuple[int, int]]:
    if not contact_ids:
        return set()
    rows = session.execute(
        sa.select(table.c.contact_id, table.c[column]).where(table.c.contact_id.in_(contact_ids))
    )
    return {(row[0], row[1]) for row in rows}


def _record(session: Session, plan: Plan, this: _Round, outcome: Outcome) -> None:
    """Write into the ledger what moves somebody, and put whoever left elsewhere on the list."""
    standings = _standings(session, {before.id for before in this.known.values()})
    said: list[Said] = []
    left: dict[SuppressionReason, list[str]] = {}
    for row in this.rows:
        contact_id = this.ids[row.address.email]
        before = standings.get(contact_id, {})
        new = consents.entries(plan, row, contact_id, before)
        said += new
        if new:
            this.changed.add(contact_id)
        if row.will == Will.AGREES and "mail" in before and before["mail"].state in NO:
            outcome.remarks.append((Remark.SAID_NO, row.line))
        if row.will in _LEFT:
            left.setdefault(_LEFT[row.will], []).append(row.address.hash)
            this.changed.add(contact_id)
    if said:
        ledger.record_many(session, said)
    for reason, hashes in left.items():
        suppression.suppress_many(session, sorted(hashes), reason, plan.entry_source)


_LEFT = {Will.UNSUBSCRIBED: SuppressionReason.UNSUBSCRIBED, Will.BOUNCED: SuppressionReason.BOUNCED}


def _standings(session: Session, contact_ids: set[int]) -> dict[int, dict[str, Standing]]:
    found: dict[int, dict[str, Standing]] = {}
    if contact_ids:
        kept = (
            Consent.contact_id,
            Consent.purpose,
            Consent.state,
            Consent.basis,
            Consent.at,
            Consent.event_id,
        )
        for row in session.execute(sa.select(*kept).where(Consent.contact_id.in_(contact_ids))):
            found.setdefault(row[0], {})[row[1]] = Standing(*row[2:])
    return found
