"""What is limited, as this process knows it: read from the database at most every few seconds."""

import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any
from weakref import WeakKeyDictionary
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.orm import Session

from campaigns.accounts import people
from campaigns.database import db_now
from campaigns.delivery.models import DomainPace, SenderPace
from campaigns.delivery.rates import Rate

_FRESH = 5  # seconds


@dataclass(frozen=True, slots=True)
class DomainLimit:
    """What holds letters to one domain back."""

    rate: Rate | None = None
    at_once: int | None = None
    held_until: datetime | None = None

    @property
    def binds(self) -> bool:
        """Whether its letters have to ask before they go."""
        return self.rate is not None or self.held_until is not None


_FREE = DomainLimit()


@dataclass(frozen=True)
class Limits:
    """Everything that is limited; `senders` are those with a limit, however much it lets through now."""

    senders: frozenset[int] = frozenset()
    domains: Mapping[str, DomainLimit] = field(default_factory=dict)
    others: DomainLimit = _FREE
    zone: ZoneInfo = field(default_factory=lambda: ZoneInfo("UTC"))
    kept: set[str] = field(default_factory=set, compare=False)  # domains whose buckets are there for sure

    @property
    def nothing(self) -> bool:
        """Whether no letter has to ask."""
        return not self.senders and not self.domains and self.others == _FREE

    def of(self, domain: str) -> DomainLimit:
        """What holds for this domain: its own settings, else those for all others."""
        return self.domains.get(domain, self.others)


# By the pool of connections of each database that this process talks to: until when, and what.
_known: WeakKeyDictionary[Any, tuple[float, Limits]] = WeakKeyDictionary()
_latest = Limits()


def current(session: Session) -> Limits:
    """What is limited; what another process changed is seen after five seconds at most."""
    global _latest
    pool = session.get_bind().engine.pool
    known = _known.get(pool)
    if known is None or time.monotonic() > known[0]:
        known = time.monotonic() + _FRESH, read(session)
        _known[pool] = known
    _latest = known[1]
    return _latest


def latest() -> Limits:
    """What `current` gave last in this process, for those that have no session at hand."""
    return _latest


def forget() -> None:
    """Read anew when asked next: this process changed something."""
    _known.clear()


def read(session: Session) -> Limits:
    """What is limited, straight from the database."""
    firm = people.organisation(session)
    limited = sa.or_(SenderPace.letters.is_not(None), SenderPace.warm_from.is_not(None))
    rows = session.execute(_CHOSEN_OR_HELD).all()
    others = next((_own(row) for row in rows if row.domain == DomainPace.OTHERS), _FREE)
    return Limits(
        senders=frozenset(session.scalars(sa.select(SenderPace.sender_id).where(limited))),
        domains={
            row.domain: replace(
                _own(row) if row.chosen else others, held_until=row.held_until if row.held else None
            )
            for row in rows
            if row.domain != DomainPace.OTHERS
        },
        others=others,
        zone=ZoneInfo(firm.timezone if firm else "UTC"),
    )


HELD = sa.and_(DomainPace.held_until.is_not(None), DomainPace.held_until > db_now())
_CHOSEN_OR_HELD = sa.select(
    DomainPace.domain,
    DomainPace.chosen,
    DomainPace.letters,
    DomainPace.per,
    DomainPace.burst,
    DomainPace.at_once,
    DomainPace.held_until,
    HELD.label("held"),
).where(sa.or_(DomainPace.chosen, HELD))


def _own(row: Any) -> DomainLimit:
    rate = Rate(row.letters, row.per, row.burst) if row.letters else None
    return DomainLimit(rate, row.at_once)
