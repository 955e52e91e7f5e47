"""What a finished letter's bytes say, for showing it."""

import email
import re
from dataclasses import dataclass
from email.errors import HeaderParseError
from email.header import decode_header
from email.message import Message
from functools import cache


@dataclass(frozen=True, slots=True)
class Opened:
    """A letter taken apart: its headers in order, decoded, and its two bodies (empty where it has none)."""

    headers: list[tuple[str, str]]
    html: str
    text: str

    def header(self, name: str) -> str:
        """The first header of that name, else nothing."""
        return next((value for key, value in self.headers if key.lower() == name.lower()), "")


def opened(raw: bytes) -> Opened:
    """The letter taken apart; what can't be read comes out as far as it can."""
    message = email.message_from_bytes(raw)
    bodies = {"text/plain": "", "text/html": ""}
    for part in message.walk():
        kind = part.get_content_type()
        if kind in bodies and not bodies[kind] and part.get_filename() is None:
            bodies[kind] = _decoded(part)
    return Opened(
        headers=[(name, readable(str(value))) for name, value in message.items()],
        html=bodies["text/html"],
        text=bodies["text/plain"],
    )


def field(raw: bytes, name: str) -> str:
    """One header of a letter, decoded, without parsing the rest; empty where there is none."""
    found = _pattern(name).search(raw.partition(b"\r\n\r\n")[0])
    return readable(found[1].decode("utf-8", "replace")) if found else ""


def readable(value: str) -> str:
    """A header's value in one line with its encoded words (RFC 2047) as text."""
    unfolded = re.sub(r"\r?\n(?=[ \t])", "", value).strip()
    if "=?" not in unfolded:
        return unfolded
    try:
        parts = decode_header(unfolded)
        return "".join(
            part.decode(charset or "latin-1") if isinstance(part, bytes) else part for part, charset in parts
        )
    except (LookupError, ValueError, HeaderParseError):
        return unfolded


def _decoded(part: Message) -> str:
    body = part.get_payload(decode=True)
    if not isinstance(body, bytes):
        return ""
    try:
        return body.decode(part.get_content_charset("utf-8"), "replace")
    except LookupError:
        return body.decode("utf-8", "replace")


@cache
def _pattern(name: str) -> re.Pattern[bytes]:
    return re.compile(
        rb"^" + re.escape(name.encode()) + rb":[ \t]*([^\r\n]*(?:\r\n[ \t][^\r\n]*)*)",
        re.MULTILINE | re.IGNORECASE,
    )
