"""The journal: what a killed process had been told is not lost, and telling it twice does no harm."""

import os
import time

import pytest
import sqlalchemy as sa

from campaigns.database import now, transaction
from campaigns.delivery import claiming, journal, owning, ringing
from campaigns.delivery.models import Message, MessageStatus, Segment
from campaigns.delivery.recording import Recorder
from campaigns.delivery.results import Result
from tests import factories
from tests.delivery.launching import launch, plan, segments

SENT = Result(MessageStatus.SENT, reply="250 Ok", sent_at=now())
DEAD = owning.new().replace(":", ":9999999", 1)


@pytest.fixture
def campaign(session):
    """A campaign to three people, planned."""
    for name in ("ann", "bob", "cyd"):
        factories.make_contact(session, f"{name}@example.com")
    made = launch(session)
    plan(made)
    return made


@pytest.fixture
def recorder(campaign):
    """A worker that was killed after it had been told things."""
    with transaction() as session:
        lease = claiming.lease(session, campaign.id, segments(campaign)[0].id, DEAD)
        claiming.claim(session, lease, campaign.purpose)
    return Recorder(lease, campaign.purpose)


def ids(messages, campaign) -> list[int]:
    return [messages(campaign)[f"{name}@example.com"].id for name in ("ann", "bob", "cyd")]


def test_answers_of_a_killed_process_reach_the_database(campaign, recorder, messages, states):
    ann, bob, cyd = ids(messages, campaign)
    recorder.hand_over(ann)
    recorder.note(ann, SENT)
    recorder.note(bob, Result(MessageStatus.DEFERRED, "deferred", "450 Later", next_try_at=now()))
    recorder.note(cyd, Result(MessageStatus.FAILED, "refused", "550 No"))
    assert states(campaign)["ann@example.com"] == "handed_over"

    assert journal.replay() == 1

    assert states(campaign) == {
        "ann@example.com": "sent",
        "bob@example.com": "deferred:deferred",
        "cyd@example.com": "failed:refused",
    }
    assert messages(campaign)["ann@example.com"].sent_at == SENT.sent_at
    assert journal.replay() == 0


def test_an_answer_found_late_settles_what_had_become_uncertain(campaign, recorder, messages, states):
    ann = ids(messages, campaign)[0]
    recorder.hand_over(ann)
    recorder.note(ann, SENT)
    with transaction() as session:
        claiming.recover(session, segments(campaign)[0].id, DEAD, gone=True)
    assert states(campaign)["ann@example.com"] == "uncertain:worker_lost"

    journal.replay()

    assert states(campaign)["ann@example.com"] == "sent"


def test_the_journal_of_a_living_process_is_left_alone_until_it_is_old(campaign, session, messages, settings):
    ann = ids(messages, campaign)[0]
    with transaction() as other:
        lease = claiming.lease(other, campaign.id, segments(campaign)[0].id, owning.new())
        claiming.claim(other, lease, campaign.purpose)
    living = Recorder(lease, campaign.purpose)
    living.hand_over(ann)
    living.note(ann, SENT)
    assert journal.replay() == 0

    (path,) = (settings.data_dir / "sending").iterdir()
    os.utime(path, (time.time() - 7200,) * 2)

    assert journal.replay() == 1


def test_the_file_is_gone_once_everything_is_in_the_database(recorder, messages, campaign, settings):
    ann = ids(messages, campaign)[0]
    recorder.hand_over(ann)
    recorder.note(ann, SENT)
    recorder.close()

    assert list((settings.data_dir / "sending").iterdir()) == []


def test_a_half_written_last_line_is_passed_over(campaign, recorder, messages, states, settings):
    ann = ids(messages, campaign)[0]
    recorder.hand_over(ann)
    recorder.note(ann, SENT)
    (path,) = (settings.data_dir / "sending").iterdir()
    with path.open("ab") as file:
        file.write(b'[2, 1, "sen')

    journal.replay()

    assert states(campaign)["ann@example.com"] == "sent"


def test_a_full_disk_stops_no_letter(campaign, recorder, messages, states, settings):
    (settings.data_dir / "sending").write_text("in the way")
    ann = ids(messages, campaign)[0]
    recorder.hand_over(ann)
    recorder.note(ann, SENT)
    recorder.flush()

    assert states(campaign)["ann@example.com"] == "sent"


def test_a_person_who_decided_first_is_right(campaign, recorder, messages, states):
    ann = ids(messages, campaign)[0]
    recorder.hand_over(ann)
    recorder.note(ann, SENT)
    with transaction() as session:
        session.execute(sa.update(Message).where(Message.id == ann).values(status=MessageStatus.PLANNED))
        session.execute(sa.update(Segment).values(fence=Segment.fence + 1))

    journal.replay()

    assert states(campaign)["ann@example.com"] == "planned"


def test_what_a_worker_was_told_is_read_before_its_lease_is_ended(campaign, recorder, messages, states):
    ann = ids(messages, campaign)[0]
    recorder.hand_over(ann)
    recorder.note(ann, SENT)

    ringing.ring_due(lambda: True)

    assert states(campaign) == {
        "ann@example.com": "sent",
        "bob@example.com": "planned",
        "cyd@example.com": "planned",
    }
