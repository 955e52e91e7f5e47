"""`campaigns clock`: rings the jobs that come round by themselves; of many clocks one does."""

import os
import signal
import socket
import time
from collections.abc import Callable, Iterable

import click
import structlog
from sqlalchemy.exc import SQLAlchemyError

from campaigns import database, jobs, leases, logs, tables  # noqa: F401 - tables: all models are known
from campaigns.delivery import patience

log = structlog.get_logger()
_LEASE = 10  # seconds that the others wait for a clock that is gone
_NAP = 0.5  # seconds at most until the end of a sleep of the machine, or of this process, is noticed


@click.command()
def clock() -> None:
    """Ring what is due, in the foreground; start several, one of them does it."""
    logs.configure("clock")
    owner = f"{socket.gethostname()}:{os.getpid()}"
    ended = False

    def end(*_: object) -> None:
        nonlocal ended
        ended = True

    for sign in (signal.SIGTERM, signal.SIGINT):
        signal.signal(sign, end)
    rounds = Rounds(jobs.TICKS)
    while not ended:
        for job in rounds.due():
            if not ended:
                _tick(job, owner)
        time.sleep(min(rounds.wait(), _NAP))
    _let_go(owner)


class Rounds:
    """When each job comes round, by a clock that nobody sets: all at once at first, then each by its `every`.

    A round that was missed is not made up; the next keeps to the beat.
    """

    def __init__(self, ticks: Iterable[jobs.Job], now: Callable[[], float] = patience.clock) -> None:
        self._now = now
        self._next = dict.fromkeys(ticks, now())

    def due(self) -> list[jobs.Job]:
        """Those whose round has come; the next one of each is set."""
        now = self._now()
        come = [job for job, at in self._next.items() if at <= now]
        for job in come:
            self._next[job] += job.every * ((now - self._next[job]) // job.every + 1)
        return come

    def wait(self) -> float:
        """Seconds until the next round of any."""
        return max(min(self._next.values()) - self._now(), 0.0)


def ring(job: jobs.Job, owner: str) -> bool:
    """Put the job on the queue if we are the clock; whether we were and it could be."""
    try:
        with database.transaction() as session:
            elected = leases.hold(session, "clock", owner, _LEASE)
    except SQLAlchemyError as error:
        log.warning("database away", job=job.name, error=str(error.__cause__ or error))
        return False
    return elected and jobs.send(job)


def _tick(job: jobs.Job, owner: str) -> None:
    try:
        ring(job, owner)
    except Exception:  # whatever it is, the other jobs come round all the same
        log.exception("tick failed", job=job.name)


def _let_go(owner: str) -> None:
    try:
        with database.transaction() as session:
            leases.release(session, "clock", owner)
    except SQLAlchemyError:
        pass  # it runs out by itself
