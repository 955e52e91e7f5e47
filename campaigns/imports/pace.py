"""How fast an import moves and how long it will take, from two looks at it; kept in the address that asks."""

import time
from dataclasses import dataclass

from campaigns.contacts.models import Import


@dataclass(frozen=True)
class Pace:
    """Rows a second and seconds left since the page was opened; `since` goes into the next question."""

    rows_per_second: float | None
    seconds_left: float | None
    percent: float
    since: str


def of(import_: Import, since: str = "") -> Pace:
    """The pace now; `since` is what an earlier Pace said."""
    moment = time.time()
    first = _read(since) or (moment, import_.rows_read, import_.bytes_done)
    elapsed = moment - first[0]
    percent = 100 * import_.bytes_done / import_.bytes_total if import_.bytes_total else 0
    rows, read = import_.rows_read - first[1], import_.bytes_done - first[2]
    kept = f"{first[0]:.1f}-{first[1]}-{first[2]}"
    if elapsed < 0.5 or rows <= 0 or read <= 0:
        return Pace(None, None, percent, kept)
    return Pace(rows / elapsed, (import_.bytes_total - import_.bytes_done) * elapsed / read, percent, kept)


def _read(since: str) -> tuple[float, int, int] | None:
    parts = since.split("-")
    if len(parts) != 3:
        return None
    try:
        return float(parts[0]), int(parts[1]), int(parts[2])
    except ValueError:
        return None
