"""The ledger: one run's work in the database, done by its own thread while another one sends.

By windows: one transaction writes down what became of the letters before, names those that may go on
the wire next, keeps the lease, and learns whether the campaign is still sending. No letter gets its
final dot unless it was named in a transaction that is committed. A window holds about a quarter of a
second's letters, so that pausing, cancelling and unsubscribing take hold within a second.
"""

import threading
from collections import Counter, deque
from collections.abc import Callable, Collection

import sqlalchemy as sa
import structlog

from campaigns import settings, tokens
from campaigns.consent import gate
from campaigns.database import reading, transaction
from campaigns.delivery import batches, buckets, limits, windows
from campaigns.delivery.claiming import Lease
from campaigns.delivery.journal import Journal
from campaigns.delivery.models import Segment
from campaigns.delivery.patience import AWAY, clock, patiently
from campaigns.delivery.results import NOT_TAKEN, Result
from campaigns.delivery.writing import Edition, Recipient
from campaigns.mailings.models import Status

log = structlog.get_logger()
_BEAT = 0.5  # seconds between two looks at the campaign, however slowly letters go
_FRESH = 1.0  # seconds after which the gate is asked again about who waits
_STALE = 1.8  # seconds after which its answers hold no more: then no letter goes, however busy the machine
_SHARE = 0.25  # seconds' worth of letters in a window
_MOST = 500  # letters in a window
_SURE = 0.9  # of a lease: the rest is for clocks that differ


class Ledger:
    """What one run may send next, and where it says what became of it. `ready` is for the sending thread."""

    def __init__(
        self,
        lease: Lease,
        sender_id: int,
        edition: Edition,
        journal: Journal,
        least: int,
        rate: float,
        woken: Callable[[], None],
    ) -> None:
        self._lease = lease
        self._sender_id = sender_id
        self._edition = edition
        self._chosen = batches.who_waits(lease, edition.purpose)
        self._journal = journal
        self._least = least
        self._woken = woken
        self.ready: deque[Recipient] = deque()
        self.refused: dict[int, Result] = {}  # given out, and the gate says no by now
        self.lost = False  # another worker has the segment now
        self.halted = False  # the campaign was paused or cancelled
        self.paused = False
        self.hold = 0.0  # seconds until buckets let more go; 0: nothing was held back
        self.until = 0.0  # by `clock()`: until then the lease is surely ours
        self._lock = threading.Lock()
        self._writing = threading.Lock()
        self._need = threading.Event()
        self._ending = threading.Event()
        self._read: deque[Recipient] = deque()  # the gate said yes, not named yet
        self._given: dict[int, Recipient] = {}  # given out, and not heard of since
        self._seldom: set[int] = set()  # contacts among those read who may want letters seldom
        self._after = -1
        self._exhausted = False  # nobody waits behind those that were read
        self._asked = 0.0
        self._results: dict[int, Result] = {}
        self._bounced: list[str] = []
        self._granted: Counter[str] = Counter()
        self._wire: set[int] = set()
        self.rate = rate  # letters a second
        self._size = self._fit()
        self._committed = 0.0
        self._synced = 0.0
        self._thread = threading.Thread(target=self._work, name=f"ledger-{lease.segment_id}", daemon=True)
        self._thread.start()

    @property
    def dry(self) -> bool:
        """Whether everybody who waits was given out."""
        return self._exhausted and not self._read and not self.ready

    @property
    def fresh(self) -> bool:
        """Whether the gate was asked lately enough about those who were given out."""
        return clock() - self._asked < _STALE

    @property
    def ending(self) -> bool:
        """Whether a window at most is left to be given out."""
        return self._exhausted and len(self._read) + len(self.ready) <= self._size

    def next(self, most: int) -> list[Recipient]:
        """Up to so many who may get their letter now; for the sending thread."""
        with self._lock:
            found = [self.ready.popleft() for _number in range(min(most, len(self.ready)))]
            self._given.update((one.message_id, one) for one in found)
            low = len(self.ready) < self._size
        if low:
            self._need.set()
        return found

    def note(self, message_id: int, result: Result) -> None:
        """What became of one message; in the database with the next window."""
        with self._lock:
            self._given.pop(message_id, None)
            self._results[message_id] = result
            many = len(self._results) >= self._size
        if many:
            self._need.set()

    def bounced(self, address: str) -> None:
        """Suppress the address with the next window: its server says that it does not exist."""
        with self._lock:
            self._bounced.append(tokens.address_hash(address))

    def flush(self) -> None:
        """Write down now what is known by now."""
        patiently(self._commit)

    def finish(self, doubtful: Collection[int], used: Counter[str]) -> None:
        """Write everything down; of those still named only the `doubtful` may have been mailed.

        `used`: how many letters went to each domain, of those that buckets had granted.
        """
        self._ending.set()
        self._need.set()
        self._thread.join()
        self.ready.clear()
        self._read.clear()
        named = self._wire - set(doubtful)
        self._wire &= set(doubtful)
        patiently(self._commit)
        if unused := self._granted - used:
            with transaction() as session:
                buckets.give_back(session, self._sender_id, unused)
        if self.lost:  # whoever took over calls all of them uncertain; these surely had no dot
            self._results |= dict.fromkeys(named, NOT_TAKEN)
            patiently(self._commit)

    def _work(self) -> None:
        while not self._ending.is_set():
            try:
                self._round()
            except AWAY as error:
                log.warning("database away", error=str(error.orig))
                self._ending.wait(0.5)
            except Exception:  # whatever it is, the run must not wait for a thread that is gone
                log.exception("ledger failed")
                self.halted = True
                self._woken()
                return
            self._need.wait(_BEAT)
            self._need.clear()

    def _round(self) -> None:
        if self.lost or self.halted:
            return
        was_dry = self.dry
        if not self._exhausted and len(self._read) + len(self.ready) < 2 * self._size:
            self._read_more()
        if clock() - self._asked > _FRESH:
            self._ask_again()
        if self._commit(more=True) or self.lost or self.halted or self.dry > was_dry:
            self._woken()
        self._sync()

    def _read_more(self) -> None:
        asked = clock()
        with reading() as session:
            limits.current(session)
            batch = batches.read(session, self._chosen, self._edition, self._after, 2 * self._size)
        if batch.moved:
            with transaction() as session:
                if session.scalar(sa.select(Segment.id).where(self._lease.held).with_for_update()):
                    moved = batches.follow(session, self._lease, self._edition, batch.moved)
                    batch.recipients += moved
                    batch.seldom |= {one.contact_id for one in moved}
        if not self._read and not self.ready and not self._given:
            self._asked = asked
        self._seldom |= batch.seldom
        self._read += self._paced(batch.recipients)
        with self._lock:
            self._results |= batch.skipped
        if batch.last is None:
            self._exhausted = True
        else:
            self._after = batch.last

    def _paced(self, recipients: list[Recipient]) -> list[Recipient]:
        """Those of them who may get their letter now, as fast as sender and domains are allowed to go."""
        if limits.latest().nothing:
            return recipients
        wanted = Counter(one.domain for one in recipients)
        with transaction() as session:
            grant = buckets.take(session, self._sender_id, wanted)
        if grant.again_in:
            self.hold = min(self.hold or grant.again_in, grant.again_in)
        left = Counter(grant.of_domain)
        self._granted += left
        found = []
        for one in recipients:
            if left[one.domain] > 0:
                left[one.domain] -= 1
                found.append(one)
        return found

    def _ask_again(self) -> None:
        """The gate, for those who have been waiting: whoever left meanwhile gets no letter."""
        asked = clock()
        with self._lock:
            waiting = [one.contact_id for one in (*self.ready, *self._read, *self._given.values())]
        refused = {}
        if waiting:
            with reading() as session:
                refused = gate.refusals(session, waiting, self._edition.purpose)
        with self._lock:
            for queue in (self.ready, self._read):
                gone = [one for one in queue if one.contact_id in refused]
                for one in gone:
                    queue.remove(one)
                    self._results[one.message_id] = batches.skipped(refused[one.contact_id])
            for one in self._given.values():
                if one.contact_id in refused:
                    self.refused[one.message_id] = batches.skipped(refused[one.contact_id])
        self._asked = asked

    def _commit(self, more: bool = False) -> bool:
        """One window: what was, what may be, and whether we still may; True when there is more to send."""
        with self._writing:
            return self._window(more)

    def _window(self, more: bool) -> bool:
        with self._lock:
            results, bounced = dict(self._results), list(self._bounced)
            room = max(2 * self._size - len(self.ready), 0) if more else 0
        fresh = [self._read.popleft() for _number in range(min(room, len(self._read)))]
        wire = (self._wire - results.keys()) | {one.message_id for one in fresh}
        seldom = {one.message_id: one.contact_id for one in fresh if one.contact_id in self._seldom}
        asked = clock()
        try:
            status, kept = windows.write(self._lease, self._edition.purpose, results, bounced, wire, seldom)
        except BaseException:
            self._read.extendleft(reversed(fresh))
            raise
        self._wire = wire - kept.keys()
        self._seldom.difference_update(seldom.values())
        with self._lock:
            for message_id, result in results.items():
                if self._results.get(message_id) is result:
                    del self._results[message_id]
            del self._bounced[: len(bounced)]
            self._results |= kept
            if status == Status.SENDING:
                self.ready += [one for one in fresh if one.message_id not in kept]
        self.lost = status is None
        self.until = 0 if self.lost else asked + settings.current().sending.lease * _SURE
        self.halted = status != Status.SENDING
        self.paused = status == Status.PAUSED
        self._pace(sum(result.tried for result in results.values()), asked)
        return bool(fresh)

    def _pace(self, answered: int, at: float) -> None:
        """Windows grow and shrink with the speed at which letters are taken."""
        passed, self._committed = at - self._committed, at
        if answered and passed < 10:
            self.rate = 0.5 * self.rate + 0.5 * answered / max(passed, 0.001)
            self._size = self._fit()

    def _fit(self) -> int:
        return max(self._least, min(int(self.rate * _SHARE), _MOST))

    def _sync(self) -> None:
        every = settings.current().sending.journal_sync
        if every and clock() - self._synced > every:
            self._synced = clock()
            self._journal.sync()
