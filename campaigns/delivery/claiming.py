"""Claiming: a worker leases a segment, and whoever had it before is settled.

Every lease raises the segment's fence; whatever a worker writes holds only while the fence is its own.
The segment also names the messages that may be on the wire (`wire`), written before any of them gets
its final dot. So a worker that was away for longer than its lease can change nothing, and of one that
can't be asked any more it is known exactly who may have been mailed.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from campaigns import jobs, settings
from campaigns.database import db_now
from campaigns.delivery.changing import change
from campaigns.delivery.models import OPEN_STATES, Message, MessageStatus, Segment
from campaigns.delivery.results import table
from campaigns.mailings.models import Campaign, Status


@dataclass(frozen=True, slots=True)
class Lease:
    """A segment that one worker may send from until `fence` is raised by another."""

    segment_id: int
    campaign_id: int
    first: int
    last: int
    fence: int
    owner: str

    @property
    def rows(self) -> sa.ColumnElement[bool]:
        """The condition on `Message` that holds for this segment's rows."""
        return sa.and_(
            Message.campaign_id == self.campaign_id, Message.contact_id.between(self.first, self.last)
        )

    @property
    def held(self) -> sa.ColumnElement[bool]:
        """The condition on `Segment` that holds while nobody else has it."""
        return sa.and_(Segment.id == self.segment_id, Segment.fence == self.fence)


def letters_go_out(session: Session) -> bool:
    """Whether a campaign is being sent just now: what nobody waits for stands aside meanwhile.

    Between two parts of a campaign no lease is held for a moment; then one is due.
    """
    busy = sa.or_(Segment.lease_until > db_now(), Segment.due_at <= db_now())
    sending = sa.select(Campaign.id).where(Campaign.status == Status.SENDING)
    return bool(session.scalar(sa.select(sa.exists().where(Segment.campaign_id.in_(sending), busy))))


def due() -> sa.Select[int, int]:
    """Campaign and number of the segments that are due and free, those due longest first."""
    return (
        sa.select(Segment.campaign_id, Segment.id)
        .join(Campaign, Campaign.id == Segment.campaign_id)
        .where(Segment.due_at <= db_now(), Segment.lease_until.is_(None), Campaign.status == Status.SENDING)
        .order_by(Segment.due_at, Segment.id)
    )


def lease_next(session: Session, owner: str) -> Lease | None:
    """Take the segment that is due longest; None when none is, or others are about to take it."""
    first = due().limit(1).with_for_update(of=Segment, skip_locked=True)
    found = session.execute(first).one_or_none()
    return lease(session, found.campaign_id, found.id, owner) if found else None


def lease(session: Session, campaign_id: int, segment_id: int, owner: str) -> Lease | None:
    """Take a segment that is due and free, of a campaign that is sending; else None.

    One whose lease ran out is not free: `recovering` settles it first.
    """
    sending = sa.exists().where(Campaign.id == campaign_id, Campaign.status == Status.SENDING)
    taken = session.execute(
        sa.update(Segment)
        .where(
            Segment.id == segment_id,
            Segment.campaign_id == campaign_id,
            Segment.due_at <= db_now(),
            Segment.lease_until.is_(None),
            sending,
        )
        .values(owner=owner, lease_until=until(), fence=Segment.fence + 1, wire=[])
        .returning(Segment.first_contact_id, Segment.last_contact_id, Segment.fence)
        .execution_options(synchronize_session=False)
    ).one_or_none()
    return Lease(segment_id, campaign_id, *taken, owner) if taken else None


def until() -> db_now:
    """When a lease that is taken or renewed now runs out."""
    return db_now(settings.current().sending.lease)


def release(session: Session, lease: Lease, hold: float = 0) -> None:
    """Give the segment back; it is due when the next of its rows is, but not before `hold` seconds.

    What is still said to be on the wire becomes uncertain: nobody heard what became of it.
    """
    given = session.execute(
        sa.select(Segment.wire, Segment.marked_at).where(lease.held).with_for_update()
    ).one_or_none()
    if given is None:
        return
    strand(session, given.wire, given.marked_at, lease.fence)
    due = _next_due(lease.rows)
    later = db_now(hold) if hold else None
    due_at = sa.case((due < later, later), else_=due) if later is not None else due
    change(
        session,
        sa.update(Segment).where(lease.held).values(owner="", lease_until=None, wire=[], due_at=due_at),
    )
    ready = sa.select(Segment.id).where(lease.held, Segment.due_at <= db_now())
    if session.scalar(ready) is not None:
        jobs.ring(session, jobs.SEND_SEGMENT, lease.campaign_id, lease.segment_id)


def strand(session: Session, message_ids: Collection[int], marked_at: datetime | None, fence: int) -> int:
    """These may have been mailed under this fence and nobody knows: say so. Returns how many."""
    if not message_ids:
        return 0
    return change(
        session,
        sa.update(table)
        .where(table.c.id.in_(sorted(message_ids)), table.c.status.in_(OPEN_STATES))
        .values(
            status=MessageStatus.UNCERTAIN,
            reason="worker_lost",
            fence=fence,
            next_try_at=None,
            handed_over_at=marked_at,
        ),
    )


def wake(session: Session, campaign_id: int, segment_id: int) -> None:
    """Somebody waits in this segment after all: make it due, and let its campaign go on if it had ended."""
    change(session, sa.update(Segment).where(Segment.id == segment_id).values(due_at=db_now()))
    change(
        session,
        sa.update(Campaign)
        .where(Campaign.id == campaign_id, Campaign.status == Status.SENT)
        .values(status=Status.SENDING, finished_at=None),
    )


def look_anew(session: Session) -> None:
    """Make due now whatever segment waits for its time: who takes it finds out how long it has to wait."""
    change(
        session,
        sa.update(Segment)
        .where(Segment.due_at > db_now(), Segment.lease_until.is_(None))
        .values(due_at=db_now()),
    )


def _next_due(rows: sa.ColumnElement[bool]) -> sa.ScalarSelect[datetime]:
    """When the first row that waits is to be tried; NULL when none does."""
    at = sa.case((Message.status == MessageStatus.PLANNED, db_now()), else_=Message.next_try_at)
    return sa.select(sa.func.min(at)).where(rows, Message.status.in_(OPEN_STATES)).scalar_subquery()
