"""Of many clocks one rings; when it is gone, another. Their rounds don't care what the time is."""

import os
import signal
import subprocess
import sys
import threading
import time

import pytest
import redis

from campaigns import broker, database, jobs, leases
from campaigns.cli.clock import Rounds, ring
from campaigns.jobs import Job
from campaigns.processes import die_with_parent
from tests.faults.clocks import Clock

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


class Passing:
    """Seconds that pass when the test says so."""

    def __init__(self):
        self.seconds = 1000.0

    def __call__(self):
        return self.seconds


OFTEN, SELDOM = Job("often", "upkeep", every=3), Job("seldom", "upkeep", every=10)


def test_each_job_comes_round_at_once_and_then_by_its_own_beat():
    clock = Passing()
    rounds = Rounds([OFTEN, SELDOM], clock)
    came = []
    for _second in range(13):
        came.append("".join(job.name[0] for job in rounds.due()))
        clock.seconds += 1

    assert came == ["os", "", "", "o", "", "", "o", "", "", "o", "s", "", "o"]


def test_rounds_that_were_missed_are_not_made_up_and_the_beat_is_kept():
    clock = Passing()
    rounds = Rounds([OFTEN], clock)
    rounds.due()
    clock.seconds += 100.5

    assert rounds.due() == [OFTEN]
    assert rounds.due() == []
    assert rounds.wait() == pytest.approx(1.5)  # to the 102nd second


def test_a_round_that_is_due_is_not_waited_for():
    clock = Passing()
    rounds = Rounds([OFTEN, SELDOM], clock)
    clock.seconds += 50

    assert rounds.wait() == 0


@pytest.fixture
def running(settings, valkey, tmp_path):
    """A real clock and what sets the time for it; its log is in the test's folder."""
    clock = Clock(tmp_path)
    told = {
        "CAMPAIGNS_DATA_DIR": str(settings.data_dir), "CAMPAIGNS_DATABASE_URL": settings.database_url,
        "CAMPAIGNS_BROKER_URL": valkey, "CAMPAIGNS_SECRET_KEY": settings.secret_key.get_secret_value(),
    }  # fmt: skip
    with (tmp_path / "log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "campaigns.cli", "clock"], env=os.environ | told | clock.environment,
            stdout=log, stderr=log, preexec_fn=lambda: die_with_parent(signal.SIGKILL),
        )  # fmt: skip
    yield process, clock
    process.kill()
    process.wait()


def wait_for(asked, seconds=20):
    until = time.monotonic() + seconds
    while not asked():
        assert time.monotonic() < until
        time.sleep(0.1)


def test_it_rings_on_when_the_time_is_set_back_and_ends_when_told(bell, running, session):
    process, clock = running
    wait_for(bell)
    clock.set(-7200)
    rung = bell()
    wait_for(lambda: bell() >= rung + 2, 9)

    process.send_signal(signal.SIGTERM)

    assert process.wait(5) == 0
    assert session.get(leases.Lease, "clock") is None, "another clock need not wait"


@pytest.mark.sqlite_only
def test_trouble_with_the_database_does_not_end_it(bell, running, settings, tmp_path):
    process, _clock = running
    wait_for(bell)
    with database.transaction() as session:
        session.connection().exec_driver_sql("ALTER TABLE lease RENAME TO away")
    wait_for(lambda: (tmp_path / "log").read_text().count("ring_due") >= 2)
    with database.transaction() as session:
        session.connection().exec_driver_sql("ALTER TABLE away RENAME TO lease")
    rung = bell()
    wait_for(lambda: bell() > rung, 9)

    assert process.poll() is None
