"""Closing: what is left to do of a part after its last letter, done while the next part is being sent."""

import threading
from collections.abc import Callable

import structlog

log = structlog.get_logger()


class Closer:
    """Does one thing after the other in a thread of its own; who is too quick waits for the one before."""

    def __init__(self) -> None:
        self._thread: threading.Thread | None = None

    def close(self, work: Callable[[], None]) -> None:
        """Do this in the background; what fails is logged, and found again in the database."""
        self.wait()
        self._thread = threading.Thread(target=self._do, args=(work,), name="closing", daemon=True)
        self._thread.start()

    def wait(self, seconds: float | None = None) -> None:
        """Until everything is done, or for so long."""
        if self._thread is not None:
            self._thread.join(seconds)

    def _do(self, work: Callable[[], None]) -> None:
        try:
            work()
        except Exception:
            log.exception("part not closed")
