"""Cells into birthdays and moments, in the many ways in which they are written."""

import re
from datetime import UTC, date, datetime
from functools import lru_cache

from campaigns.imports.cleaning import text

_DATE = re.compile(r"(\d{1,4})\s*[-./ ]\s*(\d{1,2})(?:\s*[-./ ]\s*(\d{2,4}))?\.?")
_YEARLESS = re.compile(r"--(\d{2})-?(\d{2})")  # vCard
_WORDED = re.compile(
    r"(?:(\d{1,2})\.?\s+)?([a-z]{3,9})\.?(?:\s+(\d{1,2})(?:st|nd|rd|th)?)?(?:,?\s+(\d{4}))?", re.IGNORECASE
)
_PLAIN = len("2026-01-31 12:00:00")  # needs no cleaning when it is one
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")


@lru_cache(maxsize=40_000)
def birthday(cell: str, day_first: bool) -> tuple[str, int | None] | None:
    """The day of the year as MM-DD, and the year when it is known; None when not understood."""
    given = text(cell, 40).partition("T")[0].removesuffix(" 00:00:00")
    parts = _parts(given, day_first)
    if parts is None:
        return None
    year, month, day = parts
    try:
        date(year or 2000, month, day)  # a leap year where it is not known
    except ValueError:
        return None
    return f"{month:02}-{day:02}", year if year and 1900 <= year <= datetime.now(UTC).year else None


def _parts(given: str, day_first: bool) -> tuple[int | None, int, int] | None:
    if found := _YEARLESS.fullmatch(given):
        return None, int(found[1]), int(found[2])
    if found := _DATE.fullmatch(given):
        first, second, third = found[1], found[2], found[3]
        if len(first) == 4 and third:
            return int(first), int(second), int(third)
        if len(first) > 2:
            return None
        day, month = (first, second) if _day_comes_first(given, first, second, day_first) else (second, first)
        return _year(third), int(month), int(day)
    found = _WORDED.fullmatch(given)
    if found and found[2][:3].lower() in _MONTHS and (found[1] or found[3]):
        return _year(found[4]), _MONTHS.index(found[2][:3].lower()) + 1, int(found[1] or found[3])
    return None


def _day_comes_first(given: str, first: str, second: str, day_first: bool) -> bool:
    if int(first) > 12:
        return True
    return False if int(second) > 12 else day_first or "." in given


def _year(given: str | None) -> int | None:
    if not given:
        return None
    year = int(given)
    if len(given) > 2:
        return year
    return year + (2000 if year <= datetime.now(UTC).year % 100 else 1900)


def moment(cell: str, day_first: bool = False) -> datetime | None:
    """The moment in UTC, not after now; times without a zone are taken as UTC."""
    given = text(cell, 40) if len(cell) != _PLAIN or not cell.isascii() else cell
    if not given:
        return None
    found = _iso(given) or _local(given, day_first)
    return min(found, datetime.now(UTC)) if found and found.year > 1990 else None


def _iso(given: str) -> datetime | None:
    try:
        found = datetime.fromisoformat(given.replace(" UTC", "+00:00"))
    except ValueError:
        return None
    return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)


def _local(given: str, day_first: bool) -> datetime | None:
    day, _blank, clock = given.partition(" ")
    parts = _parts(day.rstrip(","), day_first)
    if parts is None or parts[0] is None:
        return None
    hours, minutes = _clock(clock)
    try:
        return datetime(parts[0], parts[1], parts[2], hours, minutes, tzinfo=UTC)
    except ValueError:
        return None


def _clock(given: str) -> tuple[int, int]:
    """Hours and minutes; midnight when there are none."""
    found = re.match(r"(\d{1,2}):(\d{2})(?::\d{2})?\s*([AP]M)?", given.strip().upper())
    if not found:
        return 0, 0
    hours = int(found[1]) % 12 + (12 if found[3] == "PM" else 0) if found[3] else int(found[1])
    return hours, int(found[2])
