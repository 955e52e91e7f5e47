"""Connections are opened aside, each in a short-lived thread, so that a slow server holds up nobody."""

import queue
import socket
import threading
from collections.abc import Callable, Iterator

from campaigns.mail import smtp
from campaigns.mail.envelope import Offered
from campaigns.mail.smtp import Relay
from campaigns.mail.wire import closed

Opened = tuple[socket.socket, Offered]


class Opener:
    """Opens connections to one mail server; `ring` is called, from any thread, when one is done."""

    def __init__(self, relay: Relay, ring: Callable[[], None]) -> None:
        self.running = 0  # how many are being opened
        self._relay = relay
        self._ring = ring
        self._wanted = True
        self._done: queue.SimpleQueue[Opened | Exception] = queue.SimpleQueue()

    def begin(self) -> None:
        """Start to open one more."""
        self.running += 1
        threading.Thread(target=self._open, name="opening a connection", daemon=True).start()

    def results(self) -> Iterator[Opened | OSError]:
        """What came of those that are done; an error that is no trouble with the server is raised."""
        for found in self._drained():
            self.running -= 1
            if isinstance(found, Exception) and not isinstance(found, OSError):
                raise found
            yield found

    def forget(self) -> None:
        """Nobody waits any more: what was opened is closed, and what will be too."""
        self._wanted = False
        for found in self._drained():
            if not isinstance(found, Exception):
                found[0].close()

    def _open(self) -> None:
        try:
            client = smtp.opened(self._relay)
            offered = Offered.by(client)
            sock, unread = client.released()
            if unread:
                sock.close()
                raise closed("more was said than was asked")
            self._done.put((sock, offered))
        except Exception as error:
            self._done.put(error)
        if self._wanted:
            self._ring()
        else:
            self.forget()

    def _drained(self) -> Iterator[Opened | Exception]:
        while True:
            try:
                yield self._done.get_nowait()
            except queue.Empty:
                return
