"""Patience: with a database that is away for a moment, and the clock that leases are kept by."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

import sqlalchemy as sa
import structlog

log = structlog.get_logger()
T = TypeVar("T")
AWAY = (sa.exc.OperationalError, sa.exc.InterfaceError)  # the database can't be reached, or is locked
_PATIENCE = 60  # seconds to wait for a database that is away, holding results


def clock() -> float:
    """Seconds that also pass while the machine sleeps; leases are measured by it."""
    return time.clock_gettime(_CLOCK)


_CLOCK = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)


def patiently(work: Callable[[], T]) -> T:
    """Do it again while the database is away; what is held in memory outlasts a restart of it."""
    until = time.monotonic() + _PATIENCE
    while True:
        try:
            return work()
        except AWAY as error:
            if time.monotonic() > until:
                raise
            log.warning("database away", error=str(error.orig))
            time.sleep(0.5)


@contextmanager
def going_on() -> Iterator[None]:
    """For what can wait: should the database be away, the letters on the wire still get their answers."""
    try:
        yield
    except AWAY as error:
        log.warning("database away", error=str(error.orig))
