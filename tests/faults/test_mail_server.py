"""The mail server away and back: campaigns stop themselves, say why, and go on; nobody is charged."""

import time

import pytest

from campaigns.mailings.models import Status
from tests.delivery.launching import fresh, launch
from tests.faults.invariant import fill, holds
from tests.faults.plant import wait_for


@pytest.mark.sqlite_only
def test_killed_in_the_middle_and_back_later(session, plant):
    eligible, ineligible = fill(session, 600, refused=30)
    plant.start()
    campaign = launch(session)
    plant.accepted(100)

    plant.kill("sink")
    wait_for(lambda: plant.status(campaign) == Status.PAUSED, 40, "pause", plant.logs)
    reason = fresh(campaign).pause_reason
    number = len(plant.journal())
    time.sleep(3)
    assert len(plant.journal()) == number
    plant.start_sink()
    plant.ended(campaign)

    assert str(plant.smtp_port) in reason
    # What it had taken and not answered when it was killed: at most one letter for each of four threads.
    assert holds(plant, campaign, eligible, ineligible)["uncertain"] <= 4


@pytest.mark.long
@pytest.mark.postgresql_only
def test_away_from_the_start(session, plant):
    eligible, _none = fill(session, 80)
    plant.start()
    plant.kill("sink")
    campaign = launch(session)
    wait_for(lambda: plant.status(campaign) == Status.PAUSED, 40, "pause", plant.logs)

    plant.start_sink()
    plant.ended(campaign)

    assert holds(plant, campaign, eligible)["uncertain"] == 0
