"""A worker that is stopped for longer than its lease and then goes on: it can hand nothing over.

On SQLite whoever is stopped within a write holds up all others until it goes on: the lock is the
operating system's. There it is stopped between two writes; on PostgreSQL anywhere.
"""

import random
import signal
import sqlite3
import time
from contextlib import closing
from pathlib import Path

import pytest
import sqlalchemy as sa

from tests.delivery.launching import launch
from tests.faults.invariant import fill, holds, settled
from tests.faults.plant import Plant, wait_for

PEOPLE = 300
WINDOW = 500  # letters of one process that only it can tell of, at most


def stop(plant: Plant, name: str) -> None:
    """Stop it as `kill -STOP` does."""
    url = sa.make_url(plant.settings.database_url)
    _stand_still(plant, name)
    while url.get_backend_name() == "sqlite" and is_locked(url.database):
        plant.signal(name, signal.SIGCONT)
        time.sleep(0.01)
        _stand_still(plant, name)


def _stand_still(plant: Plant, name: str) -> None:
    """Until each of its threads has heard it: on a busy machine one may go on into a write meanwhile."""
    plant.signal(name, signal.SIGSTOP)
    threads = Path(f"/proc/{plant.parts[name].pid}/task").glob("*/stat")
    for stat in threads:
        wait_for(
            lambda stat=stat: stat.read_text().rpartition(") ")[2].startswith("T"), 20, f"stop of {name}"
        )


def is_locked(file: str) -> bool:
    with closing(sqlite3.connect(file, isolation_level=None, timeout=1)) as probe:
        try:
            probe.execute("BEGIN IMMEDIATE")
        except sqlite3.OperationalError:
            return True
        probe.execute("ROLLBACK")
        return False


@pytest.mark.row(9)
@pytest.mark.seeds(20)
@pytest.mark.parametrize("step", ["rcpt", pytest.param("kept", marks=pytest.mark.quick("sqlite"))])
def test_past_its_lease(session, plant, step, seed):
    """Stopped while a letter of its is held at this step; another worker finishes; then it goes on."""
    chance = random.Random(f"9 {seed} {plant.settings.database_url[:6]}")
    eligible, ineligible = fill(session, PEOPLE, refused=30)
    plant.lease = 2.0
    plant.start(workers=1)
    campaign = launch(session)
    plant.midway(PEOPLE, chance.uniform(0.1, 0.6))

    plant.trap(step)
    plant.trapped()
    time.sleep(chance.random() / 20)
    plant.in_the_middle(PEOPLE)
    stop(plant, "worker0")
    open_there = plant.connections("worker0")
    assert open_there >= 1, plant.logs()
    time.sleep(3)
    plant.start_worker("worker1")
    plant.ended(campaign)
    # It may still be asked one day what it had been allowed to send when it was stopped.
    holds(plant, campaign, eligible, ineligible, uncertain=WINDOW)

    plant.let_go()
    plant.signal("worker0", signal.SIGCONT)
    time.sleep(2)
    plant.cut = open_there
    # It tells what it heard, and whom it never wrote to: those are mailed by another.
    settled(plant, campaign)
    time.sleep(3)
    states = holds(plant, campaign, eligible, ineligible)
    assert states["sent"] + states["uncertain"] == PEOPLE
