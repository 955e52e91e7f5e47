"""The queue flushed, killed, flooded: it is a doorbell, and the database knows everything."""

import random
import time

import pytest

from campaigns import jobs
from campaigns.mailings.models import Status
from tests.delivery.launching import launch, segments
from tests.faults.invariant import fill, holds
from tests.faults.pages import Pages

PEOPLE = 300


@pytest.mark.row(10)
@pytest.mark.seeds(20)
def test_emptied_again_and_again(session, plant, seed):
    chance = random.Random(f"10 {seed} {plant.settings.database_url[:6]}")
    eligible, ineligible = fill(session, PEOPLE, refused=30)
    plant.start()
    campaign = launch(session)

    emptied = 0
    while len(plant.journal()) < PEOPLE * 0.85:
        plant.flush_queue()
        emptied += 0.1 <= len(plant.journal()) / PEOPLE <= 0.9
        time.sleep(chance.uniform(0.1, 1.5))
    plant.ended(campaign)

    assert emptied >= 3
    assert holds(plant, campaign, eligible, ineligible)["uncertain"] == 0


@pytest.mark.row(11)
@pytest.mark.seeds(20)
def test_killed_and_back_empty(session, plant, seed):
    chance = random.Random(f"11 {seed} {plant.settings.database_url[:6]}")
    eligible, ineligible = fill(session, PEOPLE, refused=30)
    plant.start()
    campaign = launch(session)
    plant.midway(PEOPLE, chance.uniform(0.1, 0.7))

    plant.kill("queue")
    time.sleep(chance.uniform(0, 5))
    plant.start_queue()
    plant.ended(campaign)

    assert holds(plant, campaign, eligible, ineligible)["uncertain"] == 0


@pytest.mark.row(12)
@pytest.mark.timeout(600)
@pytest.mark.seeds(4)
@pytest.mark.parametrize("seconds", [pytest.param(5, marks=pytest.mark.quick("sqlite")), 120])
def test_away_when_the_button_is_pressed(session, plant, seconds, seed):
    """The page answers as ever; the campaign starts when the queue is back. Another was on its way."""
    eligible, ineligible = fill(session, PEOPLE, refused=30)
    plant.start()
    pages = Pages(plant, session)
    on_its_way = launch(session)
    pressed = pages.draft(session)
    plant.midway(PEOPLE)

    plant.kill("queue")
    assert pages.post(f"/campaigns/{pressed}/send").status_code == 302
    assert pages.get(f"/campaigns/{pressed}").status_code == 200
    assert plant.status(pages.campaign(pressed)) == Status.SENDING
    time.sleep(seconds)
    plant.start_queue()
    for campaign in (on_its_way, pages.campaign(pressed)):
        plant.ended(campaign)
        assert holds(plant, campaign, eligible, ineligible)["uncertain"] == 0


@pytest.mark.row(13)
@pytest.mark.seeds(20)
def test_every_message_ten_times(session, plant, seed):
    eligible, ineligible = fill(session, PEOPLE, refused=30)
    plant.start(workers=3)
    campaign = launch(session)

    rounds = 0
    while plant.status(campaign) == Status.SENDING and len(plant.journal()) < PEOPLE * 0.95:
        for _time in range(10):
            jobs.send(jobs.PLAN_CAMPAIGN, campaign.id)
            jobs.send(jobs.RING_DUE)
            for segment in segments(campaign):
                jobs.send(jobs.SEND_SEGMENT, campaign.id, segment.id)
        rounds += 0.1 <= len(plant.journal()) / PEOPLE <= 0.9
        time.sleep(0.2)
    plant.ended(campaign)

    assert rounds >= 3
    assert holds(plant, campaign, eligible, ineligible)["uncertain"] == 0
