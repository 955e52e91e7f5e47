"""Recovering: what a worker that died, stopped or was cut off left behind is settled, once, by its journal.

Where the journal can be read and its writer is surely gone, it tells exactly who was on the wire. Where
not, everybody in the segment's `wire` is uncertain; the journal settles them when it turns up.
"""

from pathlib import Path

import sqlalchemy as sa
import structlog
from sqlalchemy.orm import Session

from campaigns.database import db_now, reading, transaction
from campaigns.delivery import claiming, journal, owning
from campaigns.delivery.claiming import Lease
from campaigns.delivery.journal import Found
from campaigns.delivery.models import Message, MessageStatus, Segment
from campaigns.delivery.results import NOT_TAKEN, Result, record

log = structlog.get_logger()
_MOST = 200  # leases looked at in one round


def recover_all() -> None:
    """End the leases that ran out or whose process is gone, and read the journals that were left."""
    for segment_id, owner, gone in _stranded():
        found = journal.read(journal.path_of(owner))
        with transaction() as session:
            recover(session, segment_id, owner, found, gone=gone)
    for path in journal.left():
        replay(path)


def recover(session: Session, segment_id: int, owner: str, found: Found | None, *, gone: bool) -> None:
    """End the lease of a worker that is `gone`, or that let it run out; its rows wait again.

    A segment that is locked is left for the next round: its worker may have been stopped midway.

    `found` is its journal where that can be read from here. Those on the wire become uncertain; one
    that only let its lease run out may live and still be sending what it was allowed to.
    """
    over = sa.or_(Segment.lease_until < db_now(), sa.literal(gone))
    held = session.execute(
        sa.select(Segment)
        .where(Segment.id == segment_id, Segment.owner == owner, Segment.lease_until.is_not(None), over)
        .with_for_update(skip_locked=True)
    ).scalar_one_or_none()
    if held is None:
        return
    doubtful = set(held.wire)
    if found and found.fence == held.fence:
        record(session, found.fence, found.results, held=True)
        doubtful -= found.results.keys()
        if gone:
            doubtful &= found.unanswered
    claiming.strand(session, doubtful, held.marked_at, held.fence)
    held.wire = []
    held.fence += 1
    session.flush()
    rows = (held.first_contact_id, held.last_contact_id)
    claiming.release(session, Lease(segment_id, held.campaign_id, *rows, held.fence, owner))
    log.warning("lease ended for its worker", segment=segment_id, owner=owner, gone=gone)


def replay(path: Path) -> None:
    """Write what a run that is over left in its journal into the database; safe to repeat.

    A file whose segment is locked, or still under its lease, is left: `recover` comes first.
    """
    owner = journal.owner_of(path)
    found = journal.read(path)
    if found is None:
        return
    with transaction() as session:
        segment = session.get(Segment, found.segment_id, with_for_update={"skip_locked": True})
        if segment is None:
            if session.scalar(sa.select(Segment.id).where(Segment.id == found.segment_id)):
                return
        else:
            if segment.owner == owner and path == journal.path_of(owner):
                return
            settle_late(session, segment, found.fence, _all_said(session, segment, path, found))
    path.unlink(missing_ok=True)
    log.info("journal replayed", path=path.name, answers=len(found.results))


def settle_late(session: Session, segment: Segment, fence: int, results: dict[int, Result]) -> None:
    """Answers of a run whose lease is over settle what became uncertain under it, and nothing else."""
    changed = record(session, fence, results, held=False)
    if changed and any(not result.tried for result in results.values()):
        claiming.wake(session, segment.campaign_id, segment.id)


def _all_said(session: Session, segment: Segment, path: Path, found: Found) -> dict[int, Result]:
    """The journal's answers; a whole one also says who never got the dot: whoever it doesn't name."""
    if not journal.is_whole(path):
        return found.results
    uncertain = session.scalars(
        sa.select(Message.id).where(
            Message.campaign_id == segment.campaign_id,
            Message.contact_id.between(segment.first_contact_id, segment.last_contact_id),
            Message.status == MessageStatus.UNCERTAIN,
            Message.reason == "worker_lost",
            Message.fence == found.fence,
        )
    )
    spared = {id_: NOT_TAKEN for id_ in uncertain if id_ not in found.unanswered}
    return spared | found.results


def _stranded() -> list[tuple[int, str, bool]]:
    """Segments whose lease ran out or whose worker has ended: id, owner, whether that is gone."""
    with reading() as session:
        held = session.execute(
            sa.select(Segment.id, Segment.owner, Segment.lease_until < db_now())
            .where(Segment.lease_until.is_not(None))
            .order_by(Segment.lease_until)
            .limit(_MOST)
        ).all()
    seen = [(segment_id, owner, over, owning.gone(owner)) for segment_id, owner, over in held]
    return [(segment_id, owner, gone) for segment_id, owner, over, gone in seen if over or gone]
