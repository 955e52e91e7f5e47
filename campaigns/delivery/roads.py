"""Roads out: the open connections to the mail server, kept warm between segments."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from campaigns import settings
from campaigns.mail.fleet import Fleet, open_fleet
from campaigns.mail.outcomes import NotSent
from campaigns.mail.smtp import SmtpConnection
from campaigns.mail.transport import open_transport, relay

_WARM = 20  # seconds; mail servers mind idle connections after some minutes

_lock = threading.Lock()
_idle: list["Road"] = []
_sweeper: threading.Timer | None = None


@dataclass
class Road:
    """Connections that one run at a time sends over.

    `allowed` letters may be on the wire at once: one until the first is answered, then more with each
    answer, and one again after trouble, so that a server that fails costs one letter its certainty and
    not one a connection.
    """

    fleet: Fleet
    asked: Any
    most: int
    allowed: int = 1
    rate: float = 0  # letters a second that the last run came to
    since: float = 0

    def fine(self) -> None:
        """A letter was answered."""
        self.allowed = min(self.allowed + 1, self.most)

    def trouble(self) -> None:
        """A connection failed."""
        self.allowed = 1

    def split(self) -> "Road | None":
        """A road of the connections on which answers are awaited; None when too few others would be left."""
        busy = self.fleet.split()
        return Road(busy, self.asked, self.most) if busy else None


@contextmanager
def borrowed() -> Iterator[Road]:
    """A road that nobody else uses meanwhile; one that is warm when there is one."""
    chosen = settings.current()
    asked = (relay(chosen), chosen.data_dir)
    most = chosen.sending.connections
    road = _warm(asked) or Road(open_fleet(chosen, most), asked, most)
    try:
        yield road
    except BaseException:
        road.fleet.close()
        raise
    _give_back(road)


def relay_answers() -> bool:
    """Whether the mail server can be reached and lets us in; captured mail always can."""
    road = open_transport(settings.current())
    if not isinstance(road, SmtpConnection):
        return True
    try:
        road.connect()
    except NotSent:
        return False
    road.close()
    return True


def close_all() -> None:
    """Say goodbye on all idle connections."""
    _close_idle(0)


def _warm(asked: Any) -> Road | None:
    with _lock:
        for at in range(len(_idle) - 1, -1, -1):
            if _idle[at].asked == asked:
                return _idle.pop(at)
    return None


def _give_back(road: Road) -> None:
    global _sweeper
    with _lock:
        road.since = time.monotonic()
        _idle.append(road)
        if _sweeper is None:
            _sweeper = threading.Timer(_WARM, _sweep)
            _sweeper.daemon = True
            _sweeper.start()


def _sweep() -> None:
    global _sweeper
    _close_idle(_WARM)
    with _lock:
        _sweeper = None
        if _idle:
            _sweeper = threading.Timer(_WARM, _sweep)
            _sweeper.daemon = True
            _sweeper.start()


def _close_idle(seconds: float) -> None:
    until = time.monotonic() - seconds
    with _lock:
        old = [road for road in _idle if road.since <= until]
        _idle[:] = [road for road in _idle if road.since > until]
    for road in old:
        road.fleet.close()
