"""From a Letter to its bytes: the plain, correct road that every faster one is measured against."""

from campaigns.mail.letter import Letter


def build(letter: Letter) -> bytes:
    """The letter as multipart/alternative, text first, in CRLF lines of at most 998 bytes.

    Raises HeaderProblem when a value can't stand in its header. Dots are stuffed by the transport.
    """
    raise NotImplementedError


def needs_smtputf8(letter: Letter) -> bool:
    """Whether an address has a local part beyond ASCII, which only SMTPUTF8 servers take."""
    raise NotImplementedError
