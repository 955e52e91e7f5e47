"""Sending: a worker mails leased segments, one after the other over the same warm connections.

The next segment is leased, and its first letters are read, while the last of this one are on the wire;
what is left to do of this one is done while the next is being sent.
"""

import time
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass

import structlog

from campaigns.database import reading, transaction
from campaigns.delivery import claiming, ending, owning, ringing, roads, runs, writing
from campaigns.delivery.claiming import Lease
from campaigns.delivery.closing import Closer
from campaigns.delivery.journal import Journal
from campaigns.delivery.patience import patiently
from campaigns.delivery.roads import Road
from campaigns.delivery.runs import Run
from campaigns.errors import PersonError
from campaigns.mailings.models import Campaign

log = structlog.get_logger()
_PATIENCE = 1.0  # seconds for a segment's last answers; those that take longer are waited for elsewhere


def stop() -> None:
    """Finish the letters on the wire and give everything else back: this process is about to end."""
    runs.closing.set()
    roads.close_all()


def send_segment(campaign_id: int, segment_id: int, closer: Closer | None = None) -> None:
    """Mail what waits in one segment; safe to run twice, at the same time, or to be killed anywhere.

    With a `closer` others that are due follow, for half a minute; it returns after the last letter
    then, and the rest of the work is left to the closer.
    """
    if runs.closing.is_set():
        return
    with transaction() as session:
        lease = claiming.lease(session, campaign_id, segment_id, owning.new())
    if lease is not None:
        with ThreadPoolExecutor(1, "next-segment") as helper:
            _Shift(closer, helper).work(lease)


@dataclass
class _Part:
    """A leased segment and the run over it; without one no letter of it can be written."""

    lease: Lease
    run: Run | None = None

    def close(self) -> None:
        """Write down what became of everybody, and give the segment back."""
        hold = 0.0
        try:
            if self.run:
                try:
                    self.run.wait_out()
                finally:
                    hold = self.run.write_down()
        finally:
            patiently(lambda: _give_back(self.lease, hold))


class _Shift:
    """One segment after the other, until no more is due or somebody else is to have a turn."""

    def __init__(self, closer: Closer | None, helper: ThreadPoolExecutor) -> None:
        self._closer = closer
        self._helper = helper
        self._until = time.monotonic() + runs.SHIFT
        self._coming: Future[_Part | None] | None = None

    def work(self, lease: Lease) -> None:
        """Mail the segment and those that follow."""
        part: _Part | None = None
        try:
            with roads.borrowed() as road:
                part = _begun(lease, road)
                while part is not None:
                    self._send(part, road)
                    ended, part = part, None
                    self._leave(ended)
                    del ended  # with all that it has read
                    part = self._next()
        finally:
            for left in (part, self._next()):
                if left is not None:
                    self._leave(left)

    def _send(self, part: _Part, road: Road) -> None:
        if part.run is None:
            return
        if self._closer is None:
            part.run.work()
            return
        while not part.run.work(lambda: self._prepare(road), _PATIENCE):
            if self._closer.has_room and part.run.step_aside():
                return

    def _prepare(self, road: Road) -> None:
        """Lease the next segment and begin to read it, in the background."""
        if self._coming is None and time.monotonic() < self._until:
            self._coming = self._helper.submit(_next_begun, road)

    def _next(self) -> _Part | None:
        coming, self._coming = self._coming, None
        return coming.result() if coming else None

    def _leave(self, part: _Part) -> None:
        if self._closer is None or part.run is None:
            part.close()
        elif part.run.stepped_aside:
            patiently(_ring)  # this one does so when it is closed, and that may be long from now
            self._closer.aside(part.close)
        else:
            self._closer.close(part.close)


def _next_begun(road: Road) -> _Part | None:
    """The next segment that is due, leased and begun; None when there is none, or trouble (it is logged)."""
    try:
        with transaction() as session:
            lease = None if runs.closing.is_set() else claiming.lease_next(session, owning.new())
        return _begun(lease, road) if lease else None
    except Exception:
        log.exception("next segment not begun")
        return None


def _begun(lease: Lease, road: Road) -> _Part:
    """Prepare to mail a segment; when no letter of it can be sent, its campaign is paused."""
    part = _Part(lease)
    try:
        with reading() as session:
            campaign = session.get_one(Campaign, lease.campaign_id)
            sender_id, edition = campaign.sender_id, writing.edition(session, campaign)
        journal = Journal(lease.owner, lease.segment_id, lease.fence)
        part.run = Run(lease, sender_id, edition, journal, road)
    except PersonError as error:  # no letter of this campaign can be written: a wrong key, a broken revision
        runs.pause(lease, str(error))
    except OSError as error:
        runs.pause(lease, runs.no_room(error))
    except BaseException:
        part.close()
        raise
    return part


def _give_back(lease: Lease, hold: float) -> None:
    with transaction() as session:
        claiming.release(session, lease, hold)
        ringing.ring_waiting(session, 2)
    with transaction() as session:
        ending.end_if_done(session, lease.campaign_id)


def _ring() -> None:
    with transaction() as session:
        ringing.ring_waiting(session, 2)
