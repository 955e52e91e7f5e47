"""A worker that is stopped for longer than its lease and then goes on: it can hand nothing over."""

import signal
import time

import pytest

from tests.delivery.launching import launch
from tests.faults.invariant import fill, holds
from tests.faults.plant import wait_for


def stopped_at(session, plant, step: str):
    """A campaign that another worker finished while the first was stopped at this step of a letter."""
    eligible, _none = fill(session, 300)
    plant.lease = 2.0
    plant.start(workers=0)
    campaign = launch(session)
    plant.start_worker("worker0", threads=1)
    plant.accepted(5)
    plant.trap(step)
    plant.trapped()
    plant.signal("worker0", signal.SIGSTOP)
    time.sleep(2.5)
    plant.start_worker("worker1")
    plant.ended(campaign)
    return campaign, eligible


@pytest.mark.sqlite_only
def test_before_the_dot_its_letter_goes_out_once_from_the_other_worker(session, plant):
    campaign, eligible = stopped_at(session, plant, "rcpt")
    assert holds(plant, campaign, eligible)["uncertain"] == 0

    plant.let_go()
    plant.signal("worker0", signal.SIGCONT)
    time.sleep(3)

    assert holds(plant, campaign, eligible)["uncertain"] == 0
    assert len(plant.journal()) == 300


@pytest.mark.postgresql_only
def test_after_the_dot_its_letter_is_uncertain_until_it_tells_what_it_heard(session, plant):
    campaign, eligible = stopped_at(session, plant, "kept")
    assert holds(plant, campaign, eligible)["uncertain"] == 1

    plant.let_go()
    plant.signal("worker0", signal.SIGCONT)

    wait_for(lambda: holds(plant, campaign, eligible)["uncertain"] == 0, 20, "late answer", plant.logs)
    assert len(plant.journal()) == 300
