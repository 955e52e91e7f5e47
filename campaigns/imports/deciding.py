"""What a row of a file does to a person: decided here, for the import and for the look ahead alike.

Nothing is asked of the database and nothing written. A contact keeps what it has wherever a row is
empty. Of several rows with one address in one file the first counts and later ones only fill gaps, so
that the same file brought again changes nothing.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from campaigns.consent.models import SuppressionReason
from campaigns.consent.standing import NO
from campaigns.imports import consents, merging
from campaigns.imports.labelling import key
from campaigns.imports.mapping import Incoming, Refused, Will
from campaigns.imports.people import Person
from campaigns.imports.plan import Plan
from campaigns.imports.refusals import Refusal, Remark

_LEFT = {Will.UNSUBSCRIBED: SuppressionReason.UNSUBSCRIBED, Will.BOUNCED: SuppressionReason.BOUNCED}


class Result(StrEnum):
    """What became of a row."""

    CREATED = "created"
    UPDATED = "updated"
    UNCHANGED = "unchanged"
    REFUSED = "refused"


@dataclass(slots=True)
class Decision:
    """One row that was taken, and what it did to its person."""

    row: Incoming
    person: Person
    result: Result
    changes: dict[str, tuple[Any, Any]] = field(default_factory=dict)  # column → before, after
    labels: list[tuple[str, str, str]] = field(default_factory=list)  # kind, key and name of the new ones
    moves: list[str] = field(default_factory=list)  # what consent it changed: purpose and act
    said_no: bool = False  # agrees in the file, and has said no here


def decide(
    plan: Plan, rows: Iterable[Incoming | Refused], people: dict[str, Person]
) -> tuple[list[Decision], list[Refused]]:
    """What each row does; `people` by address know what is there, and learn what the rows say."""
    taken: list[Decision] = []
    refused: list[Refused] = []
    for row in rows:
        if isinstance(row, Refused):
            refused.append(row)
            continue
        person = people.get(row.address.email)
        if person is None:
            person = people[row.address.email] = Person()
        if person.listed and not (row.will in _LEFT and person.values):
            # Of whoever was erased nothing goes back into a file either.
            cells = [] if person.listed == SuppressionReason.ERASED else row.cells
            refused.append(Refused(row.line, cells, Refusal(person.listed)))
            continue
        if person.restricted and row.will not in _LEFT:
            refused.append(Refused(row.line, row.cells, Refusal.RESTRICTED))
            continue
        taken.append(_taken(plan, row, person))
    return taken, refused


def _taken(plan: Plan, row: Incoming, person: Person) -> Decision:
    decision = Decision(row, person, Result.UNCHANGED)
    if person.listed:  # the file says of them what is known
        person.seen = True
        return decision
    new = not person.values
    if person.row is None:
        person.row = row
    if new:
        person.values = merging.new_values(row)
        person.company, person.company_name = row.company_key, row.company
    elif not person.restricted:
        decision.changes = merging.merge(person, row, only_gaps=person.seen or person.ours)
    if not person.restricted:  # of whom nothing is used, only a no is heard
        _label(plan, row, person, decision)
    _hear(plan, row, person, decision)
    if new:
        decision.result = Result.CREATED
    elif decision.changes or decision.labels or decision.moves:
        decision.result = Result.UPDATED
    person.seen = True
    return decision


def _label(plan: Plan, row: Incoming, person: Person, decision: Decision) -> None:
    for kind, names in (("category", (*plan.categories, *row.categories)), ("tag", (*plan.tags, *row.tags))):
        for name in names:
            label = (kind, key(name))
            if label not in person.labels and label[1]:
                person.labels.add(label)
                decision.labels.append((*label, name))
    person.added += decision.labels


def _hear(plan: Plan, row: Incoming, person: Person, decision: Decision) -> None:
    """What moves them in the ledger, and whether they go on the list of those who are never mailed."""
    mail = person.standings.get("mail")
    decision.said_no = row.will == Will.AGREES and mail is not None and mail.state in NO
    for said, standing in consents.entries(plan, row, person.standings):
        person.said.append(said)
        person.standings[said.purpose] = standing
        decision.moves.append(f"{said.purpose}:{said.act}")
    if row.will in _LEFT:
        person.list_as = _LEFT[row.will]
        person.listed = person.list_as.value
        decision.moves.append(f"list:{person.listed}")


def remarks(decision: Decision) -> list[Remark]:
    """What was left out of the row, or is to be said of it."""
    return [*decision.row.remarks, Remark.SAID_NO] if decision.said_no else list(decision.row.remarks)
