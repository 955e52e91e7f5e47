"""Brings a file in: batch by batch, each in its own transaction, continued by another process when one dies.

Whoever runs an import holds its lease and writes under its fence. A batch's contacts, consents and
the count of rows read commit together, so every row is stored exactly once whoever is killed.
"""

from collections.abc import Callable
from logging import ERROR, WARNING

import sqlalchemy as sa
import structlog
from sqlalchemy.orm import Session

from campaigns import processes
from campaigns.contacts.models import Import, ImportStatus
from campaigns.database import now, transaction
from campaigns.errors import PersonError
from campaigns.imports import (
    beside,
    files,
    holding,
    rehearsing,
    remembering,
    returning,
    storing,
    tallying,
)
from campaigns.imports import plan as plans
from campaigns.imports.holding import Job, Lost
from campaigns.imports.mapping import Incoming, Refused
from campaigns.imports.understanding import Portion
from campaigns.words import _

log = structlog.get_logger()

BATCH = 5000  # rows of one transaction: the more, the more of them share a page of an index
_ATTEMPTS = 5  # at a batch that meets what others write at the same moment

Progress = Callable[[Import], None]


def run(import_id: int, progress: Progress | None = None) -> None:
    """Read the file to its end, unless it is paused or cancelled; does nothing while another does.

    Safe to call at any time and any number of times.
    """
    job = holding.take(import_id)
    if job is None:
        return
    try:
        with processes.seldom_collecting():
            _go_through(job, progress)
    except Lost:
        pass
    except sa.exc.OperationalError:
        raise  # the database is away: the import waits for it
    except Exception as error:
        known = isinstance(error, PersonError | OSError)
        log.log(WARNING if known else ERROR, "import failed", import_id=import_id, exc_info=error)
        _fail(job, _sentence(error))
    finally:
        holding.release(job)


def _go_through(job: Job, progress: Progress | None) -> None:
    if job.status == ImportStatus.CHECKING:
        rehearsing.rehearse(job, progress)
    else:
        _read(job, progress)
        _end(job)


def _end(job: Job) -> None:
    if not holding.end(job, ImportStatus.DONE, error="", finished_at=now()):
        return
    with transaction() as session:
        remembering.close(session, job.import_id)
    files.drop(job.source.path)  # what we need of it is stored; people's data is not kept twice


def _fail(job: Job, sentence: str) -> None:
    if job.status == ImportStatus.CHECKING:
        holding.end(job, ImportStatus.UPLOADED, error=sentence, **rehearsing.EMPTY)
    else:
        holding.end(job, ImportStatus.FAILED, error=sentence, finished_at=now())


def _read(job: Job, progress: Progress | None) -> None:
    with beside.understood(job.source, BATCH) as file:
        seen = storing.Seen()
        left = job.rows_before
        for portion in file.portions:
            stored, new = portion.rows[:left], portion.rows[left:]
            left -= len(stored)
            if stored:
                _pass_over(job, stored, seen)
            if new:
                import_ = _store(job, file.columns, Portion(new, portion.bytes_read), seen)
                if progress is not None:
                    progress(import_)
            del portion, stored, new
            processes.collect_young()


def _pass_over(job: Job, rows: list[Incoming | Refused], seen: storing.Seen) -> None:
    """Go past what was stored before an interruption, remembering whom it spoke of."""
    with transaction() as session:
        holding.hold(session, job)
        storing.mark_seen(session, rows, seen)


def _store(job: Job, columns: list[str], portion: Portion, seen: storing.Seen) -> Import:
    """Store a portion, once more when somebody else made one of its contacts at the same moment."""
    for attempt in range(_ATTEMPTS):
        try:
            with transaction() as session:
                return _store_once(session, job, columns, portion, seen)
        except sa.exc.IntegrityError:
            if attempt == _ATTEMPTS - 1:
                raise
    raise AssertionError("a portion is tried at least once")


def _store_once(
    session: Session, job: Job, columns: list[str], portion: Portion, seen: storing.Seen
) -> Import:
    import_ = holding.hold(session, job)
    outcome = storing.store(session, plans.of(session, import_), portion.rows, seen)
    if outcome.refused:
        import_.refused_bytes = returning.append(
            job.refused_path, import_.refused_bytes, columns, job.source.shape.delimiter, outcome.refused
        )
    import_.rows_read += len(portion.rows)
    import_.bytes_done = portion.bytes_read
    before = import_.difference.get("run") or tallying.begun(import_)
    tally = tallying.added(before, outcome.taken, outcome.refused)
    import_.difference = import_.difference | {"run": tally}
    for name, number in tally["rows"].items():
        setattr(import_, name, number)
    import_.reasons, import_.remarks = tally["reasons"], tally["remarks"]
    return import_


def _sentence(error: Exception) -> str:
    if isinstance(error, PersonError):
        return error.message
    if isinstance(error, FileNotFoundError):
        return _("The uploaded file is not there any more. Upload it again.")
    if isinstance(error, OSError):
        return _("The file could not be read or written: %(error)s", error=str(error))
    return _("Something went wrong on our side. It has been written down. What was read before is stored.")
