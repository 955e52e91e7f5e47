"""Opens and clicks over time: by the hour at first, by the day when it goes on for longer."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo

import sqlalchemy as sa
from sqlalchemy.orm import Session

from campaigns.mailings.models import Campaign
from campaigns.tracking.counting import WHOLE
from campaigns.tracking.machines import PEOPLE
from campaigns.tracking.models import HitCount, HitKind, Label

_BY_HOUR = timedelta(hours=72)
_LONGEST = timedelta(days=120)


@dataclass
class Bucket:
    """One hour or day, by the organisation's clock, and what happened in it."""

    start: datetime
    clicks: int = 0  # by people
    opens: int = 0  # by people, or proxies that serve them
    machines: int = 0  # fetched ahead, or by machines

    @property
    def total(self) -> int:
        """All fetches."""
        return self.clicks + self.opens + self.machines


@dataclass(frozen=True)
class Timeline:
    """The buckets without a gap, oldest first."""

    buckets: Sequence[Bucket]
    by_hour: bool


def timeline(session: Session, campaign: Campaign, zone: tzinfo) -> Timeline:
    """What happened since the campaign began, from its kept counts."""
    query = (
        sa.select(HitCount.hour, HitCount.kind, HitCount.label, HitCount.hits)
        .where(HitCount.campaign_id == campaign.id, HitCount.position == WHOLE)
        .order_by(HitCount.hour)
    )
    rows = session.execute(query).all()
    if not rows:
        return Timeline([], True)
    start = min(campaign.started_at or rows[0].hour, rows[0].hour)
    end = min(rows[-1].hour, start + _LONGEST)
    by_hour = end - start <= _BY_HOUR
    buckets = _empty(start, end, by_hour, zone)
    for hour, kind, label, hits in rows:
        bucket = buckets.get(_floor(hour, by_hour, zone))
        if bucket is not None:
            _count(bucket, kind, label, hits)
    return Timeline(list(buckets.values()), by_hour)


def _count(bucket: Bucket, kind: str, label: str, hits: int) -> None:
    if kind == HitKind.CLICK and label == Label.HUMAN:
        bucket.clicks += hits
    elif kind == HitKind.OPEN and label in PEOPLE:
        bucket.opens += hits
    else:
        bucket.machines += hits


def _empty(start: datetime, end: datetime, by_hour: bool, zone: tzinfo) -> dict[datetime, Bucket]:
    buckets: dict[datetime, Bucket] = {}
    at = start
    while at <= end + timedelta(hours=1):
        floor = _floor(at, by_hour, zone)
        if floor <= _floor(end, by_hour, zone):
            buckets.setdefault(floor, Bucket(floor))
        at += timedelta(hours=1)
    return buckets


def _floor(at: datetime, by_hour: bool, zone: tzinfo) -> datetime:
    local = at.astimezone(zone).replace(minute=0, second=0, microsecond=0)
    return local if by_hour else local.replace(hour=0)
