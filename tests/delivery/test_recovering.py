"""Recovering: what a killed, stopped or cut-off worker had been told is not lost, and nobody gets two."""

import os
import time
from pathlib import Path

import pytest
import sqlalchemy as sa

from campaigns.database import now, transaction
from campaigns.delivery import journal, recovering, ringing
from campaigns.delivery.claiming import Lease
from campaigns.delivery.journal import Journal
from campaigns.delivery.models import Message, MessageStatus, Segment
from campaigns.delivery.results import NOT_TAKEN, Result
from campaigns.mailings.models import Status
from tests.delivery.launching import DEAD, fresh, on_the_wire, run_out, segments, set_campaign, take, to

SENT = Result(MessageStatus.SENT, reply="250 2.0.0 Ok: ž", sent_at=now())
ALL = ("ann@example.com", "bob@example.com", "cyd@example.com")


@pytest.fixture
def campaign(session):
    """A campaign to three people, planned."""
    return to(session, "ann", "bob", "cyd")


@pytest.fixture
def ids(campaign, messages) -> tuple[int, int, int]:
    """Their messages."""
    return tuple(messages(campaign)[address].id for address in ALL)


def works(campaign, owner: str = DEAD) -> tuple[Lease, Journal]:
    """A run that may send to all three."""
    lease = take(campaign, owner)
    on_the_wire(campaign, *ALL)
    return lease, Journal(lease.owner, lease.segment_id, lease.fence)


def test_a_killed_process_leaves_only_those_uncertain_that_had_no_answer(campaign, ids, messages, states):
    ann, bob, _cyd = ids
    _lease, written = works(campaign)
    written.dotted(ann)
    written.answered(ann, SENT)
    written.dotted(bob)

    recovering.recover_all()

    assert states(campaign) == {
        "ann@example.com": "sent",
        "bob@example.com": "uncertain:worker_lost",
        "cyd@example.com": "planned",
    }
    assert messages(campaign)["ann@example.com"].sent_at == SENT.sent_at
    assert messages(campaign)["ann@example.com"].reply == SENT.reply
    assert messages(campaign)["bob@example.com"].handed_over_at is not None
    assert segments(campaign)[0].lease_until is None
    assert take(campaign) is not None


def test_every_kind_of_answer_is_brought_in(campaign, ids, messages, states):
    ann, bob, cyd = ids
    _lease, written = works(campaign)
    for message_id in ids:
        written.dotted(message_id)
    written.answered(ann, Result(MessageStatus.DEFERRED, "deferred", "450 Later", next_try_at=now()))
    written.answered(bob, Result(MessageStatus.FAILED, "refused", "550 No"))
    written.answered(cyd, NOT_TAKEN)

    recovering.recover_all()

    assert states(campaign) == {
        "ann@example.com": "deferred:deferred",
        "bob@example.com": "failed:refused",
        "cyd@example.com": "planned",
    }
    assert messages(campaign)["ann@example.com"].tries == 1
    assert messages(campaign)["cyd@example.com"].tries == 0


def test_without_the_journal_everybody_on_the_wire_is_uncertain(campaign, states):
    take(campaign, DEAD)
    on_the_wire(campaign, "ann@example.com", "bob@example.com")

    recovering.recover_all()

    assert states(campaign) == {
        "ann@example.com": "uncertain:worker_lost",
        "bob@example.com": "uncertain:worker_lost",
        "cyd@example.com": "planned",
    }


def test_of_one_that_may_live_everybody_on_the_wire_is_uncertain_but_the_answered(campaign, ids, states):
    ann, _bob, _cyd = ids
    _lease, written = works(campaign, owner="")
    written.dotted(ann)
    written.answered(ann, SENT)
    recovering.recover_all()
    assert set(states(campaign).values()) == {"planned"}, "its lease has not run out"
    run_out(campaign)

    recovering.recover_all()

    assert states(campaign) == {
        "ann@example.com": "sent",
        "bob@example.com": "uncertain:worker_lost",
        "cyd@example.com": "uncertain:worker_lost",
    }


def test_a_journal_that_turns_up_late_settles_everybody(campaign, ids, states, settings):
    ann, bob, _cyd = ids
    _lease, written = works(campaign)
    written.dotted(ann)
    written.answered(ann, SENT)
    written.dotted(bob)
    (path,) = (settings.data_dir / "sending").iterdir()
    away = path.rename(settings.data_dir / "elsewhere")
    recovering.recover_all()
    assert set(states(campaign).values()) == {"uncertain:worker_lost"}
    set_campaign(campaign, status=Status.SENT)

    away.rename(path)
    recovering.recover_all()

    assert states(campaign) == {
        "ann@example.com": "sent",
        "bob@example.com": "uncertain:worker_lost",
        "cyd@example.com": "planned",
    }
    assert fresh(campaign).status == Status.SENDING, "it goes on for Cyd"
    assert not path.exists()


def test_the_journal_of_a_living_process_is_left_alone_until_it_is_old(campaign, ids, settings):
    _lease, written = works(campaign, owner="")
    written.dotted(ids[0])
    assert journal.left() == []

    (path,) = (settings.data_dir / "sending").iterdir()
    os.utime(path, (time.time() - 7200,) * 2)

    assert journal.left() == [path]


def test_a_run_that_found_no_database_leaves_its_journal_to_others(campaign, ids, states, settings):
    ann, _bob, _cyd = ids
    _lease, written = works(campaign, owner="")
    written.dotted(ann)
    written.answered(ann, SENT)
    written.leave()
    run_out(campaign)

    recovering.recover_all()
    recovering.recover_all()

    assert states(campaign)["ann@example.com"] == "sent"
    assert states(campaign)["bob@example.com"] == "planned", "it is known that Bob had no dot"
    assert list((settings.data_dir / "sending").iterdir()) == []


def test_a_half_written_last_line_is_passed_over(campaign, ids, states, settings):
    ann, bob, _cyd = ids
    _lease, written = works(campaign)
    written.dotted(ann)
    written.answered(ann, SENT)
    written.dotted(bob)
    (path,) = (settings.data_dir / "sending").iterdir()
    whole = path.read_bytes().rstrip(b"\0")
    path.write_bytes(whole + b'R [%d, "fail' % bob)

    recovering.recover_all()

    assert states(campaign)["ann@example.com"] == "sent"
    assert states(campaign)["bob@example.com"] == "uncertain:worker_lost"


def test_lines_that_nobody_understands_are_passed_over(settings):
    path = settings.data_dir / "sending" / "a_1_2_3.answers"
    path.parent.mkdir()
    path.write_bytes(b"[7, 2]\nnonsense\nD x\n{}\nD 5\nS 5 12.5 250 Ok\nR [1]\nD 6\n")

    found = journal.read(path)

    assert (found.segment_id, found.fence, found.unanswered) == (7, 2, {6})
    assert found.results[5].reply == "250 Ok"


def test_a_full_disk_is_found_out_before_the_first_letter(settings):
    Path(settings.data_dir / "sending").write_text("in the way")

    with pytest.raises(OSError):
        Journal(DEAD, 1, 1)


def test_a_person_who_decided_first_is_right(campaign, ids, states, settings):
    ann = ids[0]
    _lease, written = works(campaign)
    written.dotted(ann)
    written.answered(ann, SENT)
    with transaction() as session:
        session.execute(sa.update(Message).where(Message.id == ann).values(status=MessageStatus.PLANNED))
        session.execute(sa.update(Segment).values(fence=Segment.fence + 1, owner="", lease_until=None))

    recovering.recover_all()

    assert states(campaign)["ann@example.com"] == "planned"


def test_reading_a_journal_twice_does_no_harm(campaign, ids, states, settings):
    _lease, written = works(campaign)
    written.dotted(ids[0])
    written.answered(ids[0], SENT)
    (path,) = (settings.data_dir / "sending").iterdir()
    copy = path.read_bytes()
    recovering.recover_all()
    path.write_bytes(copy)

    recovering.recover_all()

    assert states(campaign)["ann@example.com"] == "sent"


def test_a_lease_that_was_renewed_or_changed_hands_meanwhile_is_not_taken_back(campaign):
    lease = take(campaign)
    segment = segments(campaign)[0]

    with transaction() as session:
        recovering.recover(session, segment.id, lease.owner, None, gone=False)
        recovering.recover(session, segment.id, "somebody:else:1:1", None, gone=True)

    assert segments(campaign)[0].fence == lease.fence
    assert segments(campaign)[0].lease_until > now()


def test_the_clock_reads_what_a_worker_was_told_before_it_ends_its_lease(campaign, ids, states):
    _lease, written = works(campaign)
    written.dotted(ids[0])
    written.answered(ids[0], SENT)

    ringing.ring_due(lambda: True)

    assert states(campaign) == {
        "ann@example.com": "sent",
        "bob@example.com": "planned",
        "cyd@example.com": "planned",
    }
