"""Destinations: how many letters to one domain are on the wire at once, and leaving it alone for a while.

A domain is watched while it has limits or lately asked to try later; any other costs nothing.
"""

import math
import threading
import time
from collections.abc import Callable
from datetime import datetime, timedelta

import sqlalchemy as sa
import structlog
from sqlalchemy.orm import Session

from campaigns import bulk, settings
from campaigns.database import db_now
from campaigns.delivery import claiming, limits
from campaigns.delivery.bucket_rows import FULL, LONGEST_HOLD
from campaigns.delivery.changing import change
from campaigns.delivery.limits import DomainLimit
from campaigns.delivery.models import DomainPace

log = structlog.get_logger()

_FIRST, _MOST = 5, 20  # letters at once to a watched domain without a limit of its own: at first, at best
_TOO_MANY = 10  # refusals in a row after which a domain is left alone
_LATELY = 600  # seconds that a domain without limits is watched after it asked to try later
_HOLD = timedelta(minutes=5)
_HEARD = 10  # seconds after which what one worker found out is in the limits that every worker knows


def at_once(domain: str) -> int | None:
    """The most letters to this domain that this process may have on the wire; None for no limit.

    The domain's limit is divided over this machine's worker processes; each may have one at least.
    """
    return _share(limits.latest().of(domain).at_once)


def is_about_destination(code: int, enhanced: str) -> bool:
    """Whether a temporary refusal speaks of the whole domain, not of one mailbox (RFC 3463, X.2.X)."""
    return code == 421 or (400 <= code < 500 and not enhanced.startswith(("4.2.", "4.1.")))


class Destination:
    """One domain as one worker process meets it; grows slowly while letters are taken, shrinks at once."""

    def __init__(self, most: int | None = None) -> None:
        self._most = most or _MOST
        self._width = float(min(_FIRST, self._most))
        self._refused = 0
        self.on_wire = 0

    @property
    def width(self) -> int:
        """How many letters it may have on the wire now."""
        return int(self._width)

    def limit(self, most: int | None) -> None:
        """Keep to another limit from now on."""
        self._most = most or _MOST
        self._width = min(self._width, self._most)

    def enter(self) -> bool:
        """Count one more letter, if there is room for it."""
        if self.on_wire >= self.width:
            return False
        self.on_wire += 1
        return True

    def leave(self) -> None:
        """Its letter is over, whatever became of it."""
        self.on_wire = max(self.on_wire - 1, 0)

    def took(self) -> None:
        """It took a letter: one more at once after as many as there may be."""
        self._refused = 0
        self._width = min(self._width + 1 / self._width, self._most)

    def refused(self) -> bool:
        """It asked to try later: half as many from now on. True when it should be left alone."""
        self._width = max(self._width / 2, 1.0)
        self._refused += 1
        if self._refused < _TOO_MANY:
            return False
        self._refused = 0
        return True


class Destinations:
    """All domains that this process sends to; one for the whole process, safe for several threads."""

    def __init__(
        self,
        known: Callable[[], limits.Limits] = limits.latest,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._known = known
        self._clock = clock
        self._lock = threading.Lock()
        self._watched: dict[str, Destination] = {}
        self._trouble: dict[str, float] = {}  # until when those that asked to try later are watched
        self._alone: dict[str, tuple[float, limits.Limits]] = {}  # since when, and what was known then

    def enter(self, domain: str) -> bool:
        """Whether a letter to this domain may begin now; if so it is counted until it leaves."""
        limit = self._known().of(domain)
        if domain not in self._watched and not _limited(limit):
            return True
        with self._lock:
            destination = self._destination(domain, limit)
            return destination is None or (not self._is_alone(domain) and destination.enter())

    def leave(self, domain: str, *, refused: bool | None = None) -> bool:
        """A letter is over: taken (False), put off by the domain's server (True), or neither (None).

        True when the domain is to be left alone for a while: `hold` it, so that all workers know.
        """
        limit = self._known().of(domain)
        if domain not in self._watched and not _limited(limit) and not refused:
            return False
        with self._lock:
            if refused:
                self._trouble[domain] = self._clock() + _LATELY
            destination = self._destination(domain, limit)
            if destination is None:
                return False
            destination.leave()
            if refused is False:
                destination.took()
            if not refused or not destination.refused():
                return False
            self._alone[domain] = self._clock(), self._known()
            return True

    def is_alone(self, domain: str) -> bool:
        """Whether no letter to it should begin: give back what was taken for it and let it wait.

        The database has the last word, once it can have been heard: somebody may have let it go.
        """
        return domain in self._alone and self._is_alone(domain)

    def _is_alone(self, domain: str) -> bool:
        since, known_then = self._alone.get(domain, (-math.inf, None))
        passed = self._clock() - since
        if passed < _HEARD:
            return True
        known = self._known()
        heard_since = known is not known_then
        return passed < _HOLD.total_seconds() and not (heard_since and known.of(domain).held_until is None)

    def _destination(self, domain: str, limit: DomainLimit) -> Destination | None:
        if not _limited(limit) and self._trouble.get(domain, 0.0) <= self._clock():
            self._watched.pop(domain, None)
            self._trouble.pop(domain, None)
            self._alone.pop(domain, None)
            return None
        found = self._watched.setdefault(domain, Destination())
        found.limit(_share(limit.at_once))
        return found


def hold(session: Session, domain: str, said: str) -> datetime | None:
    """Leave the domain alone: no worker begins a letter to it before the moment that is returned.

    Five minutes at first, twice as long each time that it happens again within the hour, one hour at
    most; `said` are the server's words. None when it is left alone already.
    """
    bulk.insert_many(session, DomainPace, [{"domain": domain} | FULL], conflict=["domain"])
    row = session.execute(
        sa.select(DomainPace.held_until, DomainPace.holds, db_now().label("now"))
        .where(DomainPace.domain == domain)
        .with_for_update()
    ).one()
    since = row.now - row.held_until if row.held_until else _LONG_AGO
    if -LONGEST_HOLD <= since < timedelta():
        return None
    holds = row.holds + 1 if timedelta() <= since < LONGEST_HOLD else 1
    until: datetime = row.now + min(_HOLD * 2 ** min(holds - 1, 10), LONGEST_HOLD)
    values = {"held_until": until, "held_for": said[:300], "holds": holds}
    change(session, sa.update(DomainPace).where(DomainPace.domain == domain).values(values))
    limits.forget()
    log.warning("domain left alone", domain=domain, until=until.isoformat(), said=said[:300])
    return until


_LONG_AGO = timedelta(days=1)


def let_go(session: Session, domain: str) -> None:
    """Send to a domain again that is left alone; what waits for it is looked at anew by all workers."""
    row = sa.update(DomainPace).where(DomainPace.domain == domain)
    change(session, row.values(held_until=None, held_for="", holds=0))
    claiming.look_anew(session)
    limits.forget()


def _limited(limit: DomainLimit) -> bool:
    return limit.rate is not None or limit.at_once is not None


def _share(most: int | None) -> int | None:
    """This process's part of what a domain may have at once, at least one."""
    return None if most is None else max(most // settings.current().worker_processes, 1)
