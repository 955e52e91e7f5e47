"""Writing: a campaign's frozen letter, filled in for one contact after another, signed, in its envelope."""

import threading
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from campaigns import sealing
from campaigns.accounts import people
from campaigns.accounts.models import Tracking
from campaigns.consent import gate
from campaigns.database import now
from campaigns.delivery import addresses, retrying
from campaigns.delivery.claiming import Lease
from campaigns.delivery.models import Message, MessageStatus
from campaigns.mail import compile, dkim
from campaigns.mail.addresses import ascii_domain
from campaigns.mail.letter import Letter
from campaigns.mailings import merging, rendering
from campaigns.mailings.models import Campaign, Revision, Sender
from campaigns.mailings.rendering import Letterer

_PIXEL = '<img src="%s" width="1" height="1" alt="" style="border:0;width:1px;height:1px">'
_KEPT = 16  # compiled letters a process keeps


@dataclass(frozen=True)
class Edition:
    """What all letters of one campaign have in common, as it is at the start of a segment."""

    campaign_id: int
    purpose: str
    letterer: Letterer
    firm: dict[str, Any]
    sender: dict[str, Any]
    key: dkim.DkimKey | None
    track_opens: tuple[str, str]  # the organisation's and the campaign's level
    track_clicks: tuple[str, str]
    expires_at: datetime

    @property
    def domain(self) -> str:
        """The domain that letters come from and are signed for."""
        return ascii_domain(self.sender["address"].rpartition("@")[2])

    @property
    def bounce_domain(self) -> str:
        """The domain to which failures are reported."""
        return ascii_domain(self.sender.get("bounce_domain") or self.domain)


@dataclass(frozen=True, slots=True)
class Recipient:
    """One message to be written, and all that is known for it."""

    message_id: int
    contact_id: int
    address: str
    tries: int
    contact: dict[str, Any]
    said: str | None  # about being followed


@dataclass(frozen=True, slots=True)
class Finished:
    """A letter ready for the wire, in its envelope."""

    envelope_from: str
    to: str
    raw: bytes
    envelope_id: str


def edition(session: Session, campaign: Campaign) -> Edition:
    """The campaign's letter, compiled once a process, with sender, key and levels as they are now."""
    firm = people.organisation(session)
    off = Tracking.OFF.value
    assert campaign.revision_id is not None  # frozen before the campaign is sent
    return Edition(
        campaign_id=campaign.id,
        purpose=campaign.purpose,
        letterer=_letterer(session, campaign.revision_id),
        firm=merging.of_firm(session),
        sender=campaign.sender_frozen,
        key=_key(session, campaign),
        track_opens=(firm.track_opens if firm else off, campaign.track_opens),
        track_clicks=(firm.track_clicks if firm else off, campaign.track_clicks),
        expires_at=campaign.expires_at or (campaign.started_at or now()) + retrying.LIFETIME,
    )


_letterers: OrderedDict[tuple[int, datetime], Letterer] = OrderedDict()
_lock = threading.Lock()


def _letterer(session: Session, revision_id: int) -> Letterer:
    """The compiled revision; kept, because compiling costs as much as a dozen letters. It never changes."""
    made = session.scalars(sa.select(Revision.created_at).where(Revision.id == revision_id)).one()
    key = (revision_id, made)  # a database restored meanwhile may have given the number anew
    with _lock:
        if key not in _letterers:
            _letterers[key] = rendering.thaw(session, revision_id)
            while len(_letterers) > _KEPT:
                _letterers.popitem(last=False)
        _letterers.move_to_end(key)
        return _letterers[key]


def _key(session: Session, campaign: Campaign) -> dkim.DkimKey | None:
    sender = session.get_one(Sender, campaign.sender_id)
    frozen = campaign.sender_frozen["address"].rpartition("@")[2]
    if not sender.dkim_key or sender.domain != frozen:
        return None
    return dkim.DkimKey(ascii_domain(frozen), sender.dkim_selector, sealing.unseal(sender.dkim_key))


def recipients(session: Session, lease: Lease, edition: Edition, after: int, most: int) -> list[Recipient]:
    """The next claimed messages of the segment by contact id, with what is known of their contacts."""
    rows = session.execute(
        sa.select(Message.id, Message.contact_id, Message.address, Message.tries)
        .where(
            lease.rows,
            Message.contact_id > after,
            Message.status == MessageStatus.CLAIMED,
            Message.fence == lease.fence,
        )
        .order_by(Message.contact_id)
        .limit(sa.literal_column(str(int(most))))
    ).all()
    ids = [row.contact_id for row in rows]
    known = merging.of_contacts(session, ids, edition.letterer.names)
    said = gate.tracking_states(session, ids)
    return [Recipient(*row, known.get(row.contact_id, {}), said.get(row.contact_id)) for row in rows]


def write(edition: Edition, recipient: Recipient) -> Finished:
    """One contact's letter, signed; raises TemplateProblem or HeaderProblem when it can't be written."""
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
    letter = Letter(
        from_name=edition.sender.get("name", ""),
        from_address=edition.sender["address"],
        reply_to=edition.sender.get("reply_to", ""),
        to_name=" ".join(recipient.contact.get("name", "").replace("\0", "").split()),
        to_address=recipient.address,
        subject=subject,
        html=html,
        text=text,
        message_id=addresses.header_id(message_id, edition.domain),
        date=now(),
        headers=_headers(edition, recipient, links["unsubscribe_url"]),
    )
    raw = compile.build(letter)
    return Finished(
        envelope_from=addresses.envelope_from(message_id, edition.bounce_domain),
        to=recipient.address,
        raw=dkim.sign(raw, edition.key) if edition.key else raw,
        envelope_id=letter.message_id,
    )


def _headers(edition: Edition, recipient: Recipient, unsubscribe: str) -> tuple[tuple[str, str], ...]:
    letter = addresses.unsubscribe_letter(recipient.contact_id, recipient.message_id, edition.bounce_domain)
    topic = ".".join(reversed(edition.purpose.split(":")))  # mail:offers → offers.mail
    return (
        ("List-Unsubscribe", f"<{unsubscribe}>, <{letter}>"),
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
        return _PIXEL % addresses.pixel(recipient.message_id)
    if level == Tracking.ANONYMOUS:
        return _PIXEL % addresses.counting_pixel(edition.campaign_id)
    return ""
