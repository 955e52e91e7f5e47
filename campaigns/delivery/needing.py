"""Needing: how long limits will make a campaign take, told before it is sent."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.orm import Session

from campaigns.audiences import building, rules
from campaigns.consent import gate
from campaigns.contacts.models import Contact
from campaigns.delivery import bucket_rows, limits, warming
from campaigns.delivery.bucket_rows import SenderBucket
from campaigns.delivery.rates import Rate
from campaigns.mailings import preparing
from campaigns.mailings.models import Status
from campaigns.words import _


@dataclass(frozen=True)
class Needed:
    """How long letters take because of limits, and which of them slows them down most."""

    time: timedelta
    because: str


def of_draft(session: Session, campaign_id: int) -> Needed | None:
    """How long limits will make a campaign take that was not sent yet; None where none slows it down."""
    campaign = preparing.get(session, campaign_id)
    if campaign.status not in (Status.DRAFT, Status.SCHEDULED) or limits.current(session).nothing:
        return None
    try:
        fits = building.of_audience(session, campaign.audience)
    except rules.RuleProblem:
        return None  # pre-flight says so
    counted = (
        sa.select(Contact.domain, sa.func.count().label("number"))
        .where(fits, gate.refusal(campaign.purpose).is_(None))
        .group_by(Contact.domain)
    )
    by_domain = {row.domain: row.number for row in session.execute(counted)}
    return needed(session, campaign.sender_id, by_domain)


def needed(session: Session, sender_id: int, by_domain: Mapping[str, int]) -> Needed | None:
    """How long so many letters to each domain take at least; None where no limit slows them down.

    As if nothing else were sent meanwhile.
    """
    known = limits.read(session)
    total = sum(by_domain.values())
    found = [
        _by_rate(known.of(domain).rate, number, _("the limit for %(domain)s", domain=domain))
        for domain, number in by_domain.items()
    ]
    bucket = bucket_rows.sender(session, sender_id, known.zone, lock=False)
    if bucket is not None:
        found.append(_by_rate(bucket.rate, total, _("the sender's limit")))
        found.append(Needed(_warming_up(bucket, total, known.zone), _("warming up the sender")))
    slowest = max(found, key=lambda one: one.time, default=None)
    return slowest if slowest and slowest.time > timedelta(seconds=1) else None


def _by_rate(rate: Rate | None, number: int, because: str) -> Needed:
    if rate is None:
        return Needed(timedelta(), because)
    return Needed(timedelta(seconds=max(number - rate.burst, 0) * rate.per / rate.letters), because)


def _warming_up(bucket: SenderBucket, number: int, zone: ZoneInfo) -> timedelta:
    """Until the day on which the last of so many letters may go."""
    day, begins, left = bucket.day, bucket.now, number
    allowance = bucket.allowance
    spent = bucket.taken_today
    while allowance is not None and left > allowance - spent:
        left -= max(allowance - spent, 0)
        begins, day, spent = warming.next_day(day, zone), day + timedelta(days=1), 0
        allowance = warming.allowance(bucket.warm_from, day)
    return begins - bucket.now
