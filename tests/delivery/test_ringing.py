"""Ringing: the database alone brings every campaign to its end, whatever the queue forgot."""

import sqlalchemy as sa

from campaigns.database import db_now, now, transaction
from campaigns.delivery import claiming, owning, ringing
from campaigns.delivery.models import Message, MessageStatus, Segment
from campaigns.mailings.models import Status
from tests import factories
from tests.delivery.launching import account, fresh, launch, on_the_wire, plan, segments, set_campaign


def ring(queue) -> list[tuple[str, tuple]]:
    """One round of the clock; what it rang for."""
    queue.clear()
    ringing.ring_due(lambda: True)
    return queue.asked


def lease_all(campaign, owner: str = "") -> None:
    for segment in segments(campaign):
        with transaction() as session:
            claiming.lease(session, campaign.id, segment.id, owner or owning.new())


def test_a_campaign_that_the_queue_forgot_is_planned(session, queue):
    factories.make_contact(session)
    campaign = launch(session)

    assert ring(queue) == [("plan_campaign", (campaign.id,))]
    plan(campaign)
    assert ring(queue) == [("send_segment", (campaign.id, segments(campaign)[0].id))]


def test_no_more_is_rung_for_than_there_are_idle_workers(session, settings, queue):
    settings.sending.planned_at_once, settings.worker_processes = 1, 3
    for _number in range(10):
        factories.make_contact(session)
    campaign = launch(session)
    plan(campaign)

    assert len(ring(queue)) == 3
    with transaction() as other:
        claiming.lease(other, campaign.id, segments(campaign)[0].id, owning.new())
    assert len(ring(queue)) == 2
    lease_all(campaign)
    assert ring(queue) == []


def test_nothing_is_rung_for_a_paused_campaign(session, queue):
    factories.make_contact(session)
    campaign = launch(session)
    plan(campaign)
    set_campaign(campaign, status=Status.PAUSED)

    assert ring(queue) == []


def test_leases_of_the_dead_and_those_that_ran_out_are_taken_back(session, settings, queue, states):
    settings.sending.planned_at_once = 1
    for name in ("ann", "bob", "cyd"):
        factories.make_contact(session, f"{name}@example.com")
    campaign = launch(session)
    plan(campaign)
    dead = owning.new().replace(":", ":9999999", 1)
    lease_all(campaign)
    with transaction() as other:
        first, second, _third = segments(campaign)
        other.execute(sa.update(Segment).where(Segment.id == first.id).values(owner=dead))
        other.execute(sa.update(Segment).where(Segment.id == second.id).values(lease_until=db_now(-1)))
        (bob,) = other.scalars(sa.select(Message.id).where(Message.address == "bob@example.com"))
        other.execute(sa.update(Segment).where(Segment.id == second.id).values(wire=[bob], marked_at=now()))
    set_campaign(campaign, status=Status.PAUSED)  # recovered although nobody will lease them

    ring(queue)

    assert states(campaign) == {
        "ann@example.com": "planned",
        "bob@example.com": "uncertain:worker_lost",
        "cyd@example.com": "planned",
    }
    assert [bool(segment.owner) for segment in segments(campaign)] == [False, False, True]


def test_a_finished_campaign_ends(session, queue):
    factories.make_contact(session)
    campaign = launch(session)
    plan(campaign)
    with transaction() as other:
        other.execute(sa.update(Message).values(status=MessageStatus.SENT))
        other.execute(sa.update(Segment).values(due_at=None))

    ring(queue)

    assert fresh(campaign).status == Status.SENT
    assert fresh(campaign).finished_at is not None


def test_a_cancelled_campaign_leaves_nobody_waiting(session, queue, states):
    for name in ("ann", "bob", "cyd"):
        factories.make_contact(session, f"{name}@example.com")
    campaign = launch(session)
    plan(campaign)
    with transaction() as other:
        sent = sa.update(Message).where(Message.address == "ann@example.com")
        other.execute(sent.values(status=MessageStatus.SENT))
        put_off = sa.update(Message).where(Message.address == "bob@example.com")
        other.execute(put_off.values(status=MessageStatus.DEFERRED, next_try_at=now()))
    set_campaign(campaign, status=Status.CANCELLED)

    assert ring(queue) == []

    assert states(campaign) == {
        "ann@example.com": "sent",
        "bob@example.com": "skipped:cancelled",
        "cyd@example.com": "skipped:cancelled",
    }
    assert account(campaign).open == 0
    assert segments(campaign)[0].due_at is None


def test_a_letter_on_the_wire_of_a_cancelled_campaign_is_left_to_its_worker(session, queue, states):
    factories.make_contact(session, "ann@example.com")
    campaign = launch(session)
    plan(campaign)
    lease_all(campaign)
    on_the_wire(campaign, "ann@example.com")
    set_campaign(campaign, status=Status.CANCELLED)

    ring(queue)
    assert states(campaign) == {"ann@example.com": "planned"}

    with transaction() as other:
        other.execute(sa.update(Segment).values(lease_until=db_now(-1)))
    ring(queue)
    assert states(campaign) == {"ann@example.com": "uncertain:worker_lost"}


def test_nobody_is_forgotten_should_a_segment_ever_be(session, queue):
    factories.make_contact(session)
    campaign = launch(session)
    plan(campaign)
    with transaction() as other:
        other.execute(sa.update(Segment).values(due_at=None))

    assert ring(queue) == [("send_segment", (campaign.id, segments(campaign)[0].id))]


def test_a_round_with_nothing_to_do_asks_for_nothing(session, queue):
    assert ring(queue) == []
