"""Claiming: a worker leases a segment, asks the gate again, and owns the rows that may still be mailed.

Every lease raises the segment's fence; rows carry the fence under which they were claimed, and
whatever a worker writes holds only while the row carries its own. So a worker that was away for
longer than its lease can change nothing and send nothing.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import sqlalchemy as sa
import structlog
from sqlalchemy.orm import Session

from campaigns import jobs, settings
from campaigns.consent import gate
from campaigns.contacts.models import Contact
from campaigns.database import db_now, transaction
from campaigns.delivery.changing import change
from campaigns.delivery.models import Message, MessageStatus, Segment
from campaigns.mailings.models import Campaign, Status

log = structlog.get_logger()

ERASED = "erased"
ADDRESS_TAKEN = "address_taken"


@dataclass(frozen=True, slots=True)
class Lease:
    """A segment that one worker may send from until `fence` is raised by another."""

    segment_id: int
    campaign_id: int
    first: int
    last: int
    fence: int
    owner: str
    lost: threading.Event = field(default_factory=threading.Event, compare=False)

    @property
    def rows(self) -> sa.ColumnElement[bool]:
        """The condition on `Message` that holds for this segment's rows."""
        return sa.and_(
            Message.campaign_id == self.campaign_id, Message.contact_id.between(self.first, self.last)
        )


def lease(session: Session, campaign_id: int, segment_id: int, owner: str) -> Lease | None:
    """Take a segment that is due and free, of a campaign that is sending; else None."""
    sending = sa.exists().where(Campaign.id == campaign_id, Campaign.status == Status.SENDING)
    taken = session.execute(
        sa.update(Segment)
        .where(
            Segment.id == segment_id,
            Segment.campaign_id == campaign_id,
            Segment.due_at <= db_now(),
            sa.or_(Segment.lease_until.is_(None), Segment.lease_until < db_now()),
            sending,
        )
        .values(owner=owner, lease_until=_until(), fence=Segment.fence + 1)
        .returning(Segment.first_contact_id, Segment.last_contact_id, Segment.fence)
        .execution_options(synchronize_session=False)
    ).one_or_none()
    return Lease(segment_id, campaign_id, taken[0], taken[1], taken[2], owner) if taken else None


def claim(session: Session, lease: Lease, purpose: str) -> int:
    """Ask the gate for everybody in the segment who waits, then claim those who may be mailed.

    Returns how many. What an earlier lease had claimed is claimed anew; what it had handed over
    without knowing the answer becomes uncertain.
    """
    waiting = sa.and_(lease.rows, _waits(lease))
    _follow_contacts(session, waiting, purpose)
    claimed = change(
        session, sa.update(Message).where(waiting).values(status=MessageStatus.CLAIMED, fence=lease.fence)
    )
    # Only after the claim, which waits for a late worker's last commit: whatever that one handed
    # over is seen here, and whatever it did not can no longer be handed over by it.
    strand(session, lease.rows, lease.fence)
    return claimed


def strand(session: Session, rows: sa.ColumnElement[bool], fence: int) -> int:
    """Rows that were handed over under an older fence, with no answer: nobody knows, so say so."""
    return change(
        session,
        sa.update(Message)
        .where(rows, Message.status == MessageStatus.HANDED_OVER, Message.fence < fence)
        .values(status=MessageStatus.UNCERTAIN, reason="worker_lost"),
    )


def _waits(lease: Lease) -> sa.ColumnElement[bool]:
    return sa.or_(
        Message.status == MessageStatus.PLANNED,
        sa.and_(Message.status == MessageStatus.DEFERRED, Message.next_try_at <= db_now()),
        sa.and_(Message.status == MessageStatus.CLAIMED, Message.fence < lease.fence),
    )


def _follow_contacts(session: Session, waiting: sa.ColumnElement[bool], purpose: str) -> None:
    """What happened to the contacts since planning: refused, erased, or another address."""
    asked = gate.refusal(purpose).label("refusal")
    moved = sa.and_(asked.is_(None), Contact.email != Message.address)
    changed = session.execute(
        sa.select(Message.id, Message.campaign_id, Contact.id, Contact.email, asked)
        .join_from(Message, Contact, Contact.id == Message.contact_id, isouter=True)
        .where(waiting, sa.or_(Contact.id.is_(None), asked.is_not(None), moved))
    ).all()
    for message_id, campaign_id, contact_id, email, refusal in changed:
        row = sa.and_(Message.id == message_id, waiting)
        if contact_id is None:
            _skip(session, row, ERASED, address=f"erased:{message_id}")
        elif refusal is not None:
            _skip(session, row, refusal)
        elif _is_taken(session, campaign_id, email):
            _skip(session, row, ADDRESS_TAKEN)
        else:  # mail the address that the contact has now
            change(session, sa.update(Message).where(row).values(address=email))


def _skip(session: Session, row: sa.ColumnElement[bool], reason: str, **values: str) -> None:
    skipped = {"status": MessageStatus.SKIPPED, "reason": reason, "next_try_at": None, **values}
    change(session, sa.update(Message).where(row).values(skipped))


def _is_taken(session: Session, campaign_id: int, email: str) -> bool:
    """Whether the campaign mails this address already."""
    taken = sa.select(Message.id).where(Message.campaign_id == campaign_id, Message.address == email)
    return session.scalar(taken) is not None


def release(session: Session, lease: Lease) -> None:
    """Give the segment back: rows not handed over wait again, and it is due when the next of them is."""
    _put_back(session, lease.rows, Message.fence == lease.fence)
    strand(session, lease.rows, lease.fence + 1)  # of its own too, should an answer have been lost
    given = session.execute(
        sa.update(Segment)
        .where(_held(lease))
        .values(owner="", lease_until=None, due_at=_next_due(lease.rows))
        .returning(Segment.due_at <= db_now())
        .execution_options(synchronize_session=False)
    ).one_or_none()
    if given and given[0]:
        jobs.ring(session, jobs.SEND_SEGMENT, lease.campaign_id, lease.segment_id)


def recover(session: Session, segment_id: int, owner: str, *, gone: bool) -> None:
    """End the lease of a worker that is gone or let it run out: its rows wait again, or are uncertain."""
    over = sa.or_(Segment.lease_until < db_now(), sa.literal(gone))
    found = session.execute(
        sa.update(Segment)
        .where(Segment.id == segment_id, Segment.owner == owner, Segment.lease_until.is_not(None), over)
        .values(fence=Segment.fence + 1)
        .returning(Segment.campaign_id, Segment.first_contact_id, Segment.last_contact_id, Segment.fence)
        .execution_options(synchronize_session=False)
    ).one_or_none()
    if found:
        lease = Lease(segment_id, *found, owner)
        _put_back(session, lease.rows, Message.fence < lease.fence)
        release(session, lease)
        log.warning("lease ended for its worker", segment=segment_id, owner=owner, gone=gone)


def _put_back(session: Session, rows: sa.ColumnElement[bool], fence: sa.ColumnElement[bool]) -> None:
    change(
        session,
        sa.update(Message)
        .where(rows, fence, Message.status == MessageStatus.CLAIMED)
        .values(status=MessageStatus.PLANNED),
    )


def _next_due(rows: sa.ColumnElement[bool]) -> sa.ScalarSelect[object]:
    """When the first row that waits is to be tried; NULL when none does."""
    at = sa.case((Message.status == MessageStatus.PLANNED, db_now()), else_=Message.next_try_at)
    waits = Message.status.in_((MessageStatus.PLANNED, MessageStatus.DEFERRED))
    return sa.select(sa.func.min(at)).where(rows, waits).scalar_subquery()


@contextmanager
def kept(lease: Lease) -> Iterator[None]:
    """Keep the lease while the block runs; `lease.lost` is set when another took it."""
    done = threading.Event()
    heart = threading.Thread(target=_beat, args=(lease, done), name=f"lease-{lease.segment_id}", daemon=True)
    heart.start()
    try:
        yield
    finally:
        done.set()


def _beat(lease: Lease, done: threading.Event) -> None:
    while not done.wait(settings.current().sending.lease / 5):
        try:
            with transaction() as session:
                renewed = change(session, sa.update(Segment).where(_held(lease)).values(lease_until=_until()))
        except sa.exc.SQLAlchemyError as error:
            log.warning("lease not renewed", segment=lease.segment_id, error=str(error))
            continue
        if not renewed:
            lease.lost.set()
            return


def _held(lease: Lease) -> sa.ColumnElement[bool]:
    return sa.and_(Segment.id == lease.segment_id, Segment.fence == lease.fence)


def _until() -> db_now:
    return db_now(settings.current().sending.lease)
