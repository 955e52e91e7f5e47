"""The evidence as of any date, held against a ledger of plain lists and the rules as documented."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from types import SimpleNamespace
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from campaigns.consent import ledger, proof, taking_back
from campaigns.consent.ledger import Said
from campaigns.consent.models import Act, AsOf, Basis, Purpose
from campaigns.consent.standing import Method, fold
from campaigns.consent.wordings import wording
from campaigns.contacts.models import Contact
from campaigns.database import now
from tests import factories

START = datetime(2026, 1, 1, tzinfo=UTC)
NOES = ("objected", "withdrawn", "declined")  # the strictest first
GROUNDS = ("consent", "existing_customer")  # the strongest first; all others are weaker
PROVEN = ("confirmation", "page", "one_click")  # roads that prove the person
PURPOSES = (*Purpose, "mail:news", "mail:offers")
ORIGINS = ("import:1", "import:11", "page", "user:3")


@dataclass
class Line:
    """One line of the model's ledger: as said, when it was written, and when it was crossed out."""

    purpose: str
    act: str
    basis: str
    method: str
    origin: str
    said: datetime
    words: str | None
    written: int = 0  # in which step
    crossed: int | None = None

    @property
    def own_yes(self) -> bool:
        """Whether it can loosen a no."""
        return self.act in ("granted", "confirmed") and self.basis == "consent" and self.method in PROVEN


class Model:
    """Where somebody stands, found by looking back through the lines instead of going along them."""

    def __init__(self, lines: list[Line]) -> None:
        self.lines = lines

    def loosening(self, end: int) -> int | None:
        """The last line before `end` by which the person took back all noes that stood then."""
        for place in range(end - 1, -1, -1):
            line = self.lines[place]
            if line.own_yes and (noes := self.noes(place)) and all(no.said <= line.said for no in noes):
                return place
        return None

    def noes(self, end: int) -> list[Line]:
        """The noes that stand before `end`: those since the last loosening."""
        last = self.loosening(end)
        return [line for line in self.lines[0 if last is None else last + 1 : end] if line.act in NOES]

    def stands(self) -> tuple[str, str, datetime] | None:
        """State, ground and since when."""
        noes = self.noes(len(self.lines))
        if noes:
            strictest = min(noes, key=lambda no: NOES.index(no.act))  # of equal ones the first
            return strictest.act, strictest.basis, max(no.said for no in noes)
        last = self.loosening(len(self.lines))
        rest = self.lines[last or 0 :]
        ends = [place for place, line in enumerate(rest) if line.act == "expired"]
        since = rest[ends[-1] + 1 :] if ends else rest
        waiting = [line for line in since if waits(line)]
        yeses = [line for line in since if not waits(line)]
        if yeses:
            best = self.best(yeses)
            return best.act, best.basis, best.said
        if waiting:
            return "unconfirmed", waiting[0].basis, waiting[0].said
        return ("expired", rest[ends[-1]].basis, rest[ends[-1]].said) if ends else None

    def best(self, yeses: list[Line]) -> Line:
        """Of several yeses the better evidence; the person's own word if it is not older."""
        *earlier, line = yeses
        if not earlier:
            return line
        standing = self.best(earlier)
        ranks = [GROUNDS.index(one.basis) if one.basis in GROUNDS else 2 for one in (line, standing)]
        newer_word = line.own_yes and line.said >= standing.said
        confirms = ranks[0] == ranks[1] and (standing.act, line.act) == ("granted", "confirmed")
        return line if newer_word or ranks[0] < ranks[1] or confirms else standing


def waits(line: Line) -> bool:
    """A sign-up by a form, until its link is clicked."""
    return (line.act, line.method) == ("granted", "double_opt_in")


def states_of(lines: list[Line]) -> dict[str, tuple[str, str, datetime]]:
    """Where these lines leave somebody on each purpose."""
    purposes = {line.purpose for line in lines}
    found = {
        purpose: Model([line for line in lines if line.purpose == purpose]).stands() for purpose in purposes
    }
    return {purpose: stands for purpose, stands in found.items() if stands is not None}


lines = st.builds(
    Line,
    st.sampled_from(PURPOSES),
    st.sampled_from([act.value for act in Act if act not in (Act.UNDONE, Act.NARROWED)]),
    st.sampled_from([basis.value for basis in Basis]),
    st.sampled_from([method.value for method in Method]),
    st.sampled_from(ORIGINS),
    st.integers(0, 12).map(lambda hours: START + timedelta(hours=hours)),
    st.sampled_from([None, "Yes, write me.", "Ja, schreibt mir."]),
)
# Histories of one purpose in few hours, by roads that matter, go deep: the rules meet each other there.
dense = st.builds(
    Line,
    st.just("mail"),
    st.sampled_from([act.value for act in Act if act not in (Act.UNDONE, Act.NARROWED)]),
    st.sampled_from(["consent", "consent", "existing_customer", "contract"]),
    st.sampled_from(["page", "confirmation", "double_opt_in", "import"]),
    st.sampled_from(ORIGINS),
    st.integers(0, 2).map(lambda hours: START + timedelta(hours=hours)),
    st.none(),
)
deep = st.lists(dense, min_size=1, max_size=6)
undoing = st.tuples(st.sampled_from(ORIGINS), st.sampled_from([tuple(Act), (Act.GRANTED, Act.CONFIRMED)]))
histories = st.lists(st.one_of(deep, st.lists(lines, min_size=1, max_size=6), undoing), max_size=6)


def write(session, contact_id, step) -> None:
    """One step into the ledger itself."""
    if isinstance(step, tuple):
        taking_back.take_back(session, [contact_id], step[0], None, acts=step[1])
        return
    ledger.record_many(
        session,
        [
            Said(
                contact_id, line.purpose, line.act, line.basis, f"{line.origin} x", line.method, line.said,
                wording(session, line.purpose, "en", line.words).id if line.words else None, evidence="noted",
            )
            for line in step
        ],
    )  # fmt: skip


def note(model: list[Line], number: int, step) -> None:
    """The same step into the model."""
    if isinstance(step, tuple):
        origin, acts = step
        for line in model:
            if line.origin == origin and line.act in acts and line.crossed is None:
                line.crossed = number
        return
    model += [Line(**(vars(line) | {"written": number})) for line in step]


def told(session, contact_id, at, by):
    """The pack: its states, and its entries in the order of recording, those that take back apart."""
    contact = session.get_one(Contact, contact_id)
    pack = proof.written(contact, ledger.evidence(session, contact_id, at, by), at, by)
    states = {
        purpose: (state["state"], state["basis"], datetime.fromisoformat(state["since"]))
        for purpose, state in pack["states"].items()
    }
    entries = [entry for entry in reversed(pack["entries"]) if entry["act"] != Act.UNDONE]
    undone = {entry["takes_back"] for entry in pack["entries"] if entry["act"] == Act.UNDONE}
    assert undone == {entry["number"] for entry in entries if entry["taken_back_at"]}
    return states, [
        (
            entry["purpose"], entry["act"], entry["basis"], entry["method"], entry["source"],
            datetime.fromisoformat(entry["said_at"]), entry["wording"] and entry["wording"]["text"],
            bool(entry["taken_back_at"]),
        )
        for entry in entries
    ]  # fmt: skip


def expected(shown: list[Line], counted: list[Line]):
    """The same of the model, where two lines may say the same."""
    there = {id(line) for line in counted}
    return states_of(counted), [
        (
            line.purpose, line.act, line.basis, line.method, f"{line.origin} x", line.said, line.words,
            id(line) not in there,
        )
        for line in shown
    ]  # fmt: skip


@settings(max_examples=3000)
@given(st.lists(dense, max_size=6))
def test_going_along_the_entries_and_looking_back_through_the_lines_come_to_the_same(said):
    entries = [
        SimpleNamespace(
            id=number, act=line.act, basis=line.basis, method=line.method, at=line.said, undoes=None
        )
        for number, line in enumerate(said)
    ]

    standing = fold(entries)

    assert (standing and (standing.state, standing.basis, standing.at)) == Model(said).stands()


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(histories)
def test_the_pack_of_any_date_is_what_a_plain_ledger_says(session, steps):
    contact_id = factories.make_contact(session, consented=False).id
    model: list[Line] = []
    moments = [now()]
    for number, step in enumerate(steps):
        write(session, contact_id, step)
        note(model, number, step)
        moments.append(now())
        kept = ledger.states(session, contact_id)
        assert {purpose: (s.state, s.basis, s.at) for purpose, s in kept.items()} == states_of(
            [line for line in model if line.crossed is None]
        )
    assert all(one < other for one, other in pairwise(moments))

    # What was written down by then: it is what was kept on that day.
    for number, at in enumerate(moments):
        shown = [line for line in model if line.written < number]
        counted = [line for line in shown if line.crossed is None or line.crossed >= number]
        assert told(session, contact_id, at, AsOf.RECORDED) == expected(shown, counted)
    # What had been said by then, by all that is known now.
    for at in [START - timedelta(seconds=1), *(START + timedelta(hours=hours) for hours in range(13)), None]:
        shown = [line for line in model if at is None or line.said <= at]
        counted = [line for line in shown if line.crossed is None]
        assert told(session, contact_id, at, AsOf.SAID) == expected(shown, counted)


def test_what_an_import_said_and_was_taken_back_later_had_never_been_said_but_was_written_down(session):
    contact = factories.make_contact(session, consented=False)
    said = Said(contact.id, "mail", Act.GRANTED, Basis.CONSENT, "import:1 Fair", Method.IMPORT, START)
    ledger.record_many(session, [said])
    before = now()
    taking_back.take_back(session, [contact.id], "import:1", None)

    def states(at, by):
        return dict(proof.standings(ledger.evidence(session, contact.id, at, by)))

    assert states(START, AsOf.SAID) == {"mail": None}
    assert states(START, AsOf.RECORDED) == {}
    assert states(before, AsOf.RECORDED)["mail"].state == "granted"
    assert states(now(), AsOf.RECORDED) == {"mail": None}


def test_what_is_dated_to_midnight_is_of_the_day_that_begins_then(session):
    contact = factories.make_contact(session, consented=False)
    said = Said(contact.id, "mail", Act.GRANTED, Basis.CONSENT, "import:1 Fair", Method.IMPORT, START)
    ledger.record_many(session, [said])

    assert not ledger.evidence(session, contact.id, proof.end_of(date(2025, 12, 31), UTC))
    assert ledger.evidence(session, contact.id, proof.end_of(date(2026, 1, 1), UTC))
    assert ledger.evidence(session, contact.id, proof.end_of(date(2025, 12, 31), ZoneInfo("America/Lima")))


def test_nobody_elses_entries_are_in_it(session):
    one, other = (factories.make_contact(session, consented=False).id for _number in range(2))
    for who in (one, other):
        ledger.record(
            session, who, "mail", Act.GRANTED, Basis.CONSENT, "import:1 Fair", Method.IMPORT, at=START
        )
    taking_back.take_back(session, [other], "import:1", None)

    assert len(ledger.evidence(session, one, now())) == 1
    assert session.scalar(sa.select(sa.func.count()).select_from(ledger.ConsentEvent)) == 3
