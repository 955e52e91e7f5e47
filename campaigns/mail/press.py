"""The header of one campaign's letters: what all have in common is made once, with its form for signing."""

import re
import time
from collections.abc import Sequence
from dataclasses import replace
from email.utils import formatdate
from functools import lru_cache

from campaigns.mail import compile, dkim, headers
from campaigns.mail.addresses import on_wire
from campaigns.mail.letter import Letter

# Stands for the tokens while the fields are made; as long as the longest, so that the same fields fold.
TOKEN = "token-of-one-letter".ljust(40, "-")
_ATOM = r"[A-Za-z0-9!#$%&'*+/?^_`{|}~-]+"
_IS_BARE_NAME = re.compile(rf"{_ATOM}(?: {_ATOM})*").fullmatch
_BARE_LENGTH = headers.WIDTH - len("To:  <>")  # of name and address that stand on one line as they are
_SUBJECT_LENGTH = headers.WIDTH - len("Subject: ")
_EACH = ("to", "subject", "date")

Field = tuple[str, str]  # as it is written, and in its relaxed form (RFC 6376, 3.4.2)


class Head:
    """Fills in the header for one letter after another."""

    def __init__(self, sample: Letter) -> None:
        """`sample` is any letter of the campaign, with TOKEN where each has a token of its own.

        Raises HeaderProblem as `compile.build` does.
        """
        fields = [_field(raw) for raw in compile.head(replace(sample, subject="", to_name=""))]
        named = {form.partition(":")[0]: (raw, form) for raw, form in fields}
        self.names = [name for name in dkim.SIGNED if name in named]
        self._from = named["from"]
        self._written = _around([raw for name, (raw, _form) in named.items() if name not in ("from", *_EACH)])
        rest = [name for name in self.names if name not in ("from", *_EACH)]
        self._signed = _around([named[name][1] for name in rest])
        self._date = (0, ("", ""))

    def fill(self, to: Field, subject: Field, message: str, unsubscribe: str) -> tuple[bytes, bytes]:
        """The header with its empty line; and the fields to be signed, relaxed, in the order of `names`."""
        date = self._dated()
        one, two, three, four = self._written
        own = f"{to[0]}{subject[0]}{date[0]}{one}{message}{two}{unsubscribe}{three}{unsubscribe}{four}\r\n"
        head = self._from[0] + own
        one, two, three, four = self._signed
        own = f"{to[1]}{subject[1]}{date[1]}{one}{message}{two}{unsubscribe}{three}{unsubscribe}{four}"
        return head.encode(), (self._from[1] + own).encode()

    def _dated(self) -> Field:
        second, field = self._date
        at = int(time.time())
        if second != at:
            said = formatdate(at).replace("-0000", "+0000")
            field = f"Date: {said}\r\n", f"date:{said}\r\n"
            self._date = (at, field)
        return field


def to(display: str, address: str) -> Field:
    """The To field; raises HeaderProblem."""
    if len(display) + len(address) <= _BARE_LENGTH and _IS_BARE_NAME(display):
        said = f"{display} <{on_wire(address)}>"
        return f"To: {said}\r\n", f"to:{said}\r\n"
    return _field(headers.mailbox("To", display, address))


@lru_cache(maxsize=256)
def subject(line: str) -> Field:
    """The Subject field of what is one line already."""
    if len(line) <= _SUBJECT_LENGTH and line.isascii() and line.isprintable() and "=?" not in line and line:
        return f"Subject: {line}\r\n", f"subject:{line}\r\n"
    return _field(headers.text("Subject", line))


def _field(raw: bytes) -> Field:
    """A field of ours, which is folded at single blanks and nowhere else."""
    written = raw.decode()
    name, _colon, value = written[:-2].replace("\r\n ", " ").partition(":")
    return written, f"{name.lower()}:{value.strip()}\r\n"


def _around(fields: Sequence[str]) -> list[str]:
    """The fields as one text, cut where tokens stand."""
    return "".join(fields).split(TOKEN)
