"""Processes killed with -9: at each step of a letter, and at random moments of a campaign."""

import random
import time

import pytest

from tests.delivery.launching import launch
from tests.faults.invariant import fill, holds

# What a worker killed there may leave uncertain: the letter that had got its dot, and no answer.
STEPS = {"rcpt": 0, "data": 1, "dot": 1, "kept": 1, "done": 0}


def killed_at_each_step(session, plant) -> None:
    eligible, ineligible = fill(session, 600, refused=60)
    plant.start(workers=0)
    campaign = launch(session)
    plant.start_worker("worker0", threads=1)

    for number, step in enumerate(STEPS):
        plant.accepted(len(plant.journal()) + 10)
        plant.trap(step)
        plant.trapped()
        time.sleep(0.1)
        plant.kill(f"worker{number}")
        plant.let_go()
        plant.start_worker(f"worker{number + 1}", threads=1)
    plant.ended(campaign, 180)

    assert holds(plant, campaign, eligible, ineligible)["uncertain"] <= sum(STEPS.values())


@pytest.mark.sqlite_only
def test_a_worker_killed_at_each_step_of_a_letter(session, plant):
    killed_at_each_step(session, plant)


@pytest.mark.long
@pytest.mark.postgresql_only
def test_a_worker_killed_at_each_step_of_a_letter_on_postgresql(session, plant):
    killed_at_each_step(session, plant)


def killed_again_and_again(session, plant, chance: random.Random, number: int, kills: int) -> None:
    eligible, ineligible = fill(session, number, refused=number // 10)
    plant.start(workers=3)
    campaign = launch(session)

    for _time in range(kills):
        plant.accepted(min(len(plant.journal()) + 100, number * 9 // 10))
        time.sleep(chance.random() / 2)
        plant.kill_a_worker(chance)
    plant.ended(campaign, 180)

    # At most what each of its two threads had on the wire.
    assert holds(plant, campaign, eligible, ineligible)["uncertain"] <= kills * 2


def test_workers_killed_in_the_middle_of_two_thousand_letters(session, plant):
    killed_again_and_again(session, plant, random.Random(7), 2000, 5)


@pytest.mark.long
@pytest.mark.parametrize("seed", range(20))
def test_every_part_killed_at_random(session, plant, seed):
    chance = random.Random(seed)
    eligible, ineligible = fill(session, 1000, refused=100)
    plant.start(workers=2)
    campaign = launch(session)

    for _time in range(6):
        time.sleep(0.5 + 2 * chance.random())
        match chance.choice(("worker", "worker", "clock", "queue", "sink")):
            case "worker":
                plant.kill_a_worker(chance)
            case "clock":
                plant.kill("clock")
                plant.start_clock()
            case "queue":
                plant.kill("queue")
                plant.start_queue()
            case "sink":
                plant.kill("sink")
                plant.start_sink()
    plant.ended(campaign, 180)

    holds(plant, campaign, eligible, ineligible)


@pytest.mark.sqlite_only
def test_workers_that_are_told_to_stop_finish_their_letter_and_give_the_rest_back(session, plant):
    eligible, _none = fill(session, 400)
    plant.start(workers=1)
    campaign = launch(session)
    plant.accepted(30)

    plant.kill("worker0", 15)
    assert plant.status(campaign) == "sending"
    plant.start_worker("worker1")
    plant.ended(campaign)

    assert holds(plant, campaign, eligible)["uncertain"] == 0
