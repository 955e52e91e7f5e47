"""`campaigns clock`: rings the jobs that come round by themselves; of many clocks one does."""

import os
import signal
import socket
from datetime import UTC, datetime

import click
import structlog
from apscheduler.schedulers.blocking import BlockingScheduler
from sqlalchemy.exc import SQLAlchemyError

from campaigns import database, jobs, leases, logs, tables  # noqa: F401 - tables: all models are known

log = structlog.get_logger()
_LEASE = 10  # seconds that the others wait for a clock that is gone


@click.command()
def clock() -> None:
    """Ring what is due, in the foreground; start several, one of them does it."""
    logs.configure("clock")
    owner = f"{socket.gethostname()}:{os.getpid()}"
    scheduler = BlockingScheduler(
        timezone=UTC,
        executors={"default": {"type": "threadpool", "max_workers": 1}},
        job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": None},
    )
    for job in jobs.TICKS:
        scheduler.add_job(
            ring, "interval", seconds=job.every, args=(job, owner), next_run_time=datetime.now(UTC)
        )
    for sign in (signal.SIGTERM, signal.SIGINT):
        signal.signal(sign, lambda *_: scheduler.shutdown(wait=False))
    scheduler.start()
    _let_go(owner)


def ring(job: jobs.Job, owner: str) -> bool:
    """Put the job on the queue if we are the clock; whether we were and it could be."""
    try:
        with database.transaction() as session:
            elected = leases.hold(session, "clock", owner, _LEASE)
    except SQLAlchemyError as error:
        log.warning("database away", job=job.name, error=str(error.__cause__ or error))
        return False
    return elected and jobs.send(job)


def _let_go(owner: str) -> None:
    try:
        with database.transaction() as session:
            leases.release(session, "clock", owner)
    except SQLAlchemyError:
        pass  # it runs out by itself
