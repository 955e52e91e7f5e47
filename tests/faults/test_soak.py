"""One long campaign on PostgreSQL and Valkey, in which a part chosen at random is killed every 20 seconds."""

import random
import time

import pytest

from tests.delivery.launching import launch
from tests.faults.invariant import fill, holds
from tests.faults.rows import SOAK

ROLES = ("worker", "clock", "queue", "sink", "web")
EVERY = 20  # seconds


@pytest.mark.soak
@pytest.mark.row(SOAK)
@pytest.mark.postgresql_only
@pytest.mark.timeout(0)
def test_soak(session, plant, pytestconfig):
    people: int = pytestconfig.getoption("--people")
    seconds = pytestconfig.getoption("--minutes") * 60
    chance = random.Random(time.time_ns())
    eligible, ineligible = fill(session, people, refused=people // 10)
    plant.more = {"CAMPAIGNS_SENDING__SEGMENT": "500"}
    plant.pace = people / seconds
    plant.start()
    plant.start_web()
    campaign = launch(session)
    plant.accepted(1)

    hits: list[str] = []
    until = time.monotonic() + seconds
    while time.monotonic() < until and len(plant.journal()) < people * 0.97:
        time.sleep(EVERY * chance.uniform(0.8, 1.2))
        hits.append(plant.kill_one(chance, *ROLES))
        print(f"{len(hits)} {hits[-1]} killed, {len(plant.journal())} of {people} accepted", flush=True)
    plant.steer(pace=0)
    plant.ended(campaign, 600)

    assert len(hits) >= seconds / EVERY / 2
    states = holds(plant, campaign, eligible, ineligible)
    print(f"{len(hits)} kills, {plant.cut} connections cut: {dict(states)}")
