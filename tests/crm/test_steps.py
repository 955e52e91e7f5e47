"""Next steps: the earliest open one stands on the contact, and finishing one is an activity."""

from datetime import date, timedelta

import pytest
import sqlalchemy as sa

from campaigns.accounts.models import Role
from campaigns.contacts.models import Contact
from campaigns.crm import logging, steps
from campaigns.crm.models import Kind
from campaigns.errors import BadInput, Conflict, NotFound
from tests import factories

TODAY = date(2026, 11, 22)
TOMORROW = TODAY + timedelta(days=1)
EVERYBODY = sa.true()


@pytest.fixture
def anna(session):
    return factories.make_contact(session)


def shown(session, contact):
    session.expire_all()
    return contact.next_step_on


def test_the_earliest_open_step_stands_on_the_contact(session, anna):
    later = steps.set_step(session, anna.id, "Visit", TOMORROW)
    sooner = steps.set_step(session, anna.id, "Call", TODAY)
    assert shown(session, anna) == TODAY

    steps.postpone(session, sooner.id, TODAY + timedelta(days=9))
    assert shown(session, anna) == TOMORROW
    steps.drop(session, later.id)
    assert shown(session, anna) == TODAY + timedelta(days=9)
    steps.finish(session, sooner.id)
    assert shown(session, anna) is None


def test_finishing_a_call_logs_it_with_its_outcome(session, anna):
    user = factories.make_user(session, Role.SALESPERSON)
    step = steps.set_step(session, anna.id, "Ask about the trial", TODAY, user.id)

    steps.finish(session, step.id, "Buys two. ", user.id)

    activity = logging.timeline(session, anna.id)[0]
    assert (activity.kind, activity.summary) == (Kind.CALL, "Ask about the trial\nBuys two.")
    session.expire_all()
    assert anna.last_contact_how == Kind.CALL
    assert steps.of(session, anna.id)[0].outcome == "Buys two."


def test_a_step_that_never_took_place_is_no_activity(session, anna):
    step = steps.set_step(session, anna.id, "Call", TODAY)

    steps.finish(session, step.id, "Nobody there", took_place=False)

    assert logging.timeline(session, anna.id) == []


def test_a_step_is_finished_once(session, anna):
    step = steps.set_step(session, anna.id, "Call", TODAY)
    steps.finish(session, step.id)

    for act in (steps.finish, steps.drop):
        with pytest.raises(Conflict):
            act(session, step.id)
    with pytest.raises(NotFound):
        steps.finish(session, 4711)


def test_a_step_says_something(session, anna):
    with pytest.raises(BadInput):
        steps.set_step(session, anna.id, " \n ", TODAY)


def test_due_steps_come_longest_overdue_first_and_only_for_whom_one_may_see(session, anna):
    user = factories.make_user(session, Role.SALESPERSON)
    eva = factories.make_contact(session)
    mine = steps.set_step(session, anna.id, "Call", TODAY, user.id)
    overdue = steps.set_step(session, eva.id, "Write", TODAY - timedelta(days=3))
    steps.set_step(session, anna.id, "Visit", TOMORROW, user.id)

    assert steps.due(session, TODAY, EVERYBODY) == [overdue, mine]
    assert steps.due(session, TODAY, EVERYBODY, after=(overdue.due_on, overdue.id)) == [mine]
    assert steps.due(session, TODAY, EVERYBODY, user.id) == [mine]
    assert steps.due(session, TODAY, sa.false()) == []


def test_those_without_a_step_queue_up(session, anna):
    eva = factories.make_contact(session)
    steps.set_step(session, anna.id, "Call", TODAY)

    assert steps.without_step(session, EVERYBODY) == [eva]
    assert steps.without_step(session, EVERYBODY, after=eva.id) == []


@pytest.mark.both_databases
def test_what_is_due_is_the_same_for_one_who_sees_all_and_one_whose_sight_lets_all_through(session, anna):
    today = date(2026, 11, 22)
    for ahead in (-3, 0, 2):
        steps.set_step(session, anna.id, f"In {ahead}", today + timedelta(days=ahead), None)
    session.flush()

    everything = steps.due(session, today, sa.true())
    assert [step.what for step in everything] == ["In -3", "In 0"]
    assert steps.due(session, today, Contact.id > 0) == everything
    assert steps.due(session, today, Contact.id < 0) == []
