"""smtplib with a limit on how long a whole reply may take, so that a slow drip can't hold a worker."""

import smtplib
import socket
import time
from ssl import SSLContext, SSLWantReadError
from typing import Any

LONGEST_LINE = 8192
MOST_LINES = 100


class PatientSMTP(smtplib.SMTP):
    """An SMTP client whose replies must be complete within `patience` seconds."""

    def __init__(self, *args: Any, patience: float, **options: Any) -> None:
        self.patience = patience
        self._unread = bytearray()
        try:
            super().__init__(*args, **options)
        except BaseException:
            self.close()
            raise

    def _get_socket(self, *args: Any) -> socket.socket:
        made: socket.socket = super()._get_socket(*args)  # type: ignore[misc]
        # Otherwise the final dot waits for the receiver's word about the text before it: 40 ms a letter.
        made.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return made

    def starttls(self, *, context: SSLContext) -> tuple[int, bytes]:  # type: ignore[override]
        """Turn the connection into TLS; what came before it in plain text must not count after it."""
        answer = super().starttls(context=context)
        if self._unread:
            raise smtplib.SMTPServerDisconnected("plain text was sent past STARTTLS")
        return answer

    def getreply(self) -> tuple[int, bytes]:
        """The next reply's code (-1: no reply of SMTP) and text."""
        deadline = time.monotonic() + self.patience
        texts: list[bytes] = []
        for _count in range(MOST_LINES):
            line = self._line(deadline)
            code, texts = line[:3], [*texts, line[4:].strip(b" \t\r\n")]
            if not code.isdigit():
                return -1, line.strip()
            if line[3:4] != b"-":
                return int(code), b"\n".join(texts)
        raise smtplib.SMTPServerDisconnected("a reply without end")

    def push(self, data: bytes) -> tuple[int, bytes] | None:
        """Send a letter's lines; returns what the server says before it heard them all, usually nothing."""
        try:
            self._open.sendall(data)
        except ConnectionError:  # it hung up; perhaps it said why
            return self.getreply()
        return self.unasked()

    def unasked(self) -> tuple[int, bytes] | None:
        """What the server says without being asked, usually nothing; does not wait for it to begin."""
        self._open.settimeout(0)
        try:
            self._unread += self._open.recv(4096)
        except (BlockingIOError, SSLWantReadError):
            pass
        finally:
            self._open.settimeout(self.patience)
        return self.getreply() if self._unread else None

    def released(self) -> tuple[socket.socket, bytes]:
        """The socket, for somebody else to talk on, and what was heard on it and not yet read."""
        given, unread = self._open, bytes(self._unread)
        self.sock = None
        return given, unread

    @property
    def _open(self) -> socket.socket:
        if self.sock is None:
            raise smtplib.SMTPServerDisconnected("not connected")
        return self.sock

    def _line(self, deadline: float) -> bytes:
        while b"\n" not in self._unread:
            if len(self._unread) > LONGEST_LINE:
                raise smtplib.SMTPServerDisconnected("a line without end")
            self._read_more(deadline)
        line, _end, rest = bytes(self._unread).partition(b"\n")
        self._unread[:] = rest
        return line

    def _read_more(self, deadline: float) -> None:
        self._open.settimeout(max(deadline - time.monotonic(), 0.001))
        more = self._open.recv(4096)
        self._open.settimeout(self.patience)
        if not more:
            raise smtplib.SMTPServerDisconnected("closed by the server")
        self._unread += more


class PatientSMTPOverTLS(PatientSMTP, smtplib.SMTP_SSL):
    """The same, with TLS from the first byte."""
