"""Catching up: a database whose clock was set back keeps nobody waiting for the old time."""

from datetime import timedelta

import sqlalchemy as sa

from campaigns import leases
from campaigns.database import db_now, now, reading, transaction
from campaigns.delivery import owning, planning, ringing
from campaigns.delivery.models import Message, MessageStatus, Segment
from campaigns.mailings.models import Status
from tests import factories
from tests.delivery.launching import fresh, launch, on_the_wire, segments, set_campaign, take, to

STEP = timedelta(hours=2)


def ring(queue) -> list[tuple[str, tuple]]:
    """One round of the clock; what it rang for."""
    queue.clear()
    ringing.ring_due(lambda: True)
    return queue.asked


def set_back() -> None:
    """Leave everything as it is once the clock has been set back: all that was written is ahead."""
    with transaction() as session:
        for model, columns in (
            (leases.Lease, ("until",)),
            (Segment, ("due_at", "lease_until", "marked_at")),
            (Message, ("next_try_at",)),
        ):
            for row in session.scalars(sa.select(model)):
                for column in columns:
                    if getattr(row, column) is not None:
                        setattr(row, column, getattr(row, column) + STEP)


def seconds_until(moment) -> float:
    with reading() as session:
        return (moment - session.execute(sa.select(db_now())).scalar_one()).total_seconds()


def put_off(session, address: str, minutes: int) -> None:
    deferred = {"status": MessageStatus.DEFERRED, "next_try_at": now() + timedelta(minutes=minutes)}
    session.execute(sa.update(Message).where(Message.address == address).values(deferred))
    session.commit()


def test_what_was_due_is_due_though_its_time_is_ahead(session, queue):
    campaign = to(session, "ann")
    ring(queue)
    set_back()

    assert ring(queue) == [("send_segment", (campaign.id, segments(campaign)[0].id))]
    assert take(campaign) is not None


def test_while_the_clock_goes_on_what_waits_for_its_time_waits(session, queue):
    campaign = to(session, "ann")
    ring(queue)
    with transaction() as other:
        other.execute(sa.update(Segment).values(due_at=db_now(300)))

    assert ring(queue) == []
    assert ring(queue) == []
    assert take(campaign) is None


def test_a_letter_that_was_put_off_waits_as_long_as_it_had_to(session, queue, messages):
    campaign = to(session, "ann", "bob")
    put_off(session, "ann@example.com", 15)
    put_off(session, "bob@example.com", -1)
    ring(queue)
    set_back()
    ring(queue)
    ring(queue)  # is not brought forward twice

    found = messages(campaign)
    assert 14 * 60 < seconds_until(found["ann@example.com"].next_try_at) < 15 * 60 + 5
    assert seconds_until(found["bob@example.com"].next_try_at) < 0


def test_the_lease_of_one_that_is_gone_runs_out_in_its_time(session, settings, queue, states):
    """On another machine, so that nobody can see that it is gone."""
    campaign = to(session, "ann")
    take(campaign, "elsewhere:1:1:1")
    on_the_wire(campaign, "ann@example.com")
    ring(queue)
    set_back()
    ring(queue)
    (segment,) = segments(campaign)
    assert 0 < seconds_until(segment.lease_until) <= settings.sending.lease

    with transaction() as other:
        other.execute(sa.update(Segment).values(lease_until=db_now(-1)))
    ring(queue)
    assert states(campaign) == {"ann@example.com": "uncertain:worker_lost"}


def test_a_planner_that_is_gone_is_followed_by_another(session, queue):
    factories.make_contact(session)
    campaign = launch(session)
    with transaction() as other:
        leases.hold(other, f"plan:{campaign.id}", "elsewhere:1:1:1", 120)
    ring(queue)
    assert ring(queue) == []
    set_back()

    assert ring(queue) == [("plan_campaign", (campaign.id,))]
    planning.plan(campaign.id)
    assert len(segments(campaign)) == 1


def test_a_living_planner_plans_on(session, queue):
    campaign = launch(session)
    with transaction() as other:
        leases.hold(other, f"plan:{campaign.id}", owning.new(), 120)

    assert ring(queue) == []


def test_a_campaign_that_waits_for_the_mail_server_asks_again_in_time(session, settings, queue):
    campaign = to(session, "ann")
    paused = {"status": Status.PAUSED, "pause_reason": "The mail server is silent."}
    set_campaign(campaign, **paused, try_again_at=db_now(60))
    ring(queue)
    set_back()
    set_campaign(campaign, try_again_at=db_now(STEP.total_seconds() - 1))
    ring(queue)

    assert fresh(campaign).status == Status.SENDING
