"""Workers killed with -9: at each step of a letter, and at random moments of a campaign."""

import random
import time

import pytest

from tests.delivery.launching import launch
from tests.faults.plant import fill, holds


@pytest.mark.parametrize(
    ("step", "uncertain"),
    [("rcpt", 0), ("data", 1), ("dot", 1), ("kept", 1), ("done", 0)],
)
def test_a_worker_killed_at_a_step_of_a_letter(session, plant, step, uncertain):
    eligible, ineligible = fill(session, 150, refused=20)
    plant.start(workers=0)
    plant.kill("sink")
    plant.start_sink(trap=step, at=37)
    campaign = launch(session)
    plant.start_worker("worker0", threads=1)
    plant.trapped()

    plant.kill("worker0")
    plant.let_go()
    plant.start_worker("worker1")
    plant.ended(campaign)

    assert holds(plant, campaign, eligible, ineligible)["uncertain"] <= uncertain


def test_workers_killed_again_and_again(session, plant):
    eligible, ineligible = fill(session, 2000, refused=200)
    chance = random.Random(7)
    plant.start(workers=3)
    campaign = launch(session)

    for _time in range(5):
        plant.accepted(len(plant.journal()) + 150)
        time.sleep(chance.random())
        plant.kill_a_worker(chance)
    plant.ended(campaign)

    found = holds(plant, campaign, eligible, ineligible)
    assert found["uncertain"] <= 5 * 2  # at most the letter that each of its threads had on the wire
