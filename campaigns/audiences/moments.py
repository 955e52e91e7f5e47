"""Days of a rule as SQL: the moments a day begins and ends, and days of the year."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import sqlalchemy as sa

from campaigns.audiences.leaves import Condition
from campaigns.audiences.nodes import Op, Relative, Value, today


def on(value: Value) -> date:
    """The day that the value means today."""
    if isinstance(value, Relative):
        return value.on(today())
    assert isinstance(value, date)  # the parser lets nothing else stand with a day
    return value


def compared(column: Any, op: Op, value: Value, *, by_day: bool = False) -> Condition:
    """A column of moments (`by_day`: of days) against a day; NULL stays NULL."""
    day = on(value)
    start, end = (one if by_day else _midnight(one) for one in (day, day + timedelta(days=1)))
    if op in (Op.IS, Op.IS_NOT):
        inside = sa.and_(column >= start, column < end)
        return inside if op == Op.IS else sa.not_(inside)
    return {
        Op.BEFORE: column < start,
        Op.SINCE: column >= start,
        Op.UNTIL: column < end,
        Op.AFTER: column >= end,
    }[op]


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)


def birthdays(value: Relative, op: Op) -> tuple[Sequence[str], bool]:
    """Days of the year as MM-DD, and whether they are the wanted ones or all others are.

    `<= +7d` means that the next birthday is at most seven days ahead, `>= -7d` that the last one was
    at most seven days ago; the 29th of February is kept on the 28th in other years.
    """
    if op in (Op.IS, Op.IS_NOT):
        return _span(value.days, value.days), True
    ahead = value.days > 0 or (value.days == 0 and op in (Op.UNTIL, Op.BEFORE))
    inside = (op in (Op.UNTIL, Op.BEFORE)) == ahead
    with_edge = (op in (Op.UNTIL, Op.SINCE)) == inside
    reach = abs(value.days) - (0 if with_edge else 1)
    return (_span(0, reach) if ahead else _span(-reach, 0)), inside


def _span(first: int, last: int) -> list[str]:
    days = [today() + timedelta(days=ahead) for ahead in range(first, last + 1)]
    found = {day.strftime("%m-%d") for day in days}
    for day in days:
        if (day.month, day.day) == (2, 28) and not _leap(day.year):
            found.add("02-29")
    return sorted(found)


def _leap(year: int) -> bool:
    return year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)
