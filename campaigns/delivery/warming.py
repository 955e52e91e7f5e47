"""Warming up: how many letters a day a new sender may send, so that receivers get to know it."""

from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

DAYS = 42
_FIRST, _LAST = 200, 200_000  # letters on the first day and on the last


def allowance(warm_from: date | None, day: date) -> int | None:
    """The letters of that day; None when there is no limit: not begun, over, or never asked for."""
    if warm_from is None or not 0 <= (day - warm_from).days < DAYS:
        return None
    return round(_FIRST * (_LAST / _FIRST) ** ((day - warm_from).days / (DAYS - 1)))


def counted_day(counted: date | None, now: datetime, zone: ZoneInfo) -> date:
    """The day to count in: today, or the one begun already by a clock that was set back over midnight."""
    today = now.astimezone(zone).date()
    return counted if counted is not None and counted - today == timedelta(days=1) else today


def next_day(day: date, zone: ZoneInfo) -> datetime:
    """When the day after this begins."""
    return datetime.combine(day + timedelta(days=1), time(), zone)
