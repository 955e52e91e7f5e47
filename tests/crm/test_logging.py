"""Activities are written once, and the last contact is always the newest two-way touch, whole."""

from datetime import timedelta

import pytest
import sqlalchemy as sa

from campaigns.accounts.models import Role
from campaigns.contacts.models import Contact
from campaigns.crm import logging
from campaigns.crm.logging import Entry
from campaigns.crm.models import TOUCHES, Activity, Kind
from campaigns.database import now
from campaigns.errors import BadInput
from tests import factories


@pytest.fixture
def anna(session):
    return factories.make_contact(session)


def last(session, contact):
    session.expire_all()
    return contact.last_contact_at, contact.last_contact_by, contact.last_contact_how


def test_a_call_moves_the_last_contact_whole(session, anna):
    user = factories.make_user(session, Role.SALESPERSON)
    moment = now() - timedelta(hours=1)

    logging.log(session, anna.id, Kind.CALL, moment, user.id, " Wants an offer.\n\x00by  Friday ")

    assert (anna.last_contact_at, anna.last_contact_by) == (moment, user.id)
    assert last(session, anna) == (moment, user.id, Kind.CALL)
    activity = logging.timeline(session, anna.id)[0]
    assert (activity.summary, activity.user) == ("Wants an offer.\nby Friday", user)


@pytest.mark.parametrize("kind", [kind for kind in Kind if kind not in TOUCHES])
def test_what_is_no_two_way_touch_moves_nothing(session, anna, kind):
    logging.log(session, anna.id, kind)

    assert last(session, anna) == (None, None, "")
    assert len(logging.timeline(session, anna.id)) == 1


def test_an_older_touch_does_not_move_the_last_contact_back(session, anna):
    user = factories.make_user(session)
    newer, older = now() - timedelta(days=1), now() - timedelta(days=9)
    logging.log(session, anna.id, Kind.MEETING, newer, user.id)

    logging.log(session, anna.id, Kind.CALL, older)

    assert last(session, anna) == (newer, user.id, Kind.MEETING)


def test_the_same_thing_is_written_once(session, anna):
    first = Entry(anna.id, Kind.OPEN, now() - timedelta(hours=2), "Spring offer", once="open:1")
    later = Entry(anna.id, Kind.CLICK, now() - timedelta(hours=1), "Spring offer", "Look", once="click:1")

    logging.log_many(session, [first, later])
    logging.log_many(session, [later, first, Entry(4711, Kind.OPEN, now(), once="open:2")])

    assert [a.kind for a in logging.timeline(session, anna.id)] == [Kind.CLICK, Kind.OPEN]
    assert session.scalar(sa.select(sa.func.count()).select_from(Activity)) == 2
    assert last(session, anna) == (later.at, None, Kind.CLICK)


def test_what_turns_out_not_to_have_happened_is_taken_back(session, anna):
    user = factories.make_user(session)
    called = now() - timedelta(days=3)
    logging.log(session, anna.id, Kind.CALL, called, user.id)
    logging.log(session, anna.id, Kind.CLICK, once="click:1")
    other = factories.make_contact(session)
    logging.log(session, other.id, Kind.OPEN, once="open:2")

    logging.withdraw(session, ["click:1", "open:2", "open:3"])

    assert last(session, anna) == (called, user.id, Kind.CALL)
    assert last(session, other) == (None, None, "")
    assert logging.timeline(session, other.id) == []


def test_nothing_is_logged_that_has_not_happened(session, anna):
    with pytest.raises(BadInput):
        logging.log(session, anna.id, Kind.CALL, now() + timedelta(hours=1))


def test_many_are_written_in_batches(session):
    people = [factories.make_contact(session, consented=False).id for _ in range(30)]
    start = now() - timedelta(days=1)
    entries = [
        Entry(people[n % 30], Kind.OPEN, start + timedelta(seconds=n), once=f"open:{n}") for n in range(2400)
    ]

    logging.log_many(session, entries)

    newest = dict(map(tuple, session.execute(sa.select(Contact.id, Contact.last_contact_at))))
    assert newest == {people[n % 30]: entries[n].at for n in range(2370, 2400)}


def test_the_timeline_goes_on_where_it_ended(session, anna):
    start = now() - timedelta(days=1)
    for n in range(5):
        logging.log(session, anna.id, Kind.NOTE, start + timedelta(hours=n // 2), summary=str(n))

    first = logging.timeline(session, anna.id, limit=2)
    rest = logging.timeline(session, anna.id, (first[-1].at, first[-1].id))

    assert [a.summary for a in [*first, *rest]] == ["4", "3", "2", "1", "0"]
