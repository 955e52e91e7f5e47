"""A connection on which nothing waits: writes what the kernel takes, reads whole replies as they come."""

import selectors
import smtplib
import socket
import ssl
import time
from abc import ABC, abstractmethod
from contextlib import suppress

from campaigns.mail.patience import LONGEST_LINE, MOST_LINES

_NOT_YET = (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError)
_AT_ONCE = 65536


class Wire(ABC):
    """A socket, plain or TLS; whoever waits on the socket calls `happened`.

    `deadline` (monotonic) is when the text must be written or the next reply be complete.
    """

    __slots__ = ("_asked", "_out", "_texts", "_tls", "_unread", "_waiting", "deadline", "over", "sock")

    def __init__(self, sock: socket.socket) -> None:
        sock.setblocking(False)
        self.sock = sock
        self.over = False
        self.deadline = 0.0
        self._tls = isinstance(sock, ssl.SSLSocket)
        self._unread = b""
        self._texts: list[bytes] = []  # of the lines of a reply so far
        self._asked = 0  # how many bytes were given to _write
        self._out = memoryview(b"")  # those of them that the kernel did not take yet
        self._waiting = False  # for the kernel to take more

    def happened(self, events: int) -> None:
        """Write and read what can be written and read now."""
        if self._out:
            self._flush()
        if events & selectors.EVENT_READ and not self.over:
            self.listen()

    def listen(self) -> None:
        """Take in what the server says."""
        try:
            heard = self.sock.recv(_AT_ONCE)
            while self._tls and self.sock.pending():  # type: ignore[attr-defined]
                heard += self.sock.recv(_AT_ONCE)
        except _NOT_YET:
            return
        except OSError as error:
            self.lose(error)
            return
        if heard:
            self._hear(heard)
        else:
            self.lose(closed("closed by the server"))

    def say_goodbye(self) -> None:
        """Say QUIT; the answer comes later, if it comes."""
        with suppress(OSError):
            self.sock.send(b"QUIT\r\n")

    def drop(self, until: float = 0.0) -> None:
        """Close the connection; before that, wait for the server's last reply until then."""
        self.over = True
        with suppress(OSError):
            self.sock.settimeout(max(until - time.monotonic(), 0))
            self.sock.recv(_AT_ONCE)
        self.sock.close()

    @abstractmethod
    def lose(self, error: OSError) -> None:
        """The connection is over, for this reason."""

    @abstractmethod
    def _reply(self, code: int, text: bytes) -> None:
        """One reply has come; code -1: it is no reply of SMTP."""

    @abstractmethod
    def _heard(self) -> None:
        """All replies that have come so far were given to `_reply`."""

    @abstractmethod
    def _patience(self) -> float:
        """How many seconds the next reply may take, or what is to be written."""

    @abstractmethod
    def _watch(self, writing: bool) -> None:
        """Whether `happened` must be called when more can be written."""

    @property
    def _midway(self) -> bool:
        """Whether the server has begun a reply and not ended it."""
        return bool(self._unread or self._texts)

    def _hear(self, heard: bytes) -> None:
        *lines, self._unread = (self._unread + heard).split(b"\n")
        for line in lines:
            code = line[:3]
            if len(line) > LONGEST_LINE:
                self.lose(closed("a line without end"))
            elif not code.isdigit():
                self._texts.clear()
                self._reply(-1, line.strip())
            elif line[3:4] == b"-":
                self._texts.append(line[4:].strip())
                if len(self._texts) >= MOST_LINES:
                    self.lose(closed("a reply without end"))
            elif self._texts:
                text = b"\n".join([*self._texts, line[4:].strip()])
                self._texts.clear()
                self._reply(int(code), text)
            else:
                self._reply(int(code), line[4:].strip())
            if self.over:
                return
        if len(self._unread) > LONGEST_LINE:
            self.lose(closed("a line without end"))
            return
        if lines and not self._texts and not self._out:
            self.deadline = time.monotonic() + self._patience()
        self._heard()

    def _write(self, *pieces: bytes) -> None:
        """Write in one go; what the kernel doesn't take now follows when it does."""
        size = sum(map(len, pieces))
        self._asked += size
        try:
            if self._out or self._tls:
                self._out = memoryview(b"".join([self._out, *pieces]))
                self._push()
            elif (sent := self._sent(pieces)) < size:
                self._out = memoryview(b"".join(pieces))[sent:]
        except OSError as error:
            self._out = self._out or memoryview(b"".join(pieces))
            self._last_words(error)
            return
        if bool(self._out) != self._waiting:
            self._wait(not self._waiting)
        self.deadline = time.monotonic() + self._patience()

    def _flush(self) -> None:
        try:
            self._push()
        except OSError as error:
            self._last_words(error)
            return
        if not self._out:
            self._wait(False)
            self.deadline = time.monotonic() + self._patience()

    def _push(self) -> None:
        with suppress(*_NOT_YET):
            while self._out:
                self._out = self._out[self.sock.send(self._out) :]

    def _sent(self, pieces: tuple[bytes, ...]) -> int:
        try:
            return self.sock.sendmsg(pieces)
        except BlockingIOError:
            return 0

    def _wait(self, waiting: bool) -> None:
        self._waiting = waiting
        self._watch(waiting)

    def _last_words(self, error: OSError) -> None:
        """Nothing can be written any more; perhaps the server said why."""
        self.listen()
        if not self.over:
            self.lose(error)


def closed(how: str) -> OSError:
    """The error of a connection that the server closed, or that must not go on."""
    return smtplib.SMTPServerDisconnected(how)
