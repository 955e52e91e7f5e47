"""How long every page of an administrator takes to answer, with a million contacts: `bin/bench pages`.

Real processes, signed in, one visitor after the other. `--database sqlite|postgresql`, `--contacts N`,
`--events N`, `--keep FOLDER` (built there once, then used again), `--times T`, `--limit MS`, `--only PART` of
the address, `--json`. Milliseconds, slowest first: the first answer, processor time of web and database for
one, median, 95th percentile. Ends with 1 when the 95th percentile of a page lies beyond the limit, by default
100 on PostgreSQL and 250 on SQLite. On a machine that does other work the processor's time says more.
"""

import json
import math
import re
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

from campaigns.audiences import previewing
from campaigns.cleaning import running
from campaigns.cleaning.models import Scope
from campaigns.database import reading
from campaigns.longwork import WorkStatus
from tests.bench import costs, ground
from tests.bench.crowd import crowd, parser
from tests.bench.crowded import keeping
from tests.bench.walk import Address, addresses
from tests.stories.installation import Installation, Visitor, wait_for

_LIMITS = {"postgresql": 100.0, "sqlite": 250.0}
_LONGEST = 12.0  # seconds on one page; a slow one is asked less often, at least five times
_FEWEST = 5


@dataclass(frozen=True)
class Taken:
    """How long one address took, in milliseconds."""

    path: str
    first: float
    work: float  # of the processors, web and database together
    median: float
    high: float  # 95 of 100 answers were quicker
    times: int


def measure(visitor: Visitor, address: Address, times: int, first: float | None, meter: costs.Meter) -> Taken:
    """Ask again and again, each time with the cookies of somebody who has just signed in."""
    token = _token(visitor) if address.form else ""
    kept, took = visitor.session.cookies.copy(), []
    began = time.perf_counter()
    meter.start()
    while len(took) <= times and (len(took) <= _FEWEST or time.perf_counter() - began < _LONGEST):
        visitor.session.cookies = kept.copy()
        before = time.perf_counter()
        _ask(visitor, address, token)
        took.append((time.perf_counter() - before) * 1000)
    work = sum(meter.read().values()) * 1000 / len(took)
    visitor.session.cookies = kept
    return _summed(str(address), took, first, work)


def _ask(visitor: Visitor, address: Address, token: str) -> None:
    where = visitor.url + address.path
    if address.form:
        form = dict(address.form) | {"csrf_token": token}
        answer = visitor.session.post(where, data=form, timeout=60)
    else:
        answer = visitor.session.get(where, timeout=60)
    assert answer.status_code in (200, 404), f"{address}: {answer.status_code}"


def _token(visitor: Visitor) -> str:
    found = re.search(r'name="csrf-token" content="([^"]+)"', visitor.get("/audiences/new"))
    assert found
    return found[1]


def _summed(path: str, took: list[float], first: float | None, work: float) -> Taken:
    later = sorted(took[1:])
    high = later[math.ceil(0.95 * len(later)) - 1]
    first = took[0] if first is None else first
    return Taken(
        path, round(first, 1), round(work, 1), round(statistics.median(later), 1), round(high, 1), len(later)
    )


@contextmanager
def _started(made: Installation) -> Iterator[Visitor]:
    """Somebody signed in, once the clock has done what had waited."""
    made.start()
    try:
        wait_for(_nothing_waits, 1800, made.log)  # the first search for duplicates among a million
        visitor = made.signed_in()
        visitor.post("/settings/mail/test", "/settings/mail")  # a captured letter to be looked at
        yield visitor
    finally:
        made.stop()


def _nothing_waits() -> bool:
    with reading() as session:
        searched = running.newest(session, Scope.ALL, status=WorkStatus.DONE) is not None
        return searched and running.under_way(session) is None and not previewing.stale(session)


def _tell(found: list[Taken], limit: float) -> None:
    print(f"{'first':>8}{'work':>8}{'median':>8}{'95 %':>8}  page")
    for one in found:
        figures = f"{one.first:8.1f}{one.work:8.1f}{one.median:8.1f}{one.high:8.1f}"
        print(f"{figures}  {one.path}{'  !' if one.high > limit else ''}")


def _meter(made: Installation) -> costs.Meter:
    """Counts what the web server and the database work."""
    parts = {"web": ground.roles(made)["web"], "database": keeping.pids(made.folder)}
    return costs.Meter(parts)


def main() -> None:
    """Build or find the crowd, walk, print, judge."""
    words = parser("pages")
    words.add_argument("--times", type=int, default=40)
    words.add_argument("--limit", type=float, metavar="MS")
    words.add_argument("--only", default="", metavar="PART", help="addresses that hold this only")
    words.add_argument("--json", action="store_true")
    given = words.parse_args()
    limit = given.limit if given.limit is not None else _LIMITS[given.database]
    with tempfile.TemporaryDirectory() as passing:
        folder = given.keep or Path(passing)
        with (
            crowd(given.database, given.contacts, given.events, folder.absolute()) as made,
            _started(made) as visitor,
        ):
            chosen = {one: first for one, first in addresses(visitor).items() if given.only in str(one)}
            meter = _meter(made)
            found = [measure(visitor, one, given.times, first, meter) for one, first in chosen.items()]
    found.sort(key=lambda one: -one.high)
    slow = [one.path for one in found if one.high > limit]
    if given.json:
        print(json.dumps({"limit": limit, "pages": [asdict(one) for one in found], "slow": slow}))
    else:
        _tell(found, limit)
        print(f"{len(found)} pages; {len(slow)} beyond {limit:.0f} ms")
    sys.exit(bool(slow))
