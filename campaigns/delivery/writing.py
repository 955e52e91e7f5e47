"""Writing: a campaign's frozen letter, filled in for one contact after another, signed, in its envelope.

`write` is the plain road: one letter, built from its text. `write_many` is the fast one, says the same,
and turns to the plain one for every letter that it can't vouch for.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from sqlalchemy.orm import Session

from campaigns import tokens
from campaigns.accounts.models import Tracking
from campaigns.consent import gate
from campaigns.database import now
from campaigns.delivery import addresses, pressing
from campaigns.delivery.editions import Edition, Recipient, edition
from campaigns.delivery.pressing import PIXEL, Road, Unsigned
from campaigns.mail import compile, dkim, press
from campaigns.mail.letter import HeaderProblem, Letter
from campaigns.mailings import merging, rendering
from campaigns.tokens import Purpose

__all__ = [
    "Edition",
    "Finished",
    "Known",
    "Recipient",
    "edition",
    "known",
    "write",
    "write_many",
]


_TOGETHER = 64  # letters signed at once: a multiple of eight, and few enough to stay in the processor's cache


class Known(NamedTuple):
    """What is known of one contact for a letter."""

    contact: dict[str, Any]  # merge values, built-in types only
    said: str | None  # about being followed


class Finished(NamedTuple):
    """A letter ready for the wire, in its envelope; no line of it begins with a dot."""

    envelope_from: str
    to: str
    raw: bytes
    envelope_id: str


def known(session: Session, ids: Sequence[int], edition: Edition) -> Mapping[int, Known]:
    """What these contacts' letters say of them, and what they said about being followed.

    Two or three queries for all; a contact that is no longer there is not in the answer.
    """
    said = gate.tracking_states(session, ids) if edition.follows else {}
    found = edition.gatherer.gather(session, ids)
    return {id_: Known(contact, said.get(id_)) for id_, contact in found.items()}


def write_many(edition: Edition, recipients: Sequence[Recipient]) -> list[Finished | Exception]:
    """Everybody's letter, signed, in the same order; what one contact's data breaks stands in its place.

    The bytes are in CRLF lines, none of which begins with a dot: they go on the wire as they are.
    """
    try:
        fast = road(edition)
    except HeaderProblem as problem:  # the sender's name or address: nobody's letter can be written
        return [problem for _recipient in recipients]
    written: list[Finished | Exception] = []
    for at in range(0, len(recipients), _TOGETHER):
        written += _written(fast, edition, recipients[at : at + _TOGETHER])
    return written


def road(edition: Edition) -> Road:
    """The edition's fast road; raises HeaderProblem when no letter of it can be written."""
    return pressing.road(edition, lambda: _sample(edition))


def _written(road: Road, edition: Edition, recipients: Sequence[Recipient]) -> list[Finished | Exception]:
    unsigned = [_unsigned(road, edition, recipient) for recipient in recipients]
    signatures: Iterator[bytes] = iter(())
    if edition.keys:
        signatures = iter(road.signer.sign([one.to_sign for one in unsigned if isinstance(one, Unsigned)]))
    finished: list[Finished | Exception] = []
    for one, to in zip(unsigned, recipients, strict=True):
        if isinstance(one, Exception):
            finished.append(one)
        else:
            raw = b"".join((next(signatures, b""), one.head, one.body))
            finished.append(Finished(one.envelope_from, to.address, raw, one.envelope_id))
    return finished


def _unsigned(road: Road, edition: Edition, recipient: Recipient) -> Unsigned | Exception:
    try:
        to = press.to(_shown_name(recipient.contact), recipient.address)
        return road.write(recipient, to)
    except Exception:  # whatever it is, the plain road says whether and why it can't be written
        try:
            return _plainly(edition, recipient)
        except Exception as error:
            return error


def _plainly(edition: Edition, recipient: Recipient) -> Unsigned:
    letter = composed(edition, recipient)
    raw = compile.build(letter)
    head, blank, body = raw.partition(b"\r\n\r\n")
    _names, fields, _hash = dkim.covered(raw)
    envelope_from = addresses.envelope_from(recipient.message_id, edition.bounce_domain)
    return Unsigned(envelope_from, head + blank, body, letter.message_id, fields)


def write(edition: Edition, recipient: Recipient) -> Finished:
    """One contact's letter, signed; raises TemplateProblem or HeaderProblem when it can't be written."""
    letter = composed(edition, recipient)
    raw = compile.build(letter)
    for key in reversed(edition.keys):  # so that the first key's signature stands first
        raw = dkim.sign(raw, key)
    return Finished(
        envelope_from=addresses.envelope_from(recipient.message_id, edition.bounce_domain),
        to=recipient.address,
        raw=raw,
        envelope_id=letter.message_id,
    )


def composed(edition: Edition, recipient: Recipient) -> Letter:
    """One contact's letter before it becomes bytes; raises TemplateProblem."""
    message_id, contact_id = recipient.message_id, recipient.contact_id
    links = {
        "unsubscribe_url": addresses.unsubscribe(contact_id, message_id),
        "preferences_url": addresses.preferences(contact_id, message_id),
    }
    subject, html, text = rendering.render(
        edition.letterer,
        merging.values(recipient.contact, edition.firm, links),
        _link(edition, recipient),
        _pixel(edition, recipient),
    )
    return Letter(
        from_name=edition.sender.get("name", ""),
        from_address=edition.sender["address"],
        reply_to=edition.sender.get("reply_to", ""),
        to_name=_shown_name(recipient.contact),
        to_address=recipient.address,
        subject=subject,
        html=html,
        text=text,
        message_id=addresses.header_id(message_id, edition.domain),
        date=now(),
        headers=_headers(edition, tokens.sign(Purpose.UNSUBSCRIBE, contact_id, message_id)),
    )


def _sample(edition: Edition) -> Letter:
    """A letter of this edition to nobody in particular."""
    address = edition.sender["address"]
    return Letter(
        from_name=edition.sender.get("name", ""),
        from_address=address,
        reply_to=edition.sender.get("reply_to", ""),
        to_name="",
        to_address=address,
        subject="",
        html="",
        text="",
        message_id=f"{press.TOKEN}@{edition.domain}",
        date=now(),
        headers=_headers(edition, press.TOKEN),
    )


def _shown_name(contact: dict[str, Any]) -> str:
    name = contact.get("name", "")
    return name if name.isprintable() else " ".join(name.replace("\0", "").split())


def _headers(edition: Edition, unsubscribe: str) -> tuple[tuple[str, str], ...]:
    letter = addresses.mailto(unsubscribe, edition.bounce_domain)
    topic = ".".join(reversed(edition.purpose.split(":")))  # mail:offers → offers.mail
    return (
        ("List-Unsubscribe", f"<{addresses.unsubscribe_base()}{unsubscribe}>, <{letter}>"),
        ("List-Unsubscribe-Post", "List-Unsubscribe=One-Click"),
        ("List-Id", f"<{topic}.{edition.domain}>"),
        ("Feedback-ID", f"{edition.campaign_id}:{topic}:campaign:{edition.domain.partition('.')[0]}"),
    )


def _link(edition: Edition, recipient: Recipient) -> Callable[[int], str] | None:
    """What makes the address of each link; None: the plain one."""
    level = gate.tracking_level(*edition.track_clicks, recipient.said)
    if level == Tracking.IDENTIFIED:
        return lambda position: addresses.click(recipient.message_id, position)
    if level == Tracking.ANONYMOUS:
        return lambda position: addresses.counting_click(edition.campaign_id, position)
    return None


def _pixel(edition: Edition, recipient: Recipient) -> str:
    level = gate.tracking_level(*edition.track_opens, recipient.said)
    if level == Tracking.IDENTIFIED:
        return PIXEL % addresses.pixel(recipient.message_id)
    if level == Tracking.ANONYMOUS:
        return PIXEL % addresses.counting_pixel(edition.campaign_id)
    return ""
