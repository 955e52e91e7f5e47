"""The queue flushed, killed, flooded: it is a doorbell, and the database knows everything."""

import threading
import time

import pytest

from campaigns import jobs
from campaigns.database import transaction
from campaigns.mailings import scheduling
from campaigns.mailings.models import Campaign, Status
from tests import factories
from tests.delivery.launching import fresh, launch, segments
from tests.faults.invariant import fill, holds


@pytest.mark.sqlite_only
def test_emptied_again_and_again(session, plant):
    eligible, ineligible = fill(session, 800, refused=50)
    plant.start()
    campaign = launch(session)

    while plant.status(campaign) == Status.SENDING:
        plant.flush_queue()
        time.sleep(0.3)
        if len(plant.journal()) > 500:
            break
    plant.ended(campaign)

    holds(plant, campaign, eligible, ineligible)


@pytest.mark.postgresql_only
def test_killed_and_back_empty(session, plant):
    eligible, ineligible = fill(session, 800, refused=50)
    plant.start()
    campaign = launch(session)
    plant.accepted(100)

    plant.kill("queue")
    time.sleep(5)
    assert plant.status(campaign) in (Status.SENDING, Status.SENT)
    plant.start_queue()
    plant.ended(campaign)

    holds(plant, campaign, eligible, ineligible)


@pytest.mark.sqlite_only
def test_away_when_the_button_is_pressed(session, plant):
    eligible, _none = fill(session, 50)
    plant.start(workers=1)
    plant.kill("queue")
    campaign = launch(session)
    time.sleep(2)
    assert plant.journal() == []

    plant.start_queue()
    plant.ended(campaign)

    holds(plant, campaign, eligible)


@pytest.mark.postgresql_only
def test_every_message_ten_times(session, plant):
    eligible, ineligible = fill(session, 600, refused=50)
    plant.start(workers=3)
    campaign = launch(session)

    while plant.status(campaign) == Status.SENDING and len(plant.journal()) < 550:
        for _time in range(10):
            jobs.send(jobs.PLAN_CAMPAIGN, campaign.id)
            jobs.send(jobs.RING_DUE)
            for segment in segments(campaign):
                jobs.send(jobs.SEND_SEGMENT, campaign.id, segment.id)
        time.sleep(0.2)
    plant.ended(campaign)

    holds(plant, campaign, eligible, ineligible)


@pytest.mark.sqlite_only
def test_fifty_presses_of_send_are_one_run(session, plant):
    eligible, _none = fill(session, 60)
    factories.make_organisation(session)
    campaign = factories.make_campaign(session)
    session.commit()
    plant.start(workers=2)
    pressed: list[bool | str] = []

    def press() -> None:
        with transaction() as own:
            pressed.append(scheduling.send_now(own, own.get_one(Campaign, campaign.id)))

    presses = [threading.Thread(target=press) for _number in range(50)]
    for one in presses:
        one.start()
    for one in presses:
        one.join()
    plant.ended(campaign)

    assert pressed.count(True) == 1
    assert len(pressed) == 50
    holds(plant, fresh(campaign), eligible)
