"""The talk on one connection: which replies are awaited, for which letters, and what they mean.

In steady state a letter takes one flight (PIPELINING, RFC 2920): the text of this letter and its final
dot, then MAIL, RCPT and DATA of the next; the replies are read as they come. Where the server does not
offer that, one command waits for the other. CHUNKING (RFC 3030) is left out: where a letter takes one
flight already it saves no round trip, and servers get it wrong more often.
"""

import socket
import ssl
import time
from collections.abc import Callable
from typing import Protocol

from campaigns.mail import answers, envelope, troubles
from campaigns.mail.outcomes import HeldBack, NotSent, Reply, Step, Unknown
from campaigns.mail.roads import Parcel
from campaigns.mail.smtp import Relay
from campaigns.mail.wire import Wire, closed

_NOTHING, _RSET, _MAIL, _RCPT, _DATA, _LONE_DOT, _TEXT, _DOT = range(8)  # what comes next
_STEPS = (Step.MAIL, Step.MAIL, Step.MAIL, Step.RCPT, Step.DATA, Step.DATA, Step.BODY, Step.MAIL)
_YES = (None, 2, 2, 2, 3, 2, None, 2)  # how a reply begins that says yes
_END = b".\r\n"


class Desk(Protocol):
    """Where a talk asks for letters and tells what became of them."""

    def next_for(self, talk: "Talk") -> Parcel | None:
        """The next letter, which the talk has prepared; None: nothing now."""

    def may_go(self, parcel: Parcel) -> bool:
        """Whether this letter's final dot may go."""

    def settle(self, parcel: Parcel, outcome: Reply | NotSent) -> None:
        """What became of this letter."""

    def spare(self, parcel: Parcel, trouble: NotSent, talk: "Talk") -> None:
        """The connection was over when MAIL was asked on it for this letter."""

    def put_back(self, parcel: Parcel) -> None:
        """Not a word was said about this letter."""

    def works(self, talk: "Talk") -> None:
        """The server accepts letters on this connection."""

    def watch(self, talk: "Talk", writing: bool) -> None:
        """Whether the talk must be told when more can be written."""

    def rests(self, talk: "Talk") -> None:
        """This connection has nothing to do."""

    def gone(self, talk: "Talk") -> None:
        """This connection is over."""


class Talk(Wire):
    """One warm connection, for one letter after the other."""

    __slots__ = (
        "_coming", "_commands", "_dot_at", "_due", "_half_done", "_later", "_letter", "_next", "_no",
        "_offered", "_relay", "desk", "fresh", "idle_since",
    )  # fmt: skip

    def __init__(self, desk: Desk, relay: Relay, sock: socket.socket, offered: envelope.Offered) -> None:
        super().__init__(sock)
        self.fresh = True  # no sender was accepted on it so far
        self.idle_since = time.monotonic()
        self.desk = desk
        self._relay = relay
        self._offered = offered
        self._next = _NOTHING
        self._letter: Parcel | None = None  # its text is being sent, or its dot answered
        self._dot_at = 0  # how many bytes come before that dot, counted from the first of the connection
        self._coming: Parcel | None = None  # its envelope is being asked about
        self._no: NotSent | None = None  # the first no to it
        self._commands = b""
        self._later: list[bytes] = []  # commands that wait for a reply, last first
        self._due = b""  # what is said when all that was heard is understood
        self._half_done = False  # a transaction was begun and refused: RSET before the next

    @property
    def busy(self) -> bool:
        """Whether a reply is awaited."""
        return self._next != _NOTHING

    def prepare(self, parcel: Parcel) -> None:
        """Find the commands for the letter that comes next; raises NotSent where it can't be asked about."""
        sender = envelope.sender(parcel.envelope_from)
        to = envelope.recipient(parcel.to)
        first = envelope.mail_from(self._offered, sender, to, parcel.raw, parcel.envelope_id)
        self._commands = f"{first}\r\n{envelope.rcpt_to(to)}\r\nDATA\r\n".encode()

    def begin(self, parcel: Parcel) -> None:
        """Ask about the envelope of the prepared letter, on a connection that rests."""
        said = self._commands
        self._coming, self._next = parcel, _MAIL
        if self._half_done:
            self._half_done, self._next, said = False, _RSET, b"RSET\r\n" + said
        if not self._offered.pipelining:
            said, *later = said.splitlines(keepends=True)
            self._later = later[::-1]
        self._write(said)

    def lose(self, error: OSError) -> None:
        """The connection is over; the letters on it are told so."""
        self._end(lambda step: self._lost(error, step))

    def _reply(self, code: int, text: bytes) -> None:
        awaited = self._next
        if awaited == _DOT:
            self._dot_answered(code, text)
        elif code // 100 == _YES[awaited] and not self._due:
            self._agreed(awaited)
        elif awaited in (_MAIL, _RCPT, _DATA) and not self._due:
            self._refused(code, text)
        elif awaited == _LONE_DOT and not answers.ends(code):
            self._envelope_over()
        else:  # nobody asked, or RSET is refused
            self._end(lambda step: answers.meaning(self._where, step, code, text))

    def _heard(self) -> None:
        if self._due:
            due, self._due = self._due, b""
            self._write(due)
        elif self._next == _NOTHING:
            if self._midway:
                self.lose(closed("more was said than was asked"))
            else:
                self.desk.rests(self)
        elif self._next == _TEXT and not self._midway:
            self._send_text()

    def _agreed(self, awaited: int) -> None:
        """The server says yes to RSET, MAIL, RCPT, DATA or a lone dot."""
        if awaited == _LONE_DOT:
            self._envelope_over()
            return
        if awaited == _DATA and self._no:  # nobody is to get it: no text, but an end (RFC 2920, 3.1)
            self._next, self._half_done, self._due = _LONE_DOT, False, _END
            return
        self._next = awaited + 1
        if awaited == _DATA:
            self._next, self._letter, self._coming = _TEXT, self._coming, None
        elif awaited == _MAIL and self.fresh:
            self.fresh = False
            self.desk.works(self)
        if self._later:
            self._due = self._later.pop()

    def _refused(self, code: int, text: bytes) -> None:
        """The server says no to MAIL, RCPT or DATA; what is asked already is answered all the same."""
        awaited = self._next
        if answers.ends(code):
            self._end(lambda step: answers.meaning(self._where, step, code, text))
            return
        if self._no is None:
            self._no = answers.meaning(self._where, _STEPS[awaited], code, text)
        self._half_done = True
        if awaited == _DATA or self._later:
            self._envelope_over()
        else:
            self._next = awaited + 1

    def _envelope_over(self) -> None:
        parcel, no, self._coming, self._no = self._coming, self._no, None, None
        self._later.clear()
        self._next = _NOTHING
        if parcel and no:
            self.desk.settle(parcel, no)

    def _send_text(self) -> None:
        """Send the letter whose envelope was accepted, and ask about the next in the same flight."""
        letter = self._letter
        assert letter
        self._coming = self.desk.next_for(self) if self._offered.pipelining else None
        if not self.desk.may_go(letter):
            self._end(lambda step: HeldBack("", step))
            return
        text = letter.raw if letter.raw.endswith(b"\r\n") else letter.raw + b"\r\n"
        self._next = _DOT
        self._dot_at = self._asked + len(text)
        self._write(text, _END + self._commands if self._coming else _END)

    def _dot_answered(self, code: int, text: bytes) -> None:
        if (answers.ends(code) and code // 100 != 2) or not self._dot_given:
            self._end(lambda step: answers.meaning(self._where, step, code, text))
            return
        letter, self._letter = self._letter, None
        self._next = _MAIL if self._coming else _NOTHING
        assert letter
        if code // 100 == 2:
            self.desk.settle(letter, Reply(code, troubles.readable(text)))
        else:
            self.desk.settle(letter, answers.meaning(self._where, Step.DOT, code, text))

    def _end(self, outcome: Callable[[Step], NotSent]) -> None:
        """The connection is over: each letter on it has the outcome that this has at its step."""
        awaited, letter, coming, no = self._next, self._letter, self._coming, self._no
        self.over, self._next = True, _NOTHING
        self._letter = self._coming = self._no = None
        self.desk.gone(self)
        self.sock.close()
        if letter and not (awaited == _DOT and self._dot_given):
            self.desk.settle(letter, outcome(Step.BODY))
            if coming:
                self.desk.put_back(coming)
            return
        if letter:
            self.desk.settle(letter, outcome(Step.DOT))
        if coming and no:
            self.desk.settle(coming, no)
        elif coming and awaited in (_RSET, _MAIL):
            self.desk.spare(coming, outcome(Step.MAIL), self)
        elif coming:
            self.desk.settle(coming, outcome(_STEPS[awaited]))

    @property
    def _dot_given(self) -> bool:
        """Whether the kernel has the letter's final dot, so that the server may have it too."""
        return self._asked - len(self._out) > self._dot_at

    @property
    def _where(self) -> str:
        return f"{self._relay.host}:{self._relay.port}"

    def _lost(self, error: OSError, step: Step) -> NotSent:
        if isinstance(error, ssl.SSLError):  # TLS was agreed on, so this is only how it ended
            error = closed("closed within TLS")
        trouble = answers.unreachable(error, self._relay.host, self._relay.port, step)
        return Unknown(trouble.text, step) if step == Step.DOT else trouble

    def _patience(self) -> float:
        in_dot = self._next == _DOT and not self._out
        return self._relay.dot_timeout if in_dot else self._relay.command_timeout

    def _watch(self, writing: bool) -> None:
        self.desk.watch(self, writing)
