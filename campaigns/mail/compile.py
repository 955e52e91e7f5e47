"""From a Letter to its bytes: the plain, correct road that every faster one is measured against."""

import base64
import binascii
import re
from email.utils import format_datetime

from campaigns.mail import addresses, headers
from campaigns.mail.letter import HeaderProblem, Letter
from campaigns.words import _

# "=_" occurs neither in quoted-printable nor in base64, so no body can contain the boundary.
BOUNDARY = "=_letter"
_OURS = {
    *("from", "to", "cc", "bcc", "subject", "date", "message-id", "reply-to", "sender", "return-path"),
    *("received", "mime-version", "dkim-signature"),
}
_MESSAGE_ID = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~.-]+@[A-Za-z0-9.-]+")
_BEYOND_ASCII = bytes(range(128, 256))


def build(letter: Letter) -> bytes:
    """The letter as multipart/alternative, text first, in CRLF lines of at most 998 bytes.

    Raises HeaderProblem when a value can't stand in its header. Dots are stuffed by the transport.
    """
    return b"".join(
        [
            *_head(letter),
            b"\r\n",
            _part("plain", letter.text),
            _part("html", letter.html),
            f"--{BOUNDARY}--\r\n".encode(),
        ]
    )


def needs_smtputf8(letter: Letter) -> bool:
    """Whether an address has a local part beyond ASCII, which only SMTPUTF8 servers take."""
    return not addresses.is_ascii(letter.from_address, letter.to_address, letter.reply_to)


def encode_body(text: str) -> tuple[str, bytes]:
    """The text's transfer encoding, and its bytes in CRLF lines.

    Quoted-printable, which Latin scripts stay readable in; base64 where a third or more is not ASCII.
    """
    raw = text.replace("\r\n", "\n").replace("\r", "\n").encode("utf-8", "replace")
    if len(raw.translate(None, _BEYOND_ASCII)) * 3 > len(raw) * 2 or not raw:
        return "quoted-printable", binascii.b2a_qp(raw, istext=True).replace(b"\n", b"\r\n")
    return "base64", base64.encodebytes(raw.replace(b"\n", b"\r\n")).replace(b"\n", b"\r\n").rstrip(b"\r\n")


def _head(letter: Letter) -> list[bytes]:
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
    head = (
        f"--{BOUNDARY}\r\n"
        f'Content-Type: text/{subtype}; charset="utf-8"\r\n'
        f"Content-Transfer-Encoding: {encoding}\r\n\r\n"
    )
    return head.encode() + body + b"\r\n"
