"""What can become of one letter at a mail server: taken, put off, refused, unknown, or no server at all."""

from dataclasses import dataclass
from enum import StrEnum


class Step(StrEnum):
    """How far the talk with the server had come."""

    CONNECT = "connect"
    MAIL = "mail"
    RCPT = "rcpt"
    DATA = "data"
    BODY = "body"
    DOT = "dot"


@dataclass(frozen=True, slots=True)
class Reply:
    """The server took the letter and answers for it from now on."""

    code: int
    text: str


class NotSent(Exception):
    """The letter was not taken, or nobody knows; one of those below.

    `code` is the server's (0: none came), `enhanced` its RFC 3463 status (“5.1.1”, empty: none came).
    """

    def __init__(self, text: str, step: Step, code: int = 0, enhanced: str = "") -> None:
        super().__init__(text)
        self.text = text
        self.step = step
        self.code = code
        self.enhanced = enhanced


class TransportTrouble(NotSent):
    """The server can't be reached or serves nobody now: no fault of this recipient, safe to try again.

    `text` is a sentence for a person.
    """


class Deferred(NotSent):
    """The server says “not now” to this recipient (4xx): safe to try again later."""


class Refused(NotSent):
    """The server says “never” to this recipient or letter (5xx)."""

    @property
    def about_sender(self) -> bool:
        """Whether policy or the letter itself is what was refused (5.7.x, 5.3.4): not the address's fault."""
        return self.enhanced.startswith("5.7.") or self.enhanced == "5.3.4"


class NotSpoken(Refused):
    """The address needs SMTPUTF8 (RFC 6531), which this server does not offer."""


class Unknown(NotSent):
    """The connection was lost after the final dot and before the answer: taken or not, nobody knows."""


class HeldBack(NotSent):
    """Who sends it said, before the final dot, that it must not go: surely not taken."""
