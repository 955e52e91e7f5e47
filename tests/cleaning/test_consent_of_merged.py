"""What two contacts said, once they are one: whatever either refused stays refused, and nothing is lost."""

from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from campaigns.cleaning import merging, unmerging
from campaigns.consent import gate, leaving, ledger, suppression
from campaigns.consent.ledger import Said
from campaigns.consent.models import Act, Basis, ConsentEvent, Purpose, Suppression, SuppressionReason
from campaigns.consent.standing import NO, Method, fold, strictness
from campaigns.contacts.models import Contact
from campaigns.database import now
from tests import factories
from tests.cleaning.people import dump

START = datetime(2026, 1, 1, tzinfo=UTC)
_PURPOSES = (Purpose.MAIL, Purpose.TRACKING, "mail:news")
_SAYING = st.tuples(
    st.booleans(),
    st.sampled_from(_PURPOSES),
    st.sampled_from([Act.GRANTED, Act.CONFIRMED, Act.DECLINED, Act.WITHDRAWN, Act.OBJECTED, Act.EXPIRED]),
    st.sampled_from([Method.IMPORT, Method.PAGE, Method.DOUBLE_OPT_IN, Method.CONFIRMATION]),
    st.integers(0, 20),
)


def _people(session):
    people = [factories.make_contact(session, consented=False) for _number in range(3)]
    return people[0], people[1]


def _say(session, contact, act, purpose=Purpose.MAIL, method=Method.PAGE, days=0):
    at = START + timedelta(days=days)
    said = Said(contact.id, purpose, act, Basis.CONSENT, "page", method, at)
    ledger.record_many(session, [said])


def _together(session, purpose):
    """Where all entries of both leave somebody, read in the order in which they were recorded."""
    entries = sa.select(ConsentEvent).where(ConsentEvent.purpose == purpose).order_by(ConsentEvent.id)
    return fold(session.scalars(entries))


def _entries(session):
    columns = (ConsentEvent.id, ConsentEvent.contact_id, ConsentEvent.act, ConsentEvent.purpose)
    return set(map(tuple, session.execute(sa.select(*columns)).all()))


@settings(max_examples=80, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(sayings=st.lists(_SAYING, max_size=10))
@pytest.mark.sqlite_only
def test_the_strictest_of_both_holds_for_each_purpose_and_comes_apart_again(session, sayings):
    with session.begin_nested() as nested:
        one, other = _people(session)
        for first, purpose, act, method, days in sayings:
            _say(session, one if first else other, act, purpose, method, days)
        said = [ledger.states(session, contact.id) for contact in (one, other)]
        entries = _entries(session)
        together = {purpose: _together(session, purpose) for purpose in _PURPOSES}

        merge = merging.merge(session, one.id, other.id)
        is_now = ledger.states(session, one.id)

        for purpose in _PURPOSES:
            both = [each.get(purpose) for each in said]
            strictest = max(both, key=strictness)
            if strictness(strictest):
                assert strictness(is_now[purpose]) == max(map(strictness, (strictest, together[purpose])))
            else:
                assert strictness(is_now.get(purpose)) == 0
                assert (purpose in is_now) == any(both)
        assert ledger.rebuild(session, [one.id]) == 0
        assert {number for number, *_rest in entries} <= {number for number, *_rest in _entries(session)}
        assert {row[1] for row in _entries(session)} <= {one.id}

        unmerging.unmerge(session, merge.id)
        again = [ledger.states(session, contact.id) for contact in (one, other)]
        assert [_plain(each) for each in again] == [_plain(each) for each in said]
        assert entries <= _entries(session)
        assert ledger.rebuild(session, [one.id, other.id]) == 0
        nested.rollback()


def _plain(states):
    return {purpose: (each.state, each.basis, each.at) for purpose, each in states.items()}


def test_a_later_yes_under_one_address_does_not_take_back_the_no_under_the_other(session):
    one, other = _people(session)
    _say(session, one, Act.GRANTED)
    _say(session, one, Act.WITHDRAWN, days=1)
    _say(session, other, Act.CONFIRMED, method=Method.CONFIRMATION, days=2)

    merging.merge(session, one.id, other.id)

    standing = ledger.state(session, one.id, Purpose.MAIL)
    assert (standing.state, standing.at) == (Act.WITHDRAWN, START + timedelta(days=1))
    newest = ledger.evidence(session, one.id)[0]
    assert (newest.method, newest.source) == (Method.MERGE, f"merge:{other.id}")


@pytest.mark.parametrize("who_left", [0, 1])
@pytest.mark.parametrize("address", [0, 1])
def test_neither_address_is_mailed_once_the_person_left_by_one(session, who_left, address):
    people = _people(session)
    for contact in people:
        _say(session, contact, Act.GRANTED)
    leaving.unsubscribe(session, people[who_left].id, "page", Method.PAGE)
    before = dump(session, "consent_event", "consent")

    merge = merging.merge(session, people[0].id, people[1].id, {"email": people[address].id})

    hashes = [contact.address_hash for contact in people]
    assert suppression.suppressed(session, hashes) == dict.fromkeys(hashes, "unsubscribed")
    assert gate.refusals(session, [people[0].id])
    unmerging.unmerge(session, merge.id)
    assert dump(session, "consent_event", "consent") == before
    assert set(gate.refusals(session, [contact.id for contact in people])) == {people[who_left].id}


def test_a_bounce_is_about_the_one_address_only(session):
    one, other = _people(session)
    _say(session, one, Act.GRANTED)
    suppression.suppress(session, other.email, SuppressionReason.BOUNCED, "campaign:1")

    merging.merge(session, one.id, other.id, {"email": one.id})

    assert gate.refusals(session, [one.id]) == {}


def test_the_weightier_reason_holds_for_both(session):
    one, other = _people(session)
    suppression.suppress(session, one.email, SuppressionReason.BOUNCED, "campaign:1")
    suppression.suppress(session, other.email, SuppressionReason.COMPLAINED, "campaign:1")
    before = dump(session)

    merge = merging.merge(session, one.id, other.id)

    listed = {entry.reason for entry in session.scalars(sa.select(Suppression))}
    assert listed == {SuppressionReason.COMPLAINED}
    unmerging.unmerge(session, merge.id)
    assert dump(session) == before


@pytest.mark.parametrize("left_before", [False, True])
def test_what_was_refused_meanwhile_holds_for_both_after_taking_back(session, left_before):
    one, other = _people(session)
    for contact in (one, other):
        _say(session, contact, Act.GRANTED)
        _say(session, contact, Act.GRANTED, Purpose.TRACKING)
    if left_before:
        leaving.unsubscribe(session, other.id, "page", Method.PAGE)
    merge = merging.merge(session, one.id, other.id)
    leaving.object_(session, one.id, "letter:1", Method.ONE_CLICK)

    unmerging.unmerge(session, merge.id)

    for contact_id in (one.id, other.id):
        states = ledger.states(session, contact_id)
        assert {states[purpose].state for purpose in (Purpose.MAIL, Purpose.TRACKING)} <= NO
        contact = session.get_one(Contact, contact_id)
        assert suppression.suppressed(session, [contact.address_hash])
    assert ledger.rebuild(session, [one.id, other.id]) == 0


def test_what_was_agreed_to_meanwhile_is_the_kept_ones_only(session):
    one, other = _people(session)
    _say(session, other, Act.WITHDRAWN)
    merge = merging.merge(session, one.id, other.id)
    leaving.come_back(session, one.id, "letter:1", Method.PAGE, at=now())

    unmerging.unmerge(session, merge.id)

    assert gate.refusals(session, [one.id]) == {}
    assert gate.refusals(session, [other.id])


def test_the_longer_pause_holds_and_one_set_meanwhile_holds_for_both(session):
    one, other = _people(session)
    other.paused_until = now() + timedelta(days=3)
    session.flush()
    merge = merging.merge(session, one.id, other.id)
    kept = session.get_one(Contact, one.id)
    assert kept.paused_until == merge_moment(merge)
    kept.paused_until = now() + timedelta(days=30)
    session.flush()

    unmerging.unmerge(session, merge.id)

    pauses = [session.get_one(Contact, contact_id).paused_until for contact_id in (one.id, other.id)]
    assert min(pauses) > now() + timedelta(days=29)


def test_the_stricter_rhythm_holds_and_one_chosen_meanwhile_holds_for_both(session):
    one, other = _people(session)
    one.rhythm, other.rhythm = "weekly", "monthly"
    one.origins, other.origins = {"rhythm": ["user:1", "2026-01-01"]}, {"rhythm": ["person", "2026-02-02"]}
    session.flush()
    merge = merging.merge(session, one.id, other.id)
    kept = session.get_one(Contact, one.id)
    assert (kept.rhythm, kept.origins["rhythm"]) == ("monthly", ["person", "2026-02-02"])
    kept.rhythm = "occasions"
    session.flush()

    unmerging.unmerge(session, merge.id)

    assert [session.get_one(Contact, number).rhythm for number in (one.id, other.id)] == ["occasions"] * 2


def test_each_has_their_own_rhythm_again_when_nothing_was_said_meanwhile(session):
    one, other = _people(session)
    other.rhythm = "weekly"
    session.flush()

    unmerging.unmerge(session, merging.merge(session, one.id, other.id).id)

    assert [session.get_one(Contact, number).rhythm for number in (one.id, other.id)] == ["", "weekly"]


def merge_moment(merge):
    return datetime.fromisoformat(merge.before["gone"]["paused_until"])
