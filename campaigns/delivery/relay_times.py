"""The clock of a relay's log: stamps of any usual form, set right by letters whose time is known here.

A stamp without zone (syslog, Exim) may be any local time, and without a year any year. Letters that the
log names and whose hand-over is in the database tell by how much it differs.
"""

import re
import statistics
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import lru_cache, partial

from campaigns.database import now
from campaigns.errors import BadInput
from campaigns.words import _

BEFORE, AFTER = 5 * 60, 15 * 60  # seconds around a hand-over that a log must show
_APART = 90 * 60  # seconds; samples that differ more from the others belong to an earlier try
_MOST_MINUTES = 600_000  # a year and more, minute by minute
_EACH_HOUR = 20  # samples
_MONTHS = (b"Jan", b"Feb", b"Mar", b"Apr", b"May", b"Jun", b"Jul", b"Aug", b"Sep", b"Oct", b"Nov", b"Dec")
_STAMP = re.compile(
    rb"(?:<\d+>)?(?:1 )?"
    rb"(?:(\d{4})-(\d\d)-(\d\d)[T ]|(" + b"|".join(_MONTHS) + rb") {1,2}(\d{1,2}) )"
    rb"(\d\d):(\d\d):(\d\d)(?:[.,]\d+)?(?: ?(Z|[+-]\d\d:?\d\d)(?=\s))?"
)


@dataclass
class Times:
    """When there are lines in a log; by its own clock, in seconds."""

    first: float | None = None
    last: float | None = None
    minutes: set[int] = field(default_factory=set)
    samples: dict[int, float] = field(default_factory=dict)  # a message of ours: when the log says it came
    _hours: dict[int, int] = field(default_factory=dict)
    _minute: Callable[..., float | None] = field(
        init=False, default_factory=lambda: lru_cache(4096)(partial(_minute, now()))
    )

    def see(self, line: bytes) -> float | None:
        """Take note of the line's stamp, and give it; raises BadInput when there is no end of minutes."""
        found = _STAMP.match(line)
        if found is None:
            return None
        year, month, day, name, day_of_month, hour, minute, second, zone = found.groups()
        start = self._minute(year or b"", month or name, day or day_of_month, hour + minute, zone or b"Z")
        if start is None:
            return None
        at = start + int(second)
        self.first = at if self.first is None else min(at, self.first)
        self.last = at if self.last is None else max(at, self.last)
        self.minutes.add(int(start) // 60)
        if len(self.minutes) > _MOST_MINUTES:
            raise BadInput(_("This log reaches over more than a year. Cut out the days around the send."))
        return at

    def wants(self, at: float) -> bool:
        """Whether a sample from this hour would tell something new."""
        return self._hours.get(int(at) // 3600, 0) < _EACH_HOUR

    def sample(self, message_id: int, at: float) -> None:
        """Keep that the log says that this letter came then; the first time counts."""
        if message_id not in self.samples and self.wants(at):
            self.samples[message_id] = at
            self._hours[int(at) // 3600] = self._hours.get(int(at) // 3600, 0) + 1


@dataclass(frozen=True)
class Span:
    """The times that a log covers, by our clock."""

    first: datetime
    last: datetime
    minutes: set[int]
    ahead: tuple[float, float]  # by how many seconds the log's clock is ahead of ours: least, most

    def covers(self, at: datetime) -> bool:
        """Whether a letter handed over then would stand in this log, had it been taken."""
        moment = at.timestamp()
        start, end = moment + self.ahead[0] - BEFORE, moment + self.ahead[1] + AFTER
        if not (self.first <= at - timedelta(seconds=BEFORE) and at + timedelta(seconds=AFTER) <= self.last):
            return False
        return any(minute in self.minutes for minute in range(int(start) // 60, int(end) // 60 + 1))


def span(times: Times, known: dict[int, datetime]) -> Span | None:
    """What the log covers, going by messages of which we know the time; None when it names none of them."""
    found = [times.samples[message] - at.timestamp() for message, at in known.items()]
    if not found or times.first is None or times.last is None:
        return None
    usual = statistics.median(found)
    near = [ahead for ahead in found if abs(ahead - usual) <= _APART]
    least, most = min(near), max(near)  # they differ when the clock was changed, in summer and winter
    first = datetime.fromtimestamp(times.first - least, UTC)
    last = datetime.fromtimestamp(times.last - most, UTC)
    return Span(first, last, times.minutes, (least, most))


def _minute(
    today: datetime, year: bytes, month: bytes, day: bytes, clock: bytes, zone: bytes
) -> float | None:
    """The minute in seconds since 1970; without a year the last one that is not to come."""
    number = int(month) if year else _MONTHS.index(month) + 1
    offset = f"{zone[:3].decode()}:{zone[-2:].decode()}" if zone != b"Z" else "+00:00"
    time = f"{clock[:2].decode()}:{clock[2:].decode()}"
    for guess in (int(year),) if year else (today.year + 1, today.year, today.year - 1):
        try:
            at = datetime.fromisoformat(f"{guess:04}-{number:02}-{int(day):02}T{time}:00{offset}")
        except ValueError:
            continue
        if year or at <= today + timedelta(days=2):
            return at.timestamp()
    return None
