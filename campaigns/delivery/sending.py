"""Sending: one worker mails what waits in one leased segment, letter by letter, over a warm connection."""

import threading
import time
from collections import deque
from collections.abc import Callable
from typing import TypeVar

import sqlalchemy as sa
import structlog

from campaigns.database import reading, transaction
from campaigns.delivery import claiming, ending, journal, owning, pausing, ringing, roads, writing
from campaigns.delivery.claiming import Lease
from campaigns.delivery.judging import Judge, Verdict
from campaigns.delivery.models import MessageStatus, Segment
from campaigns.delivery.recording import GateClosed, Halted, NotHandedOver, Recorder
from campaigns.delivery.results import Result
from campaigns.delivery.writing import Edition, Finished, Recipient
from campaigns.errors import PersonError
from campaigns.mail.outcomes import NotSent, Reply
from campaigns.mail.transport import Transport
from campaigns.mailings.models import Campaign

log = structlog.get_logger()
T = TypeVar("T")
_AWAY = (sa.exc.OperationalError, sa.exc.InterfaceError)  # the database can't be reached, or is locked

_AT_ONCE = 100  # recipients read in one go
_SHIFT = 30  # seconds after which a worker gives the rest back, so that all work takes turns
_PATIENCE = 60  # seconds to wait for a database that is away, holding results
_closing = threading.Event()


def stop() -> None:
    """Finish the letters on the wire and give everything else back: this process is about to end."""
    _closing.set()
    roads.close_all()


def send_segment(campaign_id: int, segment_id: int) -> None:
    """Mail what waits in one segment; safe to run twice, at the same time, or to be killed anywhere."""
    if _closing.is_set():
        return
    with transaction() as session:
        before = session.scalar(sa.select(Segment.owner).where(Segment.id == segment_id))
        lease = claiming.lease(session, campaign_id, segment_id, owning.new())
        if lease is None:
            return
        claiming.claim(session, lease, session.get_one(Campaign, campaign_id).purpose)
    if before:  # it let its lease run out; what it was told is not uncertain
        journal.replay_of(before)
    with claiming.kept(lease):
        try:
            _mail(lease)
        finally:
            _patiently(lambda: _give_back(lease))


def _mail(lease: Lease) -> None:
    try:
        with reading() as session:
            edition = writing.edition(session, session.get_one(Campaign, lease.campaign_id))
    except PersonError as error:  # no letter of this campaign can be written: a wrong key, a broken revision
        with transaction() as session:
            pausing.pause_itself(session, lease.campaign_id, str(error), ask_again=False)
        return
    with roads.borrowed() as road:
        Run(lease, edition, road).work()


def _give_back(lease: Lease) -> None:
    with transaction() as session:
        claiming.release(session, lease)
        ringing.ring_waiting(session, 2)
    with transaction() as session:
        ending.end_if_done(session, lease.campaign_id)


class Run:
    """One worker's way through a segment; over when the lease, the campaign, or its time is."""

    def __init__(self, lease: Lease, edition: Edition, road: Transport) -> None:
        self._lease = lease
        self._edition = edition
        self._road = road
        self._recorder = Recorder(lease, edition.purpose)
        self._judge = Judge(edition.expires_at)
        self._again: deque[Recipient] = deque()
        self._until = time.monotonic() + _SHIFT
        self._over = False

    def work(self) -> None:
        """Mail everybody who was claimed, then once more those whom trouble on the way spared."""
        after = -1
        while not self._is_over() and (batch := self._next(after)):
            after = batch[-1].contact_id
            for recipient in batch:
                if not self._is_over():
                    self._mail(recipient)
        while self._again and not self._is_over():
            self._mail(self._again.popleft())
        for recipient in self._again:
            self._recorder.note(recipient.message_id, Result(MessageStatus.PLANNED, tried=False))
        _patiently(self._recorder.close)

    def _is_over(self) -> bool:
        if _closing.is_set() or self._lease.lost.is_set() or time.monotonic() > self._until:
            self._over = True
        return self._over

    def _next(self, after: int) -> list[Recipient]:
        def read() -> list[Recipient]:
            with reading() as session:
                return writing.recipients(session, self._lease, self._edition, after, _AT_ONCE)

        self._recorder.ask_anew()
        return _patiently(read)

    def _mail(self, recipient: Recipient) -> None:
        try:
            letter = writing.write(self._edition, recipient)
        except Exception as error:  # whatever one contact's data does, it fails that one only
            log.warning("letter not written", message=recipient.message_id, error=repr(error))
            self._recorder.note(recipient.message_id, Result(MessageStatus.FAILED, "render", str(error)))
            return
        try:
            reply = self._hand_over(recipient, letter)
        except NotHandedOver as why:
            self._stays(recipient, why)
        except _AWAY as error:  # perhaps committed, but the dot was not sent
            log.warning("database away", error=str(error.orig))
            self._spare(recipient)
            _patiently(self._recorder.flush)
        except NotSent as answer:
            self._obey(recipient, self._judge.says(recipient, answer))
        else:
            self._recorder.note(recipient.message_id, self._judge.taken(reply))

    def _hand_over(self, recipient: Recipient, letter: Finished) -> Reply:
        return self._road.send(
            letter.envelope_from,
            letter.to,
            letter.raw,
            lambda: self._recorder.hand_over(recipient.message_id),
            envelope_id=letter.envelope_id,
        )

    def _spare(self, recipient: Recipient) -> None:
        """Not taken, surely: this recipient comes again at the end of the run."""
        self._again.append(recipient)
        self._recorder.note(recipient.message_id, Result(MessageStatus.CLAIMED, tried=False))

    def _stays(self, recipient: Recipient, why: NotHandedOver) -> None:
        if isinstance(why, GateClosed) and why.reason:
            skipped = Result(MessageStatus.SKIPPED, why.reason, tried=False)
            self._recorder.note(recipient.message_id, skipped)
        elif isinstance(why, Halted):
            log.info("halted", campaign=self._lease.campaign_id, status=str(why))
            self._over = True
        else:
            log.warning("lease lost", segment=self._lease.segment_id)
            self._over = True

    def _obey(self, recipient: Recipient, verdict: Verdict) -> None:
        if verdict.again:
            self._spare(recipient)
        else:
            self._recorder.note(recipient.message_id, verdict.result)
        if verdict.bounced:
            self._recorder.bounced(recipient.address)
        if verdict.pause:
            self._over = True
            _patiently(lambda: self._pause(verdict))
        if verdict.wait:
            self._lease.lost.wait(verdict.wait)

    def _pause(self, verdict: Verdict) -> None:
        if verdict.ask_again and pausing.works_for_others(self._lease.campaign_id):
            return  # a limit on connections, most likely: this run is over, the others go on
        with transaction() as session:
            self._recorder.spare(session, verdict.spared)
            pausing.pause_itself(session, self._lease.campaign_id, verdict.pause, ask_again=verdict.ask_again)


def _patiently(work: Callable[[], T]) -> T:
    """Do it again while the database is away; what is held in memory outlasts a restart of it."""
    until = time.monotonic() + _PATIENCE
    while True:
        try:
            return work()
        except _AWAY as error:
            if time.monotonic() > until:
                raise
            log.warning("database away", error=str(error.orig))
            time.sleep(0.5)
