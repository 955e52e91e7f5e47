"""How fast a file is written and how long it will take, from two looks; kept in the address that asks."""

import time
from dataclasses import dataclass

from campaigns.exports.models import Export


@dataclass(frozen=True)
class Pace:
    """Rows a second and seconds left since the page was opened; `since` goes into the next question."""

    rows_per_second: float | None
    seconds_left: float | None
    percent: float
    since: str


def of(export: Export, since: str = "") -> Pace:
    """The pace now; `since` is what an earlier Pace said."""
    percent = min(100.0, 100 * export.rows / export.expected) if export.expected else 0.0
    moment, rows = _read(since) or (time.time(), export.rows)
    passed, done, kept = time.time() - moment, export.rows - rows, f"{moment:.1f}-{rows}"
    if passed < 0.5 or done <= 0:
        return Pace(None, None, percent, kept)
    return Pace(done / passed, max(export.expected - export.rows, 0) * passed / done, percent, kept)


def _read(since: str) -> tuple[float, int] | None:
    moment, _dash, rows = since.partition("-")
    try:
        return float(moment), int(rows)
    except ValueError:
        return None
