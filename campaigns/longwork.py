"""Long work that a person started: how far it is stands in the database, one process at a time does it.

Work goes on step by step, each in a transaction of its own. Whoever does it holds its lease and writes
under its fence, so every step is kept exactly once, whoever is killed, and a pause takes effect after
the step at hand.
"""

from collections.abc import Callable, Sequence
from datetime import datetime
from enum import StrEnum
from typing import Any, TypeVar

import sqlalchemy as sa
import structlog
from sqlalchemy.orm import Mapped, Session, mapped_column

from campaigns import jobs, processes
from campaigns.database import UTC, HasId, db_now, now, transaction
from campaigns.errors import Conflict, PersonError
from campaigns.words import _

log = structlog.get_logger()
LEASE_SECONDS = 60


class WorkStatus(StrEnum):
    """Where the work stands."""

    QUEUED = "queued"
    RUNNING = "running"
    PAUSED = "paused"
    DONE = "done"
    CANCELLED = "cancelled"
    FAILED = "failed"


MOVING = (WorkStatus.QUEUED, WorkStatus.RUNNING)
ENDED = (WorkStatus.DONE, WorkStatus.CANCELLED, WorkStatus.FAILED)


class Work(HasId):
    """The columns that all long work has."""

    status: Mapped[str] = mapped_column(sa.String(12), default=WorkStatus.QUEUED, index=True)
    error: Mapped[str] = mapped_column(sa.Text, default="")
    lease_until: Mapped[datetime | None] = mapped_column(UTC)
    fence: Mapped[int] = mapped_column(default=0)
    created_at: Mapped[datetime] = mapped_column(UTC, default=now)
    started_at: Mapped[datetime | None] = mapped_column(UTC)
    finished_at: Mapped[datetime | None] = mapped_column(UTC)

    @property
    def moving(self) -> bool:
        """Whether it is being done, or waits for somebody who does it."""
        return self.status in MOVING


W = TypeVar("W", bound=Work)


class Lost(Exception):
    """The work was paused, cancelled, or taken over."""


class Holder:
    """One piece of work in this process's hands."""

    def __init__(self, kind: type[Work], work_id: int, fence: int) -> None:
        self._kind, self.work_id, self._fence = kind, work_id, fence

    def keep(self, session: Session) -> Any:
        """The row, locked until the commit, its lease renewed; raises Lost when it is not ours any more."""
        if not self._move(session, lease_until=db_now(LEASE_SECONDS)):
            raise Lost
        return session.get_one(self._kind, self.work_id, populate_existing=True)

    def beat(self) -> None:
        """Renew the lease between two steps that take long; raises Lost."""
        with transaction() as session:
            self.keep(session)

    def end(self, status: WorkStatus, error: str = "") -> None:
        """Write down how it ended, unless it is not ours any more."""
        with transaction() as session:
            self._move(session, status=status, error=error, finished_at=now())

    def release(self) -> None:
        """Give the lease back."""
        with transaction() as session:
            mine = (self._kind.id == self.work_id, self._kind.fence == self._fence)
            session.execute(sa.update(self._kind).where(*mine).values(lease_until=None))

    def _move(self, session: Session, **values: Any) -> bool:
        kind = self._kind
        mine = (kind.id == self.work_id, kind.fence == self._fence, kind.status == WorkStatus.RUNNING)
        moved = session.execute(sa.update(kind).where(*mine).values(**values))
        return bool(moved.rowcount)  # type: ignore[attr-defined]


def run(
    kind: type[W],
    work_id: int,
    step: Callable[[Session, W], bool],
    last: Callable[[Holder], None] | None = None,
) -> None:
    """Do `step` (which says whether there is more to do) to the end, then `last`; nothing while another does.

    Safe to call at any time and any number of times. Raises OperationalError when the database goes away:
    then the work waits for it.
    """
    holder = _take(kind, work_id)
    if holder is None:
        return
    try:
        with processes.seldom_collecting():
            while _step(holder, step):
                processes.collect_young()
            if last is not None:
                last(holder)
        holder.end(WorkStatus.DONE)
    except Lost:
        pass
    except PersonError as error:
        holder.end(WorkStatus.FAILED, error.message)
    except sa.exc.OperationalError:
        raise
    except Exception as error:
        log.error("work failed", kind=kind.__name__, id=work_id, exc_info=error)
        holder.end(WorkStatus.FAILED, _sentence(error))
    finally:
        holder.release()


def _take(kind: type[W], work_id: int) -> Holder | None:
    """Hold work that waits, or whose holder is gone."""
    free = sa.or_(kind.lease_until.is_(None), kind.lease_until < db_now())
    values = {
        "status": WorkStatus.RUNNING,
        "fence": kind.fence + 1,
        "lease_until": db_now(LEASE_SECONDS),
        "started_at": sa.func.coalesce(kind.started_at, now()),
    }
    with transaction() as session:
        taken = session.execute(
            sa.update(kind).where(kind.id == work_id, kind.status.in_(MOVING), free).values(values)
        )
        if not taken.rowcount:  # type: ignore[attr-defined]
            return None
        return Holder(kind, work_id, session.get_one(kind, work_id, populate_existing=True).fence)


def _step(holder: Holder, step: Callable[[Session, W], bool]) -> bool:
    with transaction() as session:
        return step(session, holder.keep(session))


def _sentence(error: Exception) -> str:
    if isinstance(error, OSError):
        return _("A file could not be read or written: %(error)s", error=str(error))
    return _("Something went wrong on our side. It has been written down. What was done before is kept.")


def pause(session: Session, work: Work) -> None:
    """Stop after the step at hand; raises Conflict unless it is being done."""
    _change(session, work, MOVING, WorkStatus.PAUSED)


def resume(session: Session, work: Work, job: jobs.Job) -> None:
    """Go on where it stopped, after a pause or a failure; raises Conflict otherwise."""
    stopped = (WorkStatus.PAUSED, WorkStatus.FAILED)
    _change(session, work, stopped, WorkStatus.QUEUED, error="", finished_at=None)
    jobs.ring(session, job, work.id)


def cancel(session: Session, work: Work) -> None:
    """Stop for good after the step at hand; raises Conflict when it has ended."""
    before = (*MOVING, WorkStatus.PAUSED, WorkStatus.FAILED)
    _change(session, work, before, WorkStatus.CANCELLED, finished_at=now())


def _change(
    session: Session, work: Work, before: Sequence[WorkStatus], after: WorkStatus, **values: Any
) -> None:
    kind = type(work)
    moved = session.execute(
        sa.update(kind).where(kind.id == work.id, kind.status.in_(before)).values(status=after, **values)
    )
    if not moved.rowcount:  # type: ignore[attr-defined]
        raise Conflict(_("It is not in a state in which that can be done. Look at the page again."))
    session.refresh(work)


def ring_waiting(session: Session, kind: type[Work], job: jobs.Job) -> None:
    """Ask for all work of a kind that waits and that nobody holds."""
    free = sa.or_(kind.lease_until.is_(None), kind.lease_until < db_now())
    for work_id in session.scalars(sa.select(kind.id).where(kind.status.in_(MOVING), free)):
        jobs.ring(session, job, work_id)
