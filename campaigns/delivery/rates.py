"""The arithmetic of a bucket, from the one moment that is kept of it.

A bucket fills steadily and never holds more than its burst. What it holds is told by the moment at which
it would have been empty (`empty_at`): taking letters moves that moment towards now, giving back moves it
away. Moments are whole microseconds and every rounding is to the bucket's disadvantage, so whatever is
taken in whatever order never exceeds burst + rate × time.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

_MICRO = timedelta(microseconds=1)
_SECOND = 1_000_000
# A clock that was set back by more than this must not stop a bucket until its old time comes again. Less
# may be another machine's statement that waited for a lock.
_BACK = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Rate:
    """So many `letters` in each `per` seconds, at most `burst` at one go."""

    letters: int
    per: int
    burst: int

    def held(self, empty_at: datetime | None, now: datetime) -> int:
        """How many letters may go now; an `empty_at` of None is a full bucket."""
        if empty_at is None:
            return self.burst
        filling = (now - empty_at) // _MICRO
        return max(min(filling * self.letters // (self.per * _SECOND), self.burst), 0)

    def taken(self, empty_at: datetime | None, now: datetime, number: int) -> datetime:
        """`empty_at` after taking so many, which are no more than it holds."""
        if empty_at is None or self.held(empty_at, now) == self.burst:
            return now - self._time(self.burst - number)
        return empty_at + self._time(number, up=True)

    def given_back(self, empty_at: datetime | None, number: int) -> datetime | None:
        """`empty_at` after bringing so many back that were taken before."""
        return None if empty_at is None else empty_at - self._time(number)

    def wait(self, empty_at: datetime | None, now: datetime, number: int) -> float:
        """Seconds until it holds so many, or is full."""
        if empty_at is None:
            return 0.0
        return max((empty_at + self._time(min(number, self.burst), up=True) - now).total_seconds(), 0.0)

    def _time(self, number: int, *, up: bool = False) -> timedelta:
        """How long so many letters take to come in."""
        micros = number * self.per * _SECOND
        return timedelta(microseconds=-(-micros // self.letters) if up else micros // self.letters)


def mended(empty_at: datetime | None, now: datetime) -> datetime | None:
    """`empty_at`, or now where a clock that was set back left it far ahead."""
    return now if empty_at is not None and empty_at - now > _BACK else empty_at
