"""Brings a file in: batch by batch, each in its own transaction, continued by another process when one dies.

Whoever runs an import holds its lease and writes under its fence. A batch's contacts, consents and
the count of rows read commit together, so every row is stored exactly once whoever is killed.
"""

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

import sqlalchemy as sa
import structlog
from sqlalchemy.orm import Session

from campaigns.contacts.models import Import, ImportStatus
from campaigns.database import db_now, now, transaction
from campaigns.errors import PersonError
from campaigns.imports import deciding, files, opening, returning, storing
from campaigns.imports import plan as plans
from campaigns.imports.cards import Cards
from campaigns.imports.deciding import Result
from campaigns.imports.mapping import Incoming, Refused, Understanding
from campaigns.imports.reading import Row, Shape, Table
from campaigns.words import _

log = structlog.get_logger()

BATCH = 1000
LEASE_SECONDS = 60
_ATTEMPTS = 5  # at a batch that meets what others write at the same moment
_LINES_KEPT = 10  # of rows taken in part, for the summary

Progress = Callable[[Import], None]


class _Lost(Exception):
    """The import was paused, cancelled, or taken over."""


@dataclass
class _Job:
    """One import in this process's hands."""

    import_id: int
    fence: int
    rows_before: int
    path: Path
    refused_path: Path
    shape: Shape
    understanding: Callable[[list[str]], Understanding]


def run(import_id: int, progress: Progress | None = None) -> None:
    """Read the file to its end, unless it is paused or cancelled; does nothing while another does.

    Safe to call at any time and any number of times.
    """
    job = _take(import_id)
    if job is None:
        return
    try:
        _read(job, progress)
        _end(job, ImportStatus.DONE)
    except _Lost:
        pass
    except (PersonError, OSError) as error:
        log.warning("import failed", import_id=import_id, error=str(error))
        _end(job, ImportStatus.FAILED, _sentence(error))
    except sa.exc.OperationalError:
        raise  # the database is away: the import waits for it
    except Exception as error:
        log.error("import failed", import_id=import_id, exc_info=error)
        _end(job, ImportStatus.FAILED, _sentence(error))
    finally:
        _release(job)


def _take(import_id: int) -> _Job | None:
    """Hold the lease on an import that waits, or whose holder is gone."""
    with transaction() as session:
        taken = session.execute(
            sa.update(Import)
            .where(
                Import.id == import_id,
                Import.status.in_([ImportStatus.QUEUED, ImportStatus.RUNNING]),
                sa.or_(Import.lease_until.is_(None), Import.lease_until < db_now()),
            )
            .values(
                status=ImportStatus.RUNNING,
                fence=Import.fence + 1,
                lease_until=db_now(LEASE_SECONDS),
                started_at=sa.func.coalesce(Import.started_at, now()),
            )
        )
        if not taken.rowcount:  # type: ignore[attr-defined]
            return None
        return _job(session.get_one(Import, import_id, populate_existing=True))


def _job(import_: Import) -> _Job:
    choices = dict(import_.choices)
    mapping = dict(import_.mapping)
    return _Job(
        import_id=import_.id,
        fence=import_.fence,
        rows_before=import_.rows_read,
        path=files.place(import_),
        refused_path=files.refused(import_.id),
        shape=opening.shape(import_),
        understanding=lambda columns: Understanding.of(columns, mapping, choices),
    )


def _read(job: _Job, progress: Progress | None) -> None:
    with opening.opened(job.path, job.shape) as table:
        understanding = job.understanding(table.columns)
        seen = storing.Seen()
        rows = table.rows()
        _pass_over(job, rows, understanding, seen)
        while batch := list(islice(rows, BATCH)):
            understood = [understanding.understand(row) for row in batch]
            import_ = _store(job, table, understood, seen)
            if progress is not None:
                progress(import_)


def _pass_over(job: _Job, rows: Iterator[Row], understanding: Understanding, seen: storing.Seen) -> None:
    """Go past what was stored before an interruption, remembering whom it spoke of."""
    left = job.rows_before
    while left and (batch := list(islice(rows, min(left, BATCH)))):
        left -= len(batch)
        with transaction() as session:
            _hold(session, job)
            storing.mark_seen(session, [understanding.understand(row) for row in batch], seen)


def _hold(session: Session, job: _Job) -> Import:
    """Renew the lease and lock the row until the commit; raises _Lost when it is not ours any more."""
    held = session.execute(
        sa.update(Import)
        .where(Import.id == job.import_id, Import.fence == job.fence, Import.status == ImportStatus.RUNNING)
        .values(lease_until=db_now(LEASE_SECONDS))
    )
    if not held.rowcount:  # type: ignore[attr-defined]
        raise _Lost
    return session.get_one(Import, job.import_id, populate_existing=True)


def _store(job: _Job, table: Table | Cards, batch: list[Incoming | Refused], seen: storing.Seen) -> Import:
    """Store a batch, once more when somebody else made one of its contacts at the same moment."""
    for attempt in range(_ATTEMPTS):
        try:
            with transaction() as session:
                return _store_once(session, job, table, batch, seen)
        except sa.exc.IntegrityError:
            if attempt == _ATTEMPTS - 1:
                raise
    raise AssertionError("a batch is tried at least once")


def _store_once(
    session: Session, job: _Job, table: Table | Cards, batch: list[Incoming | Refused], seen: storing.Seen
) -> Import:
    import_ = _hold(session, job)
    outcome = storing.store(session, plans.of(session, import_), batch, seen)
    if outcome.refused:
        import_.refused_bytes = returning.append(
            job.refused_path, import_.refused_bytes, table.columns, job.shape.delimiter, outcome.refused
        )
    import_.rows_read += len(batch)
    import_.bytes_done = table.bytes_read
    results = Counter(decision.result for decision in outcome.taken)
    import_.created += results[Result.CREATED]
    import_.updated += results[Result.UPDATED]
    import_.unchanged += results[Result.UNCHANGED]
    import_.refused += len(outcome.refused)
    import_.reasons = _added(import_.reasons, Counter(row.reason.value for row in outcome.refused))
    import_.remarks = _remarked(import_.remarks, outcome)
    return import_


def _added(reasons: dict[str, Any], more: Counter[str]) -> dict[str, Any]:
    return dict(Counter(reasons) + more)


def _remarked(remarks: dict[str, Any], outcome: storing.Outcome) -> dict[str, Any]:
    """How many rows were taken in part, by what was changed, and the lines of the first."""
    after = {name: {"rows": kept["rows"], "lines": list(kept["lines"])} for name, kept in remarks.items()}
    for decision in outcome.taken:
        for remark in deciding.remarks(decision):
            kept = after.setdefault(remark.value, {"rows": 0, "lines": []})
            kept["rows"] += 1
            if len(kept["lines"]) < _LINES_KEPT:
                kept["lines"].append(decision.row.line)
    return after


def _end(job: _Job, status: ImportStatus, error: str = "") -> None:
    with transaction() as session:
        ended = session.execute(
            sa.update(Import)
            .where(
                Import.id == job.import_id, Import.fence == job.fence, Import.status == ImportStatus.RUNNING
            )
            .values(status=status, error=error, finished_at=now())
        )
        done = ended.rowcount and status == ImportStatus.DONE  # type: ignore[attr-defined]
    if done:
        files.drop(job.path)  # what we need of it is stored; people's data is not kept twice


def _release(job: _Job) -> None:
    with transaction() as session:
        session.execute(
            sa.update(Import)
            .where(Import.id == job.import_id, Import.fence == job.fence)
            .values(lease_until=None)
        )


def _sentence(error: Exception) -> str:
    if isinstance(error, PersonError):
        return error.message
    if isinstance(error, FileNotFoundError):
        return _("The uploaded file is not there any more. Upload it again.")
    if isinstance(error, OSError):
        return _("The file could not be read or written: %(error)s", error=str(error))
    return _("Something went wrong on our side. It has been written down. What was read before is stored.")
