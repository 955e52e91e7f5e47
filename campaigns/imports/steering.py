"""Starts, pauses, continues and cancels imports; the clock's look for those that wait."""

from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from campaigns import jobs
from campaigns.contacts.models import Import, ImportStatus
from campaigns.database import now
from campaigns.errors import Conflict
from campaigns.imports import files, holding, own_fields, plan, uploading
from campaigns.imports.rehearsing import EMPTY
from campaigns.words import _

_WAITING = (ImportStatus.QUEUED, ImportStatus.RUNNING)


def start(session: Session, import_: Import, choices: dict[str, Any]) -> None:
    """Put the import on its way with these choices; raises BadInput naming what is missing."""
    choose(import_, choices)
    own_fields.make(session, import_, uploading.look(import_, 0).columns)
    import_.status = ImportStatus.QUEUED
    jobs.ring(session, jobs.RUN_IMPORT, import_.id)


def look_ahead(session: Session, import_: Import, choices: dict[str, Any]) -> None:
    """Have the whole file read through with these choices, and nothing stored; raises BadInput."""
    choose(import_, choices)
    import_.status = ImportStatus.CHECKING
    import_.error = ""
    jobs.ring(session, jobs.RUN_IMPORT, import_.id)


def stop_looking(session: Session, import_: Import) -> None:
    """Look no further ahead: the choices are open again."""
    _move(session, import_, (ImportStatus.CHECKING,), ImportStatus.UPLOADED, **EMPTY)


def choose(import_: Import, choices: dict[str, Any]) -> None:
    """Check and keep what is said of the whole file; raises BadInput or Conflict."""
    if import_.status != ImportStatus.UPLOADED:
        raise Conflict(_("This import has started already."))
    uploading.check_mapping(import_.mapping)
    import_.choices = plan.checked(dict(import_.choices) | choices)


def pause(session: Session, import_: Import) -> None:
    """Stop after the batch at hand; what is stored stays."""
    _move(session, import_, _WAITING, ImportStatus.PAUSED)


def resume(session: Session, import_: Import) -> None:
    """Go on where it stopped, after a pause or a failure."""
    _move(
        session,
        import_,
        (ImportStatus.PAUSED, ImportStatus.FAILED),
        ImportStatus.QUEUED,
        error="",
        finished_at=None,
    )
    jobs.ring(session, jobs.RUN_IMPORT, import_.id)


def cancel(session: Session, import_: Import) -> None:
    """Stop for good after the batch at hand; what is stored stays, the uploaded file goes."""
    _move(
        session,
        import_,
        (*_WAITING, ImportStatus.PAUSED, ImportStatus.UPLOADED, ImportStatus.FAILED),
        ImportStatus.CANCELLED,
        finished_at=now(),
    )
    files.drop(files.place(import_))


def _move(
    session: Session, import_: Import, before: tuple[ImportStatus, ...], after: ImportStatus, **values: Any
) -> None:
    moved = session.execute(
        sa.update(Import)
        .where(Import.id == import_.id, Import.status.in_(before))
        .values(status=after, **values)
    )
    if not moved.rowcount:  # type: ignore[attr-defined]
        raise Conflict(_("The import is not in a state in which that can be done. Look at the page again."))
    session.refresh(import_)


def ring_waiting(session: Session) -> None:
    """Ask for every import that waits and that nobody holds, and clear away what is old."""
    waiting = sa.select(Import.id).where(Import.status.in_(holding.WAITING), holding.is_free())
    for import_id in session.scalars(waiting):
        jobs.ring(session, jobs.RUN_IMPORT, import_id)
    uploading.tidy_up(session)
