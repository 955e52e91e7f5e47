"""Closing: what is left to do of a part after its last letter, done while the next part is being sent."""

import threading
import time
from collections.abc import Callable

import structlog

log = structlog.get_logger()
_MOST_ASIDE = 8  # threads


class Closer:
    """Does one thing after the other in a thread of its own; who is too quick waits for the one before.

    What takes long because a server does has a thread for itself.
    """

    def __init__(self) -> None:
        self._thread: threading.Thread | None = None
        self._aside: list[threading.Thread] = []

    def close(self, work: Callable[[], None]) -> None:
        """Do this in the background; what fails is logged, and found again in the database."""
        if self._thread is not None:
            self._thread.join()
        self._thread = self._begin(work, "closing")

    @property
    def has_room(self) -> bool:
        """Whether one more may be done `aside`."""
        self._aside = [thread for thread in self._aside if thread.is_alive()]
        return len(self._aside) < _MOST_ASIDE

    def aside(self, work: Callable[[], None]) -> None:
        """Do this in the background, and let nobody wait for it."""
        self._aside.append(self._begin(work, "aside"))

    def wait(self, seconds: float | None = None) -> None:
        """Until everything is done, or for so long."""
        until = None if seconds is None else time.monotonic() + seconds
        for thread in (self._thread, *self._aside):
            if thread is not None:
                thread.join(until and max(until - time.monotonic(), 0))

    def _begin(self, work: Callable[[], None], name: str) -> threading.Thread:
        thread = threading.Thread(target=self._do, args=(work,), name=name, daemon=True)
        thread.start()
        return thread

    def _do(self, work: Callable[[], None]) -> None:
        try:
            work()
        except Exception:
            log.exception("part not closed")
