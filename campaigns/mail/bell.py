"""A bell that wakes a thread waiting on its sockets."""

import socket
from contextlib import suppress


class Bell:
    """Wait on it as on a socket; whoever rings may be any thread."""

    def __init__(self) -> None:
        self._bell, self._button = socket.socketpair()
        self._bell.setblocking(False)
        self._button.setblocking(False)

    def fileno(self) -> int:
        """What to wait on; -1 once it is closed."""
        return self._bell.fileno()

    def ring(self) -> None:
        """Wake whoever waits."""
        with suppress(OSError):  # rung often enough already, or closed
            self._button.send(b"\0")

    def heard(self) -> None:
        """Be quiet until it is rung again."""
        with suppress(BlockingIOError):
            while self._bell.recv(4096):
                pass

    def close(self) -> None:
        """Never ring again."""
        self._bell.close()
        self._button.close()
