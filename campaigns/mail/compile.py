"""From a Letter to its bytes: the plain, correct road that every faster one is measured against."""

import base64
import binascii
import re
from email.utils import format_datetime

from campaigns.mail import addresses, headers
from campaigns.mail.letter import HeaderProblem, Letter
from campaigns.mail.spelling import needs_base64
from campaigns.words import _

# "=_" occurs neither in quoted-printable nor in base64, so no body can contain the boundary.
BOUNDARY = "=_letter"
END = f"--{BOUNDARY}--\r\n"
_OURS = {
    *("from", "to", "cc", "bcc", "subject", "date", "message-id", "reply-to", "sender", "return-path"),
    *("received", "mime-version", "dkim-signature"),
}
_MESSAGE_ID = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~.-]+@[A-Za-z0-9.-]+")
# Where a line ends with a blank, b2a_qp makes it one or two columns longer than the 76 allowed.
_TOO_LONG = re.compile(rb"^(.{74,75})(=20|=09)$", re.MULTILINE)
_DOTS = re.compile(rb"^\.+", re.MULTILINE)


def build(letter: Letter) -> bytes:
    """The letter as multipart/alternative, text first, in CRLF lines of at most 998 bytes.

    No line begins with a dot. Raises HeaderProblem when a value can't stand in its header.
    """
    parts = [_part("plain", letter.text), _part("html", letter.html)]
    return b"".join([*head(letter), b"\r\n", *parts, END.encode()])


def needs_smtputf8(letter: Letter) -> bool:
    """Whether an address has a local part beyond ASCII, which only SMTPUTF8 servers take."""
    return not addresses.is_ascii(letter.from_address, letter.to_address, letter.reply_to)


def part_head(subtype: str, encoding: str) -> str:
    """What stands before one of the two bodies."""
    return (
        f"--{BOUNDARY}\r\n"
        f'Content-Type: text/{subtype}; charset="utf-8"\r\n'
        f"Content-Transfer-Encoding: {encoding}\r\n\r\n"
    )


def encode_body(text: str) -> tuple[str, bytes]:
    """The text's transfer encoding, and its bytes in CRLF lines.

    Quoted-printable, which Latin scripts stay readable in; base64 where a third or more is not ASCII.
    """
    raw = text.replace("\r\n", "\n").replace("\r", "\n").encode("utf-8", "replace")
    if not needs_base64(text):
        spelt = _DOTS.sub(_spelt_dots, _TOO_LONG.sub(rb"\1=\n\2", binascii.b2a_qp(raw, istext=True)))
        return "quoted-printable", spelt.replace(b"\n", b"\r\n")
    return "base64", base64.encodebytes(raw.replace(b"\n", b"\r\n")).replace(b"\n", b"\r\n").rstrip(b"\r\n")


def head(letter: Letter) -> list[bytes]:
    """The letter's header fields in their order, folded, each ending in CRLF; raises HeaderProblem."""
    fields = [
        headers.mailbox("From", letter.from_name, letter.from_address),
        headers.mailbox("To", letter.to_name, letter.to_address),
        headers.text("Subject", letter.subject),
        headers.exact("Date", format_datetime(letter.date)),
        headers.exact("Message-ID", _message_id(letter)),
    ]
    if letter.reply_to:
        fields.append(headers.mailbox("Reply-To", "", letter.reply_to))
    fields += _further(letter)
    return [
        *fields,
        headers.exact("MIME-Version", "1.0"),
        headers.exact("Content-Type", f'multipart/alternative; boundary="{BOUNDARY}"'),
    ]


def _message_id(letter: Letter) -> str:
    bare = letter.message_id.removeprefix("<").removesuffix(">")
    if not _MESSAGE_ID.fullmatch(bare):
        raise HeaderProblem(_("“%(id)s” is not a message id.", id=bare[:100]), field="Message-ID")
    return f"<{bare}>"


def _further(letter: Letter) -> list[bytes]:
    seen: set[str] = set()
    fields = []
    for name, value in letter.headers:
        lower = name.lower()
        if lower in _OURS or lower in seen or lower.startswith("content-"):
            raise HeaderProblem(
                _("The header %(name)s can't be added to this letter.", name=name[:100]), field=name
            )
        seen.add(lower)
        fields.append(headers.given(name, value))
    return fields


def _part(subtype: str, text: str) -> bytes:
    encoding, body = encode_body(text)
    return part_head(subtype, encoding).encode() + body + b"\r\n"


def _spelt_dots(found: re.Match[bytes]) -> bytes:
    """Dots at the start of a line as =2E, on lines of their own so that none becomes too long."""
    dots = len(found[0])
    return b"".join(b"=2E" * min(24, dots - at) + b"=\n" for at in range(0, dots, 24))
