"""The sum of the ledger: strictest wins, and only the person loosens."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from campaigns.consent.models import Act, Basis
from campaigns.consent.standing import NO, OWN, YES, Method, State, fold, moved

START = datetime(2026, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Entry:
    act: str
    method: str = Method.IMPORT
    basis: str = Basis.CONSENT
    at: datetime = START
    id: int = 0
    undoes: int | None = None


def said(*entries: Entry) -> str | None:
    """The state after these, an hour apart."""
    later = [replace(entry, id=n, at=entry.at + timedelta(hours=n)) for n, entry in enumerate(entries)]
    standing = fold(later)
    return standing and standing.state


@pytest.mark.parametrize(
    ("entries", "state"),
    [
        ([], None),
        ([Entry(Act.GRANTED)], State.GRANTED),
        ([Entry(Act.GRANTED, Method.FORM)], State.GRANTED),
        ([Entry(Act.GRANTED, Method.DOUBLE_OPT_IN)], State.UNCONFIRMED),
        (
            [Entry(Act.GRANTED, Method.DOUBLE_OPT_IN), Entry(Act.CONFIRMED, Method.CONFIRMATION)],
            State.CONFIRMED,
        ),
        ([Entry(Act.GRANTED), Entry(Act.GRANTED, Method.DOUBLE_OPT_IN)], State.GRANTED),
        ([Entry(Act.GRANTED), Entry(Act.DECLINED)], State.DECLINED),
        ([Entry(Act.WITHDRAWN), Entry(Act.DECLINED)], State.WITHDRAWN),
        ([Entry(Act.DECLINED), Entry(Act.OBJECTED), Entry(Act.WITHDRAWN)], State.OBJECTED),
        ([Entry(Act.GRANTED), Entry(Act.EXPIRED)], State.EXPIRED),
        ([Entry(Act.WITHDRAWN), Entry(Act.EXPIRED)], State.WITHDRAWN),
        ([Entry(Act.GRANTED), Entry(Act.EXPIRED), Entry(Act.GRANTED)], State.GRANTED),
        ([Entry(Act.WITHDRAWN), Entry(Act.GRANTED, Method.PAGE)], State.GRANTED),
        ([Entry(Act.OBJECTED), Entry(Act.CONFIRMED, Method.CONFIRMATION)], State.CONFIRMED),
        ([Entry(Act.WITHDRAWN), Entry(Act.GRANTED, Method.DOUBLE_OPT_IN)], State.WITHDRAWN),
    ],
)
def test_where_entries_leave_somebody(entries, state):
    assert said(*entries) == state


def test_an_entry_that_was_taken_back_counts_as_if_never_made():
    granted, left, undone = Entry(Act.GRANTED), Entry(Act.WITHDRAWN), Entry(Act.UNDONE, undoes=1)

    assert said(granted, left, undone) == State.GRANTED
    assert said(granted, left, undone, Entry(Act.DECLINED)) == State.DECLINED
    assert said(left, Entry(Act.GRANTED), undone) == State.WITHDRAWN
    assert said(granted, Entry(Act.UNDONE, undoes=0)) is None


@pytest.mark.parametrize("method", [method for method in Method if method not in OWN])
@pytest.mark.parametrize("act", [Act.GRANTED, Act.CONFIRMED])
@pytest.mark.parametrize("no", sorted(NO))
def test_nobody_else_turns_a_no_into_a_yes(no, act, method):
    assert said(Entry(no), Entry(act, method)) == no


def test_only_consent_loosens():
    back = Entry(Act.GRANTED, Method.PAGE, Basis.LEGITIMATE_INTEREST)
    assert said(Entry(Act.WITHDRAWN), back) == State.WITHDRAWN


def test_a_yes_from_before_the_no_does_not_loosen_it_when_it_arrives_late():
    withdrawn = Entry(Act.WITHDRAWN, at=START + timedelta(days=30))
    again = Entry(Act.DECLINED, at=START + timedelta(days=60))
    late = Entry(Act.GRANTED, Method.PAGE, at=START + timedelta(days=45))

    assert fold([withdrawn, late]).state == State.GRANTED
    assert fold([withdrawn, again, late]).state == State.WITHDRAWN
    assert fold([again, withdrawn, late]).state == State.WITHDRAWN


def test_the_first_of_two_equal_agreements_stays_and_a_stronger_one_takes_its_place():
    first, second = Entry(Act.GRANTED, id=1), Entry(Act.GRANTED, id=2, at=START + timedelta(days=1))
    customer = Entry(Act.GRANTED, basis=Basis.EXISTING_CUSTOMER, id=3)

    assert fold([first, second]).event_id == 1
    assert fold([first, customer]).event_id == 1
    assert fold([customer, second]).event_id == 2
    assert fold([first, replace(second, act=Act.CONFIRMED)]).event_id == 2
    assert fold([first, replace(second, method=Method.PAGE)]).event_id == 2


entries = st.builds(
    Entry,
    act=st.sampled_from(Act),
    method=st.sampled_from(Method),
    basis=st.sampled_from(Basis),
    at=st.integers(0, 50).map(lambda hours: START + timedelta(hours=hours)),
    id=st.integers(1, 10_000),
)


@given(st.lists(entries, max_size=12))
def test_after_the_last_no_only_an_own_later_consent_can_say_yes(history):
    standing = fold(history)
    last_no = max((n for n, entry in enumerate(history) if entry.act in NO), default=None)
    if last_no is None or standing.state in NO:
        return

    yes = (Act.GRANTED, Act.CONFIRMED)
    assert any(
        entry.method in OWN and entry.basis == Basis.CONSENT and entry.at >= history[last_no].at
        for entry in history[last_no + 1 :]
        if entry.act in (yes if standing.state in YES else (*yes, Act.NARROWED))
    )


@given(st.lists(entries, max_size=12), entries)
def test_a_no_always_holds_at_once(history, entry):
    after = moved(fold(history), entry)

    if entry.act in NO:
        assert after.state in NO
