"""Jobs leave after the commit and never without it; a queue that is away costs nothing but a wait."""

import pytest
import sqlalchemy as sa

from campaigns import broker, database, jobs
from campaigns.processes import free_port
from tests import factories

pytestmark = pytest.mark.both_databases


def test_a_job_leaves_after_the_commit_and_not_before(queue):
    with database.transaction() as session:
        jobs.ring(session, jobs.PLAN_CAMPAIGN, 7)
        factories.make_contact(session)
        assert queue.asked == []

    assert queue.asked == [("plan_campaign", (7,))]


def test_a_transaction_that_fails_asks_for_nothing(queue):
    with pytest.raises(ZeroDivisionError), database.transaction() as session:  # noqa: PT012
        factories.make_contact(session)
        jobs.ring(session, jobs.PLAN_CAMPAIGN, 7)
        1 / 0  # noqa: B018

    assert queue.asked == []


def test_the_same_job_is_rung_once(queue):
    with database.transaction() as session:
        factories.make_contact(session)
        for _again in range(3):
            jobs.ring(session, jobs.PLAN_CAMPAIGN, 7)
        jobs.ring(session, jobs.PLAN_CAMPAIGN, 8)

    assert queue.asked == [("plan_campaign", (7,)), ("plan_campaign", (8,))]


def test_a_savepoint_that_ends_well_does_not_ring_early(queue):
    with database.transaction() as session:
        jobs.ring(session, jobs.PLAN_CAMPAIGN, 7)
        with session.begin_nested():
            factories.make_contact(session)
        assert queue.asked == []

    assert queue.asked == [("plan_campaign", (7,))]


def test_a_savepoint_that_is_rolled_back_does_not_forget_what_was_rung_before(queue):
    with database.transaction() as session:
        factories.make_contact(session, "ann@example.com")
        jobs.ring(session, jobs.PLAN_CAMPAIGN, 7)
        with pytest.raises(sa.exc.IntegrityError), session.begin_nested():
            factories.make_contact(session, "ann@example.com")

    assert queue.asked == [("plan_campaign", (7,))]


def test_a_dead_queue_does_not_undo_what_was_committed(settings):
    broker.use(broker.make(f"redis://127.0.0.1:{free_port()}/0"))
    with database.transaction() as session:
        contact = factories.make_contact(session)
        jobs.ring(session, jobs.PLAN_CAMPAIGN, 7)

    with database.reading() as session:
        assert session.get(type(contact), contact.id)
    assert not jobs.send(jobs.RING_DUE)
    broker.use(None)
