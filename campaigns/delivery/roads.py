"""Roads out: open connections to the mail server, kept warm between segments, one for each that sends."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from campaigns import settings
from campaigns.mail.outcomes import NotSent
from campaigns.mail.smtp import SmtpConnection
from campaigns.mail.transport import Transport, open_transport, relay

_WARM = 20  # seconds; mail servers mind idle connections after some minutes

_lock = threading.Lock()
_idle: list[tuple[float, Any, Transport]] = []
_sweeper: threading.Timer | None = None


@contextmanager
def borrowed() -> Iterator[Transport]:
    """A connection that nobody else uses meanwhile; one that is warm when there is one."""
    asked = _asked()
    road = _warm(asked) or open_transport(settings.current())
    try:
        yield road
    except BaseException:
        road.close()
        raise
    _give_back(asked, road)


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


def _asked() -> Any:
    chosen = settings.current()
    return relay(chosen), chosen.data_dir


def _warm(asked: Any) -> Transport | None:
    with _lock:
        for at in range(len(_idle) - 1, -1, -1):
            if _idle[at][1] == asked:
                return _idle.pop(at)[2]
    return None


def _give_back(asked: Any, road: Transport) -> None:
    global _sweeper
    with _lock:
        _idle.append((time.monotonic(), asked, road))
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
        old = [entry for entry in _idle if entry[0] <= until]
        _idle[:] = [entry for entry in _idle if entry[0] > until]
    for _since, _kind, road in old:
        road.close()
