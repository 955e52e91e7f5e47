"""Holding: what slows a campaign down on purpose, in words."""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.orm import Session

from campaigns.contacts.models import Contact
from campaigns.delivery import bucket_rows, limits, pace_words
from campaigns.delivery.bucket_rows import Bucket, SenderBucket
from campaigns.delivery.limits import Limits
from campaigns.delivery.models import Message, MessageStatus
from campaigns.mailings.models import Campaign, Sender, Status
from campaigns.words import _, ngettext

_LOOKED_AT = 5000  # letters that wait: those held back are among the first
_NAMED = 3


@dataclass(frozen=True)
class Holding:
    """One thing that slows the campaign down, and until when, where that can be told."""

    text: str
    until: datetime | None = None


def holding(session: Session, campaign: Campaign) -> list[Holding]:
    """What slows the campaign down now; nothing for one that is not sending."""
    known = limits.current(session)
    if campaign.status != Status.SENDING or known.nothing:
        return []
    waiting = _waiting(session, campaign.id)
    number = sum(waiting.values())
    if not number:
        return []
    whole = number < _LOOKED_AT
    of_sender = bucket_rows.sender(session, campaign.sender_id, known.zone, lock=False)
    found = [] if of_sender is None else list(_of_sender(session, campaign, of_sender, number, whole))
    return found + list(_of_domains(session, known, waiting, whole))


def _waiting(session: Session, campaign_id: int) -> dict[str, int]:
    """How many of the first letters that wait go to each domain."""
    first = (
        sa.select(Message.contact_id)
        .where(Message.campaign_id == campaign_id, Message.status == MessageStatus.PLANNED)
        .order_by(Message.id)
        .limit(_LOOKED_AT)
        .subquery()
    )
    counted = (
        sa.select(Contact.domain, sa.func.count().label("number"))
        .join_from(first, Contact, Contact.id == first.c.contact_id)
        .group_by(Contact.domain)
    )
    return {row.domain: row.number for row in session.execute(counted)}


def _of_sender(
    session: Session, campaign: Campaign, bucket: SenderBucket, waiting: int, whole: bool
) -> Iterator[Holding]:
    if bucket.allowance is not None and bucket.allowance - bucket.taken_today < waiting:
        said = ngettext(
            "The sender is being warmed up: %(num)s letter may go today, the others wait for tomorrow.",
            "The sender is being warmed up: %(num)s letters may go today, the others wait for tomorrow.",
            bucket.allowance,
        )
        yield Holding(said, bucket.next_day if bucket.taken_today >= bucket.allowance else None)
    if bucket.rate and bucket.rate.held(bucket.empty_at, bucket.now) < waiting:
        address = campaign.sender_frozen.get("address") or session.get_one(Sender, campaign.sender_id).address
        speed = pace_words.rate(bucket.rate.letters, bucket.rate.per)
        said = _("Held to %(speed)s from %(address)s.", speed=speed, address=address)
        yield Holding(said, _until(bucket, waiting) if whole else None)


def _of_domains(
    session: Session, known: Limits, waiting: Mapping[str, int], whole: bool
) -> Iterator[Holding]:
    buckets = bucket_rows.look(session, sorted(name for name in waiting if known.of(name).binds), known)
    slow: dict[tuple[int, int], dict[str, datetime]] = defaultdict(dict)
    for name, bucket in buckets.items():
        if bucket.closed_until is not None:
            said = _("%(domain)s asked to try later, so its letters wait.", domain=name)
            yield Holding(said, bucket.closed_until)
        elif bucket.rate and bucket.held < waiting[name]:
            slow[bucket.rate.letters, bucket.rate.per][name] = _until(bucket, waiting[name])
    for (letters, per), domains in slow.items():
        yield Holding(
            _held_to(pace_words.rate(letters, per), sorted(domains, key=lambda name: -waiting[name])),
            max(domains.values()) if whole else None,
        )


def _until(bucket: Bucket, waiting: int) -> datetime:
    """When the last of those that wait may go."""
    held = bucket.rate.held(bucket.empty_at, bucket.now) if bucket.rate else 0
    return bucket.now + timedelta(seconds=bucket.all_in(waiting - held))


def _held_to(speed: str, domains: list[str]) -> str:
    if len(domains) == 1:
        return _("Held to %(speed)s for %(domain)s.", speed=speed, domain=domains[0])
    named, more = ", ".join(domains[:_NAMED]), len(domains) - _NAMED
    if more > 0:
        named = _("%(list)s and %(number)s more", list=named, number=more)
    return _("Held to %(speed)s for each of %(domains)s.", speed=speed, domains=named)
