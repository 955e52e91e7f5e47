"""The envelope of a letter as SMTP says it: MAIL FROM and RCPT TO, as far as the server understands them."""

import smtplib
from dataclasses import dataclass
from typing import Self

from campaigns.mail.addresses import on_wire
from campaigns.mail.letter import HeaderProblem
from campaigns.mail.outcomes import NotSpoken, Refused, Step, TransportTrouble
from campaigns.words import _


@dataclass(frozen=True, slots=True)
class Offered:
    """What a mail server says that it can do (its answer to EHLO)."""

    pipelining: bool = False
    size: bool = False
    eight_bit: bool = False
    utf8: bool = False
    dsn: bool = False

    @classmethod
    def by(cls, client: smtplib.SMTP) -> Self:
        """What the server at the other end of this connection offers; nothing where it only knows HELO."""
        names = ("pipelining", "size", "8bitmime", "smtputf8", "dsn")
        return cls(*(client.has_extn(name) for name in names))


def sender(address: str) -> str:
    """The envelope's sender as it goes on the wire; one that can't is trouble of our own."""
    try:
        return on_wire(address) if address else ""
    except HeaderProblem as problem:
        raise TransportTrouble(problem.message, Step.MAIL, 553, "5.1.7") from problem


def recipient(address: str) -> str:
    """The recipient as it goes on the wire; raises Refused when it is no address."""
    try:
        return on_wire(address)
    except HeaderProblem as problem:
        raise Refused(problem.message, Step.RCPT, 553, "5.1.3") from problem


def mail_from(offered: Offered, sender: str, recipient: str, raw: bytes, envelope_id: str) -> str:
    """MAIL FROM with what the server offers beside the address.

    Raises NotSpoken when this letter needs SMTPUTF8 (RFC 6531) and the server does not offer it.
    """
    words = [f"MAIL FROM:<{sender}>"]
    if offered.size:
        words.append(f"SIZE={len(raw)}")
    plain = raw.isascii()
    if offered.eight_bit and not plain:
        words.append("BODY=8BITMIME")
    in_ascii = sender.isascii() and recipient.isascii()
    if not in_ascii or not (plain or raw.partition(b"\r\n\r\n")[0].isascii()):
        if not offered.utf8:
            said = _("This address needs SMTPUTF8, which the mail server does not offer.")
            raise NotSpoken(said, Step.MAIL, 553, "5.6.7")
        words.append("SMTPUTF8")
    if offered.dsn:
        words.append(f"RET=HDRS ENVID={_xtext(envelope_id)}" if envelope_id else "RET=HDRS")
    return " ".join(words)


def rcpt_to(recipient: str) -> str:
    """RCPT TO, without options."""
    return f"RCPT TO:<{recipient}>"


def _xtext(value: str) -> str:
    """RFC 3461, section 4."""
    return "".join(
        chr(byte) if 33 <= byte <= 126 and byte not in b"+=" else f"+{byte:02X}" for byte in value.encode()
    )
