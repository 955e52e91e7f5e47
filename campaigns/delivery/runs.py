"""A run: one worker's way through one leased segment, over many warm connections."""

import threading
import time
from collections import Counter, deque
from collections.abc import Callable

import structlog

from campaigns.database import transaction
from campaigns.delivery import destinations, pausing, writing
from campaigns.delivery.claiming import Lease
from campaigns.delivery.destinations import Destinations, is_about_destination
from campaigns.delivery.journal import Journal
from campaigns.delivery.judging import Judge, Verdict
from campaigns.delivery.ledger import Ledger
from campaigns.delivery.models import MessageStatus
from campaigns.delivery.patience import AWAY, clock, going_on, patiently
from campaigns.delivery.results import NOT_TAKEN, Result
from campaigns.delivery.roads import Road
from campaigns.delivery.writing import Edition, Finished, Recipient
from campaigns.mail.fleet import Parcel
from campaigns.mail.outcomes import Deferred, HeldBack, NotSent, Reply, TransportTrouble, Unknown
from campaigns.words import _

log = structlog.get_logger()

SHIFT = 30  # seconds after which a worker gives the rest back, so that all work takes turns
closing = threading.Event()  # this process is about to end
_WRITTEN_AT_ONCE = 8  # letters; signatures are made by eights where the processor can
_MOST_ASIDE = 200  # letters
_STALLED = 0.1  # seconds between two looks whether the gate has answered
_destinations = Destinations()
Written = tuple[Recipient, Finished]


def pause(lease: Lease, reason: str) -> None:
    """Pause the segment's campaign until somebody has mended this."""
    with transaction() as session:
        pausing.pause_itself(session, lease.campaign_id, reason, ask_again=False)


def no_room(error: OSError) -> str:
    """What to say when the journal can't be written."""
    return _(
        "Nothing can be written to the data folder (%(reason)s), so nothing is sent. Make room, then resume.",
        reason=error.strerror or error,
    )


class Run:
    """One worker's way through a segment; over when the lease, the campaign, or its time is."""

    def __init__(self, lease: Lease, sender_id: int, edition: Edition, journal: Journal, road: Road) -> None:
        self._lease = lease
        self._edition = edition
        self._journal = journal
        self._road = road
        self._ledger = Ledger(lease, sender_id, edition, journal, 2 * road.most, road.rate, road.fleet.wake)
        self._judge = Judge(edition.expires_at)
        self._letters: deque[Written] = deque()
        self._aside: deque[Written] = deque()  # their destination has enough on the wire
        self._used: Counter[str] = Counter()
        self._under_way: dict[int, Recipient] = {}
        self._dotted: set[int] = set()  # those of them that may have been taken
        self._again: deque[Recipient] = deque()
        self._calm_at = 0.0
        self._last_part_read: Callable[[], None] | None = None
        self._missing = False  # answers were, when they were last waited for
        self.stepped_aside = False
        self._until = time.monotonic() + SHIFT
        self._over = False

    def work(self, last_part_read: Callable[[], None] | None = None, patience: float | None = None) -> bool:
        """Mail everybody who waits, and once more those whom trouble on the way spared.

        Calls `last_part_read` once when the last of them are about to be given out. False when, with
        nothing left to begin, answers are missing for so many seconds: `step_aside`, or `work` on.
        """
        self._last_part_read = last_part_read
        while self._missing or (not self._is_over() and self._has_more()):
            asked = self._pull, self._before_dot, self._answered, self._write_ahead
            self._missing = not self._road.fleet.send(*asked, patience)
            if self._missing:
                return False
        self._road.rate = self._ledger.rate
        return True

    def step_aside(self) -> bool:
        """Leave the road to others, but for the connections whose answers are missing: `wait_out` then.

        False, and nothing is changed, when too few would be left for the others.
        """
        rest = self._road.split()
        if rest is None:
            return False
        self.stepped_aside, self._road = True, rest
        return True

    def wait_out(self) -> None:
        """Having stepped aside, wait for the answers that are missing; may be done by another thread."""
        if self.stepped_aside:
            self._road.fleet.send(self._pull, self._before_dot, self._answered)
            self._road.fleet.close()

    def write_down(self) -> float:
        """Everything into the database; returns for how many seconds who was held back has to wait."""
        try:
            self._ledger.finish(self._dotted, self._used)
        except AWAY:
            self._journal.leave()
            raise
        if self._ledger.paused and self._judge.met_policy:  # perhaps for refusals that these were some of
            with transaction() as session:
                pausing.spare(session, self._lease.campaign_id)
        self._journal.discard()
        return self._ledger.hold

    def _is_over(self) -> bool:
        ledger = self._ledger
        if closing.is_set() or ledger.lost or ledger.halted or time.monotonic() > self._until:
            self._over = True
        return self._over

    def _has_more(self) -> bool:
        return bool(self._letters or self._aside or self._again or not self._ledger.dry)

    def _pull(self) -> Parcel | float | None:
        """The next letter; how long to wait for one; or None when there is none."""
        if self._is_over() or self.stepped_aside:  # what would be sent again waits in the database
            return None
        calm = self._calm_at - time.monotonic()
        if calm > 0:
            return calm
        if not self._ledger.fresh:
            return _STALLED
        allowed = self._road.allowed
        if len(self._under_way) >= (2 * allowed if allowed > 1 else 1):  # one being read, the next announced
            return 1
        written = self._next_written()
        if written is None:
            return None if self._ledger.dry else 1
        recipient, letter = written
        self._under_way[recipient.message_id] = recipient
        return Parcel(recipient.message_id, letter.envelope_from, letter.to, letter.raw, letter.envelope_id)

    def _next_written(self) -> Written | None:
        """The next letter whose destination has room for one more; those of others are put aside."""
        full = set()
        for _number in range(len(self._aside)):
            written = self._aside.popleft()
            domain = written[0].domain
            if _destinations.is_alone(domain):
                continue  # it waits in the database
            if domain not in full and _destinations.enter(domain):
                return written
            full.add(domain)
            self._aside.append(written)
        while len(self._aside) < _MOST_ASIDE:
            if not self._letters:
                self._write_some()
            if not self._letters:
                return None
            written = self._letters.popleft()
            if _destinations.enter(written[0].domain):
                return written
            self._aside.append(written)
        return None

    def _write_ahead(self) -> bool:
        """While the servers think: so many letters that no connection waits for one to be written."""
        written = len(self._letters)
        if written >= self._road.allowed or self._is_over():
            return False
        self._write_some()
        return len(self._letters) > written

    def _write_some(self) -> None:
        some = self._ledger.next(_WRITTEN_AT_ONCE)
        if self._last_part_read and self._ledger.ending:
            told, self._last_part_read = self._last_part_read, None
            self._road.rate = self._ledger.rate
            told()
        if not some and self._ledger.dry:
            some, self._again = list(self._again), deque()
        for recipient, letter in zip(some, writing.write_many(self._edition, some), strict=True):
            if isinstance(letter, Exception):  # whatever one contact's data does, it fails that one only
                log.warning("letter not written", message=recipient.message_id, error=repr(letter))
                failed = Result(MessageStatus.FAILED, "render", str(letter))
                self._ledger.note(recipient.message_id, failed)
            else:
                self._letters.append((recipient, letter))

    def _before_dot(self, parcel: Parcel) -> bool:
        """Whether the letter may get its final dot; if so, that it got one is written down."""
        ledger = self._ledger
        if self._is_over() or clock() >= ledger.until or parcel.key in ledger.refused or not ledger.fresh:
            return False
        try:
            self._journal.dotted(parcel.key)
        except OSError as error:
            self._over = True
            with going_on():
                pause(self._lease, no_room(error))
            return False
        self._dotted.add(parcel.key)
        self._used[self._under_way[parcel.key].domain] += 1
        return True

    def _answered(self, parcel: Parcel | None, outcome: Reply | NotSent) -> None:
        if parcel is None:
            assert isinstance(outcome, TransportTrouble)
            self._obey(None, self._judge.unreachable(outcome))
            return
        recipient = self._under_way.pop(parcel.key)
        self._leave(recipient, outcome)
        if isinstance(outcome, Reply):
            self._road.fine()
            self._note(recipient, self._judge.taken(outcome))
        elif isinstance(outcome, HeldBack):
            if refused := self._ledger.refused.get(parcel.key):
                self._note(recipient, refused)
            else:
                self._again.append(recipient)
        else:
            self._obey(recipient, self._judge.says(recipient, outcome))
            if isinstance(outcome, TransportTrouble | Unknown):
                self._road.trouble()
            else:
                self._road.fine()
        self._dotted.discard(parcel.key)

    def _leave(self, recipient: Recipient, outcome: Reply | NotSent) -> None:
        """The destination has room for one more; or is left alone, when it has said “later” too often."""
        later = isinstance(outcome, Deferred) and is_about_destination(outcome.code, outcome.enhanced)
        refused = True if later else False if isinstance(outcome, Reply) else None
        if _destinations.leave(recipient.domain, refused=refused) and isinstance(outcome, NotSent):
            said = f"{outcome.code} {outcome.text}"
            with going_on(), transaction() as session:
                destinations.hold(session, recipient.domain, said)

    def _note(self, recipient: Recipient, result: Result) -> None:
        if result.tried or recipient.message_id in self._dotted:
            self._journal.answered(recipient.message_id, result)
        self._ledger.note(recipient.message_id, result)

    def _obey(self, recipient: Recipient | None, verdict: Verdict) -> None:
        if recipient is not None and verdict.again:
            if recipient.message_id in self._dotted:
                self._journal.answered(recipient.message_id, NOT_TAKEN)
            self._again.append(recipient)
        elif recipient is not None:
            self._note(recipient, verdict.result)
        if recipient is not None and verdict.bounced:
            self._ledger.bounced(recipient.address)
        if verdict.pause and not self._over:
            self._over = True
            patiently(lambda: self._pause(verdict))
        self._calm_at = max(self._calm_at, time.monotonic() + verdict.wait)

    def _pause(self, verdict: Verdict) -> None:
        if verdict.ask_again and pausing.works_for_others(self._lease.campaign_id):
            return  # a limit on connections, most likely: this run is over, the others go on
        if verdict.about_us:
            self._ledger.flush()
        with transaction() as session:
            pausing.pause_itself(session, self._lease.campaign_id, verdict.pause, ask_again=verdict.ask_again)
            if verdict.about_us:
                pausing.spare(session, self._lease.campaign_id)
