"""How fast a campaign goes and how long it will still take, seen from one look at it to the next."""

import re
from dataclasses import dataclass

_SEEN = re.compile(r"(\d{1,12})-(\d{1,12})-(\d{1,9})")
_WEIGHT = 0.3  # of the newest look: enough to follow, too little to flicker


@dataclass(frozen=True)
class Pace:
    """Letters a second, seconds left (None: can't be told), and what the next look must bring along."""

    rate: float
    left: int | None
    seen: str


def pace(done: int, open_: int, seen: str, at: float) -> Pace:
    """The pace since the look that `seen` stands for; the first one knows nothing yet."""
    before = _SEEN.fullmatch(seen)
    rate = 0.0
    if before:
        moment, number, tenths = (int(part) for part in before.groups())
        passed = at * 10 - moment
        newest = max(done - number, 0) * 10 / passed if passed > 0 else 0.0
        rate = newest if not tenths else _WEIGHT * newest + (1 - _WEIGHT) * tenths / 10
    left = round(open_ / rate) if rate > 0.05 and open_ else None
    return Pace(rate, left, f"{int(at * 10)}-{done}-{round(rate * 10)}")
