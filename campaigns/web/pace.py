"""How fast long work moves and how long it will take, from two looks at it; kept in the address that asks."""

import time
from dataclasses import dataclass


@dataclass(frozen=True)
class Pace:
    """Rows a second and seconds left since the page was opened; `since` goes into the next question."""

    rows_per_second: float | None
    seconds_left: float | None
    percent: float
    since: str


def of(rows: int, done: int, total: int, since: str = "") -> Pace:
    """The pace now: `rows` so far, and `done` of `total` of whatever tells how far it is, such as bytes.

    `since` is what an earlier Pace said.
    """
    moment = time.time()
    first = _read(since) or (moment, rows, done)
    passed, more_rows, more = moment - first[0], rows - first[1], done - first[2]
    percent = min(100.0, 100 * done / total) if total else 0.0
    kept = f"{first[0]:.1f}-{first[1]}-{first[2]}"
    if passed < 0.5 or more_rows <= 0 or more <= 0:
        return Pace(None, None, percent, kept)
    return Pace(more_rows / passed, max(total - done, 0) * passed / more, percent, kept)


def _read(since: str) -> tuple[float, int, int] | None:
    parts = since.split("-")
    if len(parts) != 3:
        return None
    try:
        return float(parts[0]), int(parts[1]), int(parts[2])
    except ValueError:
        return None
