"""Searches and mergings in the background: started by hand or by the clock, one at a time."""

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from campaigns import jobs, longwork
from campaigns.cleaning import finding, merging, proposing
from campaigns.cleaning.finding import MARGIN
from campaigns.cleaning.models import CleaningRun, Duplicate, Scope
from campaigns.contacts.models import Contact
from campaigns.database import transaction
from campaigns.delivery import claiming
from campaigns.errors import Conflict, NotFound, PersonError
from campaigns.longwork import ENDED, MOVING, WorkStatus
from campaigns.words import _

_AT_ONCE = 10  # merges in one transaction
_MOST_CHANGED = 20_000  # of more changed contacts, all are gone through: that is quicker
_KEPT = 50  # runs that are remembered
_LOOKING = (Scope.ALL, Scope.CHANGED)


def start(session: Session, scope: Scope, user_id: int | None = None, *, here: bool = False) -> CleaningRun:
    """Put a search or a merging on its way; raises Conflict while there is one.

    Whoever does it `here` calls `run` after the commit, and no worker is rung for.
    """
    if under_way(session) is not None:
        raise Conflict(_("A search or a merging is under way. Wait until it is through, or cancel it."))
    last = newest(session, *_LOOKING, status=WorkStatus.DONE)
    if scope == Scope.CHANGED and (last is None or last.started_at is None):
        scope = Scope.ALL
    run = CleaningRun(scope=scope, user_id=user_id)
    if scope == Scope.CHANGED and last is not None and last.started_at is not None:
        run.since = last.started_at - MARGIN
    if scope == Scope.SURE:
        run.total = proposing.count(session, 1_000_000, proposing.SURE)
    session.add(run)
    session.flush()
    if not here:
        jobs.ring(session, jobs.RUN_CLEANING, run.id)
    return run


def under_way(session: Session) -> CleaningRun | None:
    """The run that is being done, waits or is paused; None when there is none."""
    moving = CleaningRun.status.in_((*MOVING, WorkStatus.PAUSED))
    return session.scalar(sa.select(CleaningRun).where(moving).order_by(CleaningRun.id).limit(1))


def newest(session: Session, *scopes: Scope, status: WorkStatus | None = None) -> CleaningRun | None:
    """The newest run of these kinds, with that status if one is asked for."""
    found = sa.select(CleaningRun).where(CleaningRun.scope.in_(scopes)).order_by(CleaningRun.id.desc())
    if status is not None:
        found = found.where(CleaningRun.status == status)
    return session.scalar(found.limit(1))


def one(session: Session, run_id: int) -> CleaningRun:
    """The run; raises NotFound when it is not remembered any more."""
    found = session.get(CleaningRun, run_id)
    if found is None:
        raise NotFound(_("This run is not remembered any more."))
    return found


def run(run_id: int) -> None:
    """Do a run to its end, or go on with it; safe to call any number of times."""
    longwork.run(CleaningRun, run_id, _step)


def _step(session: Session, run: CleaningRun) -> bool:
    if run.user_id is None and claiming.letters_go_out(session):
        raise longwork.Lost  # nobody waits for it: the clock rings again
    return _merge_some(session, run) if run.scope == Scope.SURE else finding.step(session, run)


def _merge_some(session: Session, run: CleaningRun) -> bool:
    """Merge the next pairs that are sure; those that stand in each other's way are passed over."""
    pairs = _sure(session, run.after[0] if run.after else 0)
    for pair in pairs:
        run.after = [pair.id]
        run.looked_at += 1
        if session.scalar(sa.select(Duplicate.id).where(Duplicate.id == pair.id)) is None:
            continue  # one of the two went with a pair before
        try:
            with session.begin_nested():
                merging.merge(session, pair.a_id, pair.b_id, user_id=run.user_id)
            run.found += 1
        except PersonError:
            run.passed_over += 1
    return len(pairs) == _AT_ONCE


def _sure(session: Session, after: int) -> Sequence[Any]:
    sure = Duplicate.score >= proposing.SURE, Duplicate.id > after
    asked = sa.select(Duplicate.id, Duplicate.a_id, Duplicate.b_id).where(*proposing.proposed(), *sure)
    return session.execute(asked.order_by(Duplicate.id).limit(_AT_ONCE)).all()


def tick() -> None:
    """What the clock calls: ring for runs that wait, and look at contacts that changed since the last one."""
    with transaction() as session:
        longwork.ring_waiting(session, CleaningRun, jobs.RUN_CLEANING)
        if under_way(session) is None and not claiming.letters_go_out(session):
            scope = _due(session)
            if scope is not None:
                start(session, scope)
        _forget(session)


def _due(session: Session) -> Scope | None:
    last = newest(session, *_LOOKING, status=WorkStatus.DONE)
    if last is None or last.started_at is None:
        return Scope.ALL if session.scalar(sa.select(Contact.id).limit(1)) is not None else None
    changed = sa.select(Contact.id).where(Contact.updated_at > last.started_at)
    number = session.scalar(
        sa.select(sa.func.count()).select_from(changed.limit(_MOST_CHANGED + 1).subquery())
    )
    if not number:
        return None
    return Scope.ALL if number > _MOST_CHANGED else Scope.CHANGED


def _forget(session: Session) -> None:
    """Keep the newest runs only; the last finished search of each kind stays."""
    oldest = session.scalar(sa.select(CleaningRun.id).order_by(CleaningRun.id.desc()).offset(_KEPT).limit(1))
    if oldest is not None:
        kept = [each.id for scope in Scope if (each := newest(session, scope, status=WorkStatus.DONE))]
        old = CleaningRun.id <= oldest, CleaningRun.id.not_in(kept), CleaningRun.status.in_(ENDED)
        session.execute(sa.delete(CleaningRun).where(*old))
