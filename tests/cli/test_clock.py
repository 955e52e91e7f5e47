"""Of many clocks one rings; when it is gone, another."""

import threading

import pytest
import redis

from campaigns import broker, database, jobs, leases
from campaigns.cli.clock import ring

pytestmark = pytest.mark.both_databases


@pytest.fixture
def bell(settings, valkey):
    """A real queue; gives the number of rings that wait on it."""
    broker.use(broker.make(valkey))
    yield lambda: redis.Redis.from_url(valkey).llen(f"{{dramatiq}}:{jobs.RING_DUE.queue}")
    broker.use(None)


def test_one_of_two_clocks_rings(bell):
    assert ring(jobs.RING_DUE, "first")
    assert not ring(jobs.RING_DUE, "second")
    assert ring(jobs.RING_DUE, "first")

    assert bell() == 2


def test_the_other_takes_over_when_the_lease_ran_out(bell):
    with database.transaction() as session:
        leases.hold(session, "clock", "dead", -1)

    assert ring(jobs.RING_DUE, "alive")


def test_the_other_takes_over_at_once_when_the_first_said_goodbye(bell):
    assert ring(jobs.RING_DUE, "first")
    with database.transaction() as session:
        leases.release(session, "clock", "first")

    assert ring(jobs.RING_DUE, "second")


def test_of_many_at_once_exactly_one_is_elected(bell):
    won: list[str] = []
    start = threading.Barrier(8)

    def run(name: str) -> None:
        start.wait()
        if ring(jobs.RING_DUE, name):
            won.append(name)

    threads = [threading.Thread(target=run, args=(f"clock {n}",)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(won) == bell() == 1


@pytest.mark.sqlite_only
def test_a_database_that_is_away_is_no_reason_to_fall(bell, settings, tmp_path):
    settings.database_url = f"sqlite:///{tmp_path / 'nowhere' / 'gone.db'}"
    database.use(None)

    assert not ring(jobs.RING_DUE, "first")
    assert bell() == 0
