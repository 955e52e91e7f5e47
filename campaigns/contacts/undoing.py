"""Undoing what a bulk edit changed, in the background and step by step."""

import sqlalchemy as sa
from sqlalchemy.orm import Session, selectinload

from campaigns import jobs, longwork
from campaigns.accounts.models import User
from campaigns.contacts import changing
from campaigns.contacts.change_models import Change, ChangeSet, UndoWork
from campaigns.contacts.restoring import ALL_KEPT
from campaigns.errors import Conflict
from campaigns.words import _

AT_ONCE = 2_000  # up to so many contacts are put back before the page answers


def start(session: Session, change_set: ChangeSet, user: User | None) -> UndoWork:
    """Ask that the set be undone; raises Conflict when it is undone, being undone or still being done.

    Whoever starts a small one (up to AT_ONCE) calls `run` after the commit instead of waiting for a worker.
    """
    if change_set.closed_at is None:
        raise Conflict(_("This is still being done. Cancel it first, or wait until it is through."))
    if of(session, change_set) is not None:
        raise Conflict(_("This has been undone already."))
    work = UndoWork(change_set_id=change_set.id, user_id=user.id if user else None)
    session.add(work)
    session.flush()
    if change_set.contacts > AT_ONCE:
        jobs.ring(session, jobs.UNDO_CHANGES, work.id)
    return work


def of(session: Session, change_set: ChangeSet) -> UndoWork | None:
    """The work of undoing this set; None when nobody asked for it."""
    mine = sa.select(UndoWork).where(UndoWork.change_set_id == change_set.id)
    return session.scalar(mine.options(selectinload(UndoWork.user)))


def run(work_id: int) -> None:
    """Undo to the end, or go on with it; safe to run twice."""
    longwork.run(UndoWork, work_id, _step)


def _step(session: Session, work: UndoWork) -> bool:
    change_set = session.get_one(ChangeSet, work.change_set_id)
    return change_set.undone_at is None and changing.undo(session, change_set, work.user_id).more


def left(session: Session, change_set: ChangeSet, after: int = 0, limit: int = 51) -> list[Change]:
    """Contacts on which something was left as it is, by number from beyond `after` on."""
    mine = sa.select(Change).where(Change.set_id == change_set.id, Change.something_left)
    return list(
        session.scalars(mine.where(Change.contact_id > after).order_by(Change.contact_id).limit(limit))
    )


def left_for_them(session: Session, change_set: ChangeSet) -> int:
    """How many contacts were left wholly as they are because their data are only kept (GDPR Art. 18)."""
    theirs = sa.cast(Change.what_left, sa.String).contains(ALL_KEPT, autoescape=True)
    left = sa.select(sa.func.count()).where(Change.set_id == change_set.id, Change.something_left, theirs)
    return session.scalar(left) or 0
