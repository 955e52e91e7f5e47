"""Claiming: one worker at a time, and fences that keep late workers out."""

import threading

import pytest
import sqlalchemy as sa

from campaigns.database import db_now, now, transaction
from campaigns.delivery import claiming
from campaigns.delivery.models import MessageStatus, Segment
from campaigns.mailings.models import Campaign, Status
from tests.delivery.launching import on_the_wire, run_out, segments, set_campaign, set_message, take, to


@pytest.fixture
def campaign(session) -> Campaign:
    """A campaign to Ann and Bob, planned."""
    return to(session, "ann", "bob")


def test_a_segment_is_leased_to_one_worker_at_a_time(campaign):
    assert take(campaign) is not None
    assert take(campaign) is None


def test_of_many_workers_at_once_one_has_the_lease(campaign):
    leases = []
    racers = [threading.Thread(target=lambda: leases.append(take(campaign))) for _number in range(8)]
    for racer in racers:
        racer.start()
    for racer in racers:
        racer.join()

    assert len([lease for lease in leases if lease]) == 1


@pytest.mark.parametrize("status", [Status.PAUSED, Status.CANCELLED, Status.SENT])
def test_nothing_is_leased_of_a_campaign_that_is_not_sending(campaign, status):
    set_campaign(campaign, status=status)

    assert take(campaign) is None


def test_a_lease_that_ran_out_must_be_settled_before_the_next(campaign):
    take(campaign)
    run_out(campaign)

    assert take(campaign) is None


def test_what_is_given_back_is_due_when_the_next_of_it_is(campaign, states):
    def released(hold: float = 0) -> Segment:
        lease = take(campaign)
        assert lease is not None
        with transaction() as session:
            claiming.release(session, lease, hold)
        return segments(campaign)[0]

    assert released().due_at <= now()
    assert 50 < (released(60).due_at - now()).total_seconds() < 61
    with transaction() as session:
        session.execute(sa.update(Segment).values(due_at=db_now()))
    later = now().replace(year=now().year + 1)
    set_message("ann@example.com", status=MessageStatus.SENT)
    set_message("bob@example.com", status=MessageStatus.DEFERRED, next_try_at=later)
    assert released(60).due_at == later
    with transaction() as session:
        session.execute(sa.update(Segment).values(due_at=db_now()))
    set_message("bob@example.com", status=MessageStatus.FAILED)
    assert released().due_at is None
    assert take(campaign) is None


def test_whoever_is_on_the_wire_when_a_segment_is_given_back_is_uncertain(campaign, states):
    lease = take(campaign)
    on_the_wire(campaign, "bob@example.com")

    with transaction() as session:
        claiming.release(session, lease)

    assert states(campaign) == {"ann@example.com": "planned", "bob@example.com": "uncertain:worker_lost"}
    assert segments(campaign)[0].wire == []


def test_a_late_worker_can_not_release_what_another_has(campaign):
    late = take(campaign)
    with transaction() as session:
        session.execute(sa.update(Segment).values(lease_until=None))
    take(campaign)

    with transaction() as session:
        claiming.release(session, late)

    assert segments(campaign)[0].lease_until > now()


def test_a_campaign_that_had_ended_goes_on_for_somebody_who_waits_after_all(campaign):
    set_campaign(campaign, status=Status.SENT, finished_at=now())
    with transaction() as session:
        session.execute(sa.update(Segment).values(due_at=None))

    with transaction() as session:
        claiming.wake(session, campaign.id, segments(campaign)[0].id)

    assert take(campaign) is not None
