"""Recovering while a worker that was stopped midway still holds its lock: the others are not held up."""

import time

import pytest
import sqlalchemy as sa

from campaigns import database
from campaigns.delivery import journal, recovering
from campaigns.delivery.journal import Journal
from campaigns.delivery.models import MessageStatus, Segment
from campaigns.delivery.results import Result
from tests import factories
from tests.delivery.launching import DEAD, launch, on_the_wire, plan, segments, take

pytestmark = pytest.mark.postgresql_only
IDLE = 2  # seconds, for the worker that is stopped
NAMES = ("ann@example.com", "bob@example.com", "cyd@example.com")


@pytest.fixture
def campaign(session, settings):
    """A campaign to three people, each in a segment that a worker holds which is gone."""
    settings.sending.planned_at_once = 1
    for name in NAMES:
        factories.make_contact(session, name)
    campaign = launch(session)
    plan(campaign)
    for number in range(3):
        take(campaign, DEAD, number)
    return campaign


@pytest.fixture
def stopped(campaign, settings):
    """A worker that was stopped in the middle of a transaction, holding the first segment's row."""
    engine = database.make_engine(settings.database_url, idle=IDLE)
    connection = engine.connect()
    row = sa.select(Segment.id).where(Segment.id == segments(campaign)[0].id).with_for_update()
    connection.execute(row)
    yield connection
    connection.invalidate()
    engine.dispose()


def test_the_others_are_recovered_at_once_and_it_once_its_transaction_is_ended(campaign, stopped):
    began = time.monotonic()
    recovering.recover_all()
    assert time.monotonic() - began < IDLE / 2
    assert [segment.owner for segment in segments(campaign)] == [DEAD, "", ""]

    time.sleep(IDLE + 0.5)
    recovering.recover_all()

    assert [segment.owner for segment in segments(campaign)] == ["", "", ""]
    with pytest.raises(sa.exc.OperationalError):
        stopped.execute(sa.select(1))


def test_a_journal_is_kept_while_its_segment_is_locked(campaign, stopped, messages, states, settings):
    """Its worker found no database; another has ended its lease meanwhile."""
    ann = messages(campaign)["ann@example.com"].id
    first = segments(campaign)[0]
    written = Journal(DEAD, first.id, first.fence)
    written.dotted(ann)
    written.answered(ann, Result(MessageStatus.SENT, reply="250 Ok"))
    written.leave()
    assert len(journal.left()) == 1

    recovering.recover_all()
    assert len(journal.left()) == 1

    time.sleep(IDLE + 0.5)
    on_the_wire(campaign, "ann@example.com")
    recovering.recover_all()
    recovering.recover_all()

    assert states(campaign)["ann@example.com"] == "sent"
    assert journal.left() == []
