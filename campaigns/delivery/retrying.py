"""When a message that a server put off is tried again."""

import random
from datetime import datetime, timedelta

from campaigns.database import now

_FIRST = (5, 15, 30)  # minutes
_LONGEST = 8 * 60
_SPREAD = 0.2  # so that what failed together is not tried together
LIFETIME = timedelta(hours=72)


def next_try(tries: int, expires_at: datetime | None) -> datetime | None:
    """The moment of the next try after this many; None when the campaign's time is over before."""
    at = now() + timedelta(minutes=minutes(tries) * random.uniform(1 - _SPREAD, 1 + _SPREAD))
    return None if expires_at is not None and at > expires_at else at


def minutes(tries: int) -> float:
    """How long to wait after so many tries, before it is spread: 5, 15, 30, then doubling to 8 hours."""
    if tries <= len(_FIRST):
        return _FIRST[max(tries, 1) - 1]
    return min(_FIRST[-1] * 2 ** min(tries - len(_FIRST), 10), _LONGEST)
