"""The rows of buckets, locked while one transaction takes from them.

Locked in one order, the sender's first and then the domains' by name, so that workers wait for each
other and never in a circle.
"""

import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.orm import Session

from campaigns import bulk
from campaigns.database import db_now
from campaigns.delivery import warming
from campaigns.delivery.changing import change
from campaigns.delivery.limits import Limits
from campaigns.delivery.models import DomainPace, SenderPace
from campaigns.delivery.rates import Rate, mended

_NO_LIMIT = sys.maxsize
FULL = {"chosen": False, "per": 60, "burst": 1, "held_for": "", "holds": 0}  # a new bucket
LONGEST_HOLD = timedelta(hours=1)  # one that ends later was written by a clock that was set back since


@dataclass
class Bucket:
    """What one limit lets through now; taking a negative number gives back."""

    rate: Rate | None
    empty_at: datetime | None
    now: datetime  # by the database, perhaps a little before its row was locked: that errs on the safe side
    closed_until: datetime | None = None
    changed: bool = False

    def __post_init__(self) -> None:
        if self.empty_at != mended(self.empty_at, self.now):
            self.empty_at, self.changed = self.now, True

    @property
    def held(self) -> int:
        """How many letters may go."""
        if self.closed_until is not None:
            return 0
        return self.rate.held(self.empty_at, self.now) if self.rate else _NO_LIMIT

    def take(self, number: int) -> None:
        """Take so many, no more than it holds."""
        if self.rate and number > 0:
            self.empty_at, self.changed = self.rate.taken(self.empty_at, self.now, number), True
        elif self.rate and number < 0:
            self.empty_at, self.changed = self.rate.given_back(self.empty_at, -number), True

    def wait(self, number: int) -> float:
        """Seconds until it holds so many, or all that it can."""
        if self.closed_until is not None:
            return (self.closed_until - self.now).total_seconds()
        return self.rate.wait(self.empty_at, self.now, number) if self.rate else 0.0

    def all_in(self, number: int) -> float:
        """Seconds in which so many come in."""
        return number * self.rate.per / self.rate.letters if self.rate else 0.0


@dataclass
class SenderBucket(Bucket):
    """The same for a sender, with what it may send today while it is warmed up."""

    day: date = date.min
    taken_today: int = 0
    warm_from: date | None = None
    allowance: int | None = None
    next_day: datetime | None = None

    @property
    def held(self) -> int:
        """How many letters may go."""
        return min(super().held, self._left_today)

    @property
    def _left_today(self) -> int:
        return _NO_LIMIT if self.allowance is None else max(self.allowance - self.taken_today, 0)

    def take(self, number: int) -> None:
        """Take so many, no more than it holds."""
        super().take(number)
        if self.allowance is not None and number:
            self.taken_today, self.changed = max(self.taken_today + number, 0), True

    def wait(self, number: int) -> float:
        """Seconds until it holds so many, or all that it can."""
        if not self._left_today and self.next_day is not None:
            return (self.next_day - self.now).total_seconds()
        return super().wait(min(number, self._left_today))


def sender(session: Session, sender_id: int, zone: ZoneInfo, *, lock: bool = True) -> SenderBucket | None:
    """The sender's bucket, locked unless it is only looked at; None for a sender without limits."""
    asked = sa.select(
        SenderPace.letters,
        SenderPace.per,
        SenderPace.burst,
        SenderPace.empty_at,
        SenderPace.warm_from,
        SenderPace.warm_day,
        SenderPace.warm_taken,
        db_now().label("now"),
    ).where(SenderPace.sender_id == sender_id)
    row = session.execute(asked.with_for_update() if lock else asked).one_or_none()
    if row is None:
        return None
    day = warming.counted_day(row.warm_day, row.now, zone)
    return SenderBucket(
        rate=_rate(row),
        empty_at=row.empty_at,
        now=row.now,
        day=day,
        taken_today=row.warm_taken if row.warm_day == day else 0,
        warm_from=row.warm_from,
        allowance=warming.allowance(row.warm_from, day),
        next_day=warming.next_day(day, zone),
    )


def domains(session: Session, names: Sequence[str], known: Limits) -> dict[str, Bucket]:
    """The buckets of these domains, which are sorted, locked; each is made when it is first asked for."""
    if not names:
        return {}
    rated = {name for name in names if known.of(name).rate}
    new = [{"domain": name} | FULL for name in names if name in rated and name not in known.kept]
    bulk.insert_many(session, DomainPace, new, conflict=["domain"])
    found = {row.domain: row for row in session.execute(_rows(session, names).with_for_update())}
    if lost := rated - found.keys():  # what a transaction of ours had made before it was undone
        known.kept.difference_update(lost)
        return domains(session, names, known)
    known.kept.update(name for name, row in found.items() if row.empty_at is not None)
    return {name: _bucket(row, known.others.rate) for name, row in found.items()}


def look(session: Session, names: Sequence[str], known: Limits) -> dict[str, Bucket]:
    """The buckets of these domains as they are, not locked; those never taken from are left out."""
    return {row.domain: _bucket(row, known.others.rate) for row in session.execute(_rows(session, names))}


def _rows(session: Session, names: Sequence[str]) -> Any:
    return (
        sa.select(
            DomainPace.domain,
            DomainPace.chosen,
            DomainPace.letters,
            DomainPace.per,
            DomainPace.burst,
            DomainPace.empty_at,
            DomainPace.held_until,
            db_now().label("now"),
        )
        .where(bulk.among(session, DomainPace.domain, names))
        .order_by(DomainPace.domain)
    )


def _bucket(row: Any, rate_of_others: Rate | None) -> Bucket:
    held = row.held_until is not None and timedelta() < row.held_until - row.now <= LONGEST_HOLD
    return Bucket(
        rate=_rate(row) if row.chosen else rate_of_others,
        empty_at=row.empty_at,
        now=row.now,
        closed_until=row.held_until if held else None,
    )


def _rate(row: Any) -> Rate | None:
    return Rate(row.letters, row.per, row.burst) if row.letters else None


def keep(
    session: Session, sender_id: int, sender: SenderBucket | None, domains: Iterable[tuple[str, Bucket]]
) -> None:
    """Write what was taken."""
    if sender and sender.changed:
        values = {"empty_at": sender.empty_at, "warm_day": sender.day, "warm_taken": sender.taken_today}
        change(session, sa.update(SenderPace).where(SenderPace.sender_id == sender_id).values(values))
    rows = [{"domain": name, "empty_at": bucket.empty_at} for name, bucket in domains if bucket.changed]
    bulk.update_many(session, DomainPace, rows, key="domain")
