"""Who has an import in hands: its lease, renewed with every batch, and the fence under which it writes.

A lease that ends later than one taken now could was written before the clock was set back: it is over.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from campaigns.contacts.models import Import, ImportStatus
from campaigns.database import db_now, now, transaction
from campaigns.imports import files, opening, own_fields
from campaigns.imports.understanding import Source

LEASE_SECONDS = 60
_SLIGHT = 5  # seconds by which a clock may be set back without a word
WAITING = (ImportStatus.QUEUED, ImportStatus.RUNNING, ImportStatus.CHECKING)


class Lost(Exception):
    """The import was paused, cancelled, or taken over."""


@dataclass
class Job:
    """One import in this process's hands."""

    import_id: int
    fence: int
    status: ImportStatus  # running, or checking: looked through and nothing stored
    rows_before: int
    source: Source
    refused_path: Path


def is_free() -> sa.ColumnElement[bool]:
    """Whether nobody holds the import."""
    held = Import.lease_until.between(db_now(), db_now(LEASE_SECONDS + _SLIGHT))
    return sa.or_(Import.lease_until.is_(None), sa.not_(held))


def take(import_id: int) -> Job | None:
    """Hold the lease on an import that waits, or whose holder is gone; None when there is nothing to do."""
    with transaction() as session:
        status = sa.case(
            (Import.status == ImportStatus.CHECKING, ImportStatus.CHECKING), else_=ImportStatus.RUNNING
        )
        taken = session.execute(
            sa.update(Import)
            .where(Import.id == import_id, Import.status.in_(WAITING), is_free())
            .values(
                status=status,
                fence=Import.fence + 1,
                lease_until=db_now(LEASE_SECONDS),
                started_at=sa.func.coalesce(Import.started_at, now()),
            )
        )
        if not taken.rowcount:  # type: ignore[attr-defined]
            return None
        return _job(session, session.get_one(Import, import_id, populate_existing=True))


def _job(session: Session, import_: Import) -> Job:
    mapping = dict(import_.mapping)
    return Job(
        import_id=import_.id,
        fence=import_.fence,
        status=ImportStatus(import_.status),
        rows_before=import_.rows_read,
        source=Source(
            files.place(import_),
            opening.shape(import_),
            mapping,
            dict(import_.choices),
            own_fields.known(session, mapping),
        ),
        refused_path=files.refused(import_.id),
    )


def _ours(job: Job) -> sa.ColumnElement[bool]:
    return sa.and_(Import.id == job.import_id, Import.fence == job.fence, Import.status == job.status)


def hold(session: Session, job: Job) -> Import:
    """Renew the lease and lock the row until the commit; raises Lost when it is not ours any more."""
    held = session.execute(sa.update(Import).where(_ours(job)).values(lease_until=db_now(LEASE_SECONDS)))
    if not held.rowcount:  # type: ignore[attr-defined]
        raise Lost
    return session.get_one(Import, job.import_id, populate_existing=True)


def end(job: Job, status: ImportStatus, **values: Any) -> bool:
    """Let the import stand so, when it is still ours; says whether it was."""
    with transaction() as session:
        ended = session.execute(sa.update(Import).where(_ours(job)).values(status=status, **values))
        return bool(ended.rowcount)  # type: ignore[attr-defined]


def release(job: Job) -> None:
    """Give the lease back before its time."""
    with transaction() as session:
        session.execute(
            sa.update(Import)
            .where(Import.id == job.import_id, Import.fence == job.fence)
            .values(lease_until=None)
        )
