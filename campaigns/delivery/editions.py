"""Editions: what all letters of one campaign have in common, compiled once a process and kept."""

import threading
from collections import OrderedDict
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy.orm import Session

from campaigns.accounts import people
from campaigns.accounts.models import Tracking
from campaigns.database import now
from campaigns.delivery import retrying
from campaigns.errors import NotReady
from campaigns.mail import dkim
from campaigns.mail.addresses import ascii_domain
from campaigns.mailings import dns_records, merging, rendering
from campaigns.mailings.gathering import Gatherer
from campaigns.mailings.models import Campaign, Revision, Sender
from campaigns.mailings.rendering import Letterer
from campaigns.words import _

_KEPT = 16  # compiled letters a process keeps


@dataclass(frozen=True)
class Edition:
    """What all letters of one campaign have in common, as it is at the start of a segment."""

    campaign_id: int
    purpose: str
    letterer: Letterer
    firm: dict[str, Any]
    sender: dict[str, Any]
    keys: tuple[dkim.DkimKey, ...]
    track_opens: tuple[str, str]  # the organisation's and the campaign's level
    track_clicks: tuple[str, str]
    expires_at: datetime

    @cached_property
    def domain(self) -> str:
        """The domain that letters come from and are signed for."""
        return ascii_domain(self.sender["address"].rpartition("@")[2])

    @cached_property
    def bounce_domain(self) -> str:
        """The domain to which failures are reported."""
        return ascii_domain(self.sender.get("bounce_domain") or self.domain)

    @cached_property
    def gatherer(self) -> Gatherer:
        """What looks up the merge values that the letter uses."""
        return Gatherer(self.letterer.names)

    @property
    def follows(self) -> bool:
        """Whether anybody may be followed at all, so that it matters what contacts say about it."""
        return not all(Tracking.OFF in levels for levels in (self.track_opens, self.track_clicks))


class Recipient(NamedTuple):
    """One message to be written, and all that is known for it."""

    message_id: int
    contact_id: int
    address: str
    tries: int
    contact: dict[str, Any]  # merge values, built-in types only
    said: str | None  # about being followed

    @property
    def domain(self) -> str:
        """Where the letter goes."""
        return self.address.rpartition("@")[2]


def edition(session: Session, campaign: Campaign) -> Edition:
    """The campaign's letter, compiled once a process, with sender, keys and levels as they are now."""
    firm = people.organisation(session)
    off = Tracking.OFF.value
    assert campaign.revision_id is not None  # frozen before the campaign is sent
    return Edition(
        campaign_id=campaign.id,
        purpose=campaign.purpose,
        letterer=_letterer(session, campaign.revision_id),
        firm=merging.of_firm(session),
        sender=campaign.sender_frozen,
        keys=_keys(session, campaign),
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


def _keys(session: Session, campaign: Campaign) -> tuple[dkim.DkimKey, ...]:
    sender = session.get_one(Sender, campaign.sender_id)
    frozen = campaign.sender_frozen["address"].rpartition("@")[2]
    keys = tuple(dns_records.keys_of(sender)) if sender.domain == frozen else ()
    try:
        for key in keys:
            dkim.parsed(key.private_key)
    except ValueError as error:
        raise NotReady(_("The sender's key for signing can't be read. Make a new one.")) from error
    return keys
