"""Bodies spelt out: quoted-printable pieces that may stand in any order, or base64 of the whole.

Each quoted-printable piece begins with a soft line break, so whatever stood before it, its lines are
no longer than 76, none begins with a dot and none ends with a blank (RFC 2045, 6.7).
"""

import binascii
import re
from functools import lru_cache
from struct import Struct
from typing import Any

from markupsafe import escape

SOFT = "=\r\n"
WIDTH = 76  # columns, without the line break
_KEPT = 4096  # spelt values a process keeps: first names come again and again
_BEYOND_ASCII = bytes(range(128, 256))
_ODD = re.compile(rb"[^\t -<>-~]")
_LAST_BLANK = re.compile(rb"[\t ]$")
# What stands for itself in quoted-printable, on a line of its own; and in HTML besides.
_EASY = re.compile(r"(?!\.)[ -<>-~]{0,74}[!-<>-~]").fullmatch
_EASY_IN_HTML = re.compile(r"(?!\.)[ !#-%(-;?-~]{0,74}[!#-%(-;?-~]").fullmatch


def needs_base64(text: str) -> bool:
    """Whether a third or more of the text's bytes is not ASCII, so that base64 is the shorter spelling."""
    raw = text.encode("utf-8", "replace")
    return len(raw.translate(None, _BEYOND_ASCII)) * 3 <= len(raw) * 2 and bool(raw)


def one_break(text: str) -> str:
    """The text with each of its line breaks as one `\\n`."""
    return text.replace("\r\n", "\n").replace("\r", "\n") if "\r" in text else text


def quoted(text: str) -> str:
    """The text in quoted-printable, CRLF at its line breaks; it must begin a line."""
    raw = one_break(text).encode("utf-8", "replace")
    return "\r\n".join(map(_line, raw.split(b"\n")))


def based(text: str) -> str:
    """The text in base64, in lines of 76 without the last line break."""
    raw = one_break(text).replace("\n", "\r\n").encode("utf-8", "replace")
    spelt = binascii.b2a_base64(raw, newline=False)
    whole = len(spelt) // WIDTH
    lines = [*_cutter(whole).unpack_from(spelt), spelt[whole * WIDTH :]] if whole else [spelt]
    return b"\r\n".join(lines).rstrip(b"\r\n").decode("ascii")


class Quoted:
    """Pieces in quoted-printable; the merge values of HTML are escaped."""

    before_mark = SOFT  # what stands before something that is put in as it is, such as a token

    def __init__(self, *, in_html: bool) -> None:
        self._in_html = in_html
        self._is_easy = _EASY_IN_HTML if in_html else _EASY
        self._spell = lru_cache(maxsize=_KEPT)(self._spelt)

    def fixed(self, text: str) -> str:
        """Text of the letter itself, ready for what may follow it."""
        return SOFT + quoted(text)

    def value(self, value: str) -> str:
        """A merge value."""
        if type(value) is not str:  # marked as HTML
            return self.fixed(value)
        if self._is_easy(value):
            return SOFT + value
        return self._spell(value) if value else ""

    def _spelt(self, value: str) -> str:
        return SOFT + quoted(str(escape(value)) if self._in_html else value)


class Bare:
    """Pieces as they are, for what is spelt as a whole: base64, and headers."""

    before_mark = ""

    def __init__(self, *, in_html: bool) -> None:
        self._in_html = in_html

    def fixed(self, text: str) -> str:
        """Text of the letter itself."""
        return text

    def value(self, value: str) -> str:
        """A merge value."""
        return str(escape(value)) if self._in_html else str(value)


Spelling = Quoted | Bare


def _line(line: bytes) -> str:
    """One line, its odd bytes as =XX, folded by soft breaks."""
    spelt = _LAST_BLANK.sub(_hex, _ODD.sub(_hex, line)).decode("ascii")
    folded: list[str] = []
    while True:
        if spelt.startswith("."):
            spelt = "=2E" + spelt[1:]
        if len(spelt) < WIDTH:  # one column stays free for the next piece's soft break
            return "".join([*folded, spelt])
        at = spelt.find("=", WIDTH - 3, WIDTH - 1)
        at = WIDTH - 1 if at < 0 else at
        folded.append(spelt[:at] + SOFT)
        spelt = spelt[at:]


def _hex(found: Any) -> bytes:
    return b"=%02X" % found[0][0]


@lru_cache(maxsize=1000)
def _cutter(lines: int) -> Struct:
    return Struct(f"{WIDTH}s" * lines)
