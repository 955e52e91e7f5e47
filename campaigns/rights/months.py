"""Months back from a moment, as time limits count them."""

from calendar import monthrange
from datetime import datetime


def before(moment: datetime, months: int) -> datetime:
    """The same day and hour so many months earlier, or the last day of a shorter month."""
    years, place = divmod(moment.year * 12 + moment.month - 1 - months, 12)
    last = monthrange(years, place + 1)[1]
    return moment.replace(year=years, month=place + 1, day=min(moment.day, last))
