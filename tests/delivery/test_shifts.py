"""One worker's segments, one after the other: the next is begun early, and a slow answer keeps none back."""

import threading
import time

import pytest
import sqlalchemy as sa

from campaigns.database import db_now, transaction
from campaigns.delivery import claiming, roads, runs, sending
from campaigns.delivery.closing import Closer
from campaigns.delivery.models import Segment
from campaigns.mailings.models import Status
from tests.delivery.launching import account, fresh, segments, set_campaign, to
from tests.mail.scripted_server import scripted

pytestmark = pytest.mark.both_databases


@pytest.fixture
def scripted_mail(settings):
    """`scripted_mail.script` says what happens; it is asked for each step."""
    with scripted(lambda moment: server.answers(moment)) as server:
        server.answers = lambda _moment: None
        settings.smtp.host, settings.smtp.port, settings.smtp.tls = "127.0.0.1", server.port, "none"
        settings.sending.ask_again = 6
        settings.sending.connections = 4
        settings.sending.planned_at_once = 5
        settings.worker_processes = 1
        yield server
        roads.close_all()


def work(campaign, at=0):
    """As a worker does that was rung for one segment; returns its closer."""
    closer = Closer()
    sending.send_segment(campaign.id, segments(campaign)[at].id, closer)
    return closer


def people(count):
    return [f"p{number}" for number in range(count)]


def test_the_segments_that_are_due_follow(session, scripted_mail):
    campaign = to(session, *people(23))
    assert len(segments(campaign)) > 4

    work(campaign).wait()

    assert sorted(scripted_mail.addresses) == sorted(f"{name}@example.com" for name in people(23))
    assert fresh(campaign).status == Status.SENT
    assert account(campaign).sent == 23
    assert {each.lease_until for each in segments(campaign)} == {None}
    assert scripted_mail.connections <= 4


def test_somebody_else_has_a_turn_when_time_is_up(session, monkeypatch, scripted_mail):
    monkeypatch.setattr(runs, "SHIFT", 0)  # a run's first letters are read all the same
    campaign = to(session, *people(23))

    work(campaign).wait()

    assert account(campaign).sent < 23
    assert {each.lease_until for each in segments(campaign)} == {None}


def test_the_next_is_taken_only_where_its_campaign_is_sent(session, scripted_mail):
    first, other = to(session, *people(4)), to(session, "late")
    set_campaign(other, status=Status.PAUSED)

    work(first).wait()

    assert fresh(first).status == Status.SENT
    assert account(other).sent == 0


def test_the_one_due_longest_is_next_and_only_a_free_one(session, scripted_mail):
    campaign = to(session, *people(20))
    one, two, three, *_others = segments(campaign)
    with transaction() as own:
        due = sa.update(Segment)
        own.execute(due.where(Segment.id == three.id).values(due_at=db_now(-60)))
        own.execute(due.where(Segment.id == two.id).values(due_at=db_now(-90), lease_until=db_now(60)))

    with transaction() as own:
        assert claiming.lease_next(own, "me").segment_id == three.id
    with transaction() as own:
        assert claiming.lease_next(own, "me").segment_id == one.id
    set_campaign(campaign, status=Status.CANCELLED)
    with transaction() as own:
        assert claiming.lease_next(own, "me") is None


@pytest.mark.parametrize("step", ["RCPT", "DOT"])
def test_a_server_that_is_slow_with_one_letter_keeps_no_other_back(session, scripted_mail, step):
    campaign = to(session, *people(23))
    go = threading.Event()
    slow = scripted_mail.answers = lambda moment: (
        go.wait(60) and None if moment.step == step and moment.to == "p1@example.com" else None
    )
    assert slow
    closer = work(campaign)  # returns though one letter is not answered
    until = time.monotonic() + 30
    while len(scripted_mail.letters) < 21:  # one more may wait behind it on the same connection
        assert time.monotonic() < until
        time.sleep(0.02)
    assert fresh(campaign).status == Status.SENDING
    assert segments(campaign)[0].lease_until is not None  # it is somebody's

    go.set()
    closer.wait()
    assert account(campaign).sent == 23
    assert len(set(scripted_mail.addresses)) == len(scripted_mail.addresses) == 23
    assert fresh(campaign).status == Status.SENT


@pytest.mark.parametrize("connections", [1, 2])
def test_with_too_few_connections_to_part_with_any_it_is_waited_for(
    session, settings, scripted_mail, connections
):
    settings.sending.connections = connections
    campaign = to(session, *people(23))
    slow = {f"p{number}@example.com" for number in (1, 2, 12)}

    def answers(moment):
        if moment.step == "DOT" and moment.to in slow:
            time.sleep(2.5)  # longer than it is waited for at once

    scripted_mail.answers = answers
    work(campaign).wait()

    assert account(campaign).sent == 23
    assert len(set(scripted_mail.addresses)) == len(scripted_mail.addresses) == 23
    assert scripted_mail.connections <= connections


def test_what_was_begun_early_is_given_back_when_the_process_ends(session, scripted_mail, messages):
    campaign = to(session, *people(23))

    def ends(moment):
        if moment.step == "DOT":
            runs.closing.set()

    scripted_mail.answers = ends
    try:
        work(campaign).wait()
    finally:
        runs.closing.clear()

    assert 0 < account(campaign).sent < 23
    assert account(campaign).sent == len(scripted_mail.letters)
    assert {each.lease_until for each in segments(campaign)} == {None}
    scripted_mail.answers = lambda _moment: None
    work(campaign, -1).wait()
    assert account(campaign).sent == 23, [(m.status, m.reply) for m in messages(campaign).values()]
    assert len(set(scripted_mail.addresses)) == 23


def test_a_next_segment_that_can_not_be_begun_stops_nothing(session, monkeypatch, scripted_mail):
    campaign = to(session, *people(5))
    monkeypatch.setattr(claiming, "lease_next", lambda *_: 1 / 0)

    work(campaign).wait()

    assert account(campaign).sent > 0
    assert {each.lease_until for each in segments(campaign)} == {None}
