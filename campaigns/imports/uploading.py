"""Takes a file in, says how it is read, and lets a person correct that before anything is stored."""

import shutil
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from itertools import islice
from pathlib import Path, PurePath
from typing import IO, Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from campaigns import settings
from campaigns.contacts.models import Import, ImportStatus
from campaigns.contacts.names import tidy
from campaigns.database import now
from campaigns.errors import BadInput, Conflict, TooLarge
from campaigns.imports import encodings, layouts, reading, running
from campaigns.imports.mapping import Incoming, Refused, Understanding
from campaigns.imports.reading import Shape, Table
from campaigns.imports.targets import ONCE, Target
from campaigns.words import _

FOLDER = "imports"
SAMPLE = 200  # rows that the proposal looks at
_FORGOTTEN = timedelta(days=7)  # an upload that was never started
_KEPT = timedelta(days=30)  # refused rows


@dataclass(frozen=True)
class Look:
    """The beginning of a file, as cells and as what would be stored."""

    columns: list[str]
    rows: Sequence[reading.Row]
    understood: Sequence[Incoming | Refused]


def keep(stream: IO[bytes]) -> Path:
    """Copy an upload into the data folder; returns its place there. Raises TooLarge when the disk is full."""
    folder = settings.current().data_dir / FOLDER
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)  # these files are full of people
    path = folder / f"{uuid.uuid4().hex}.csv"
    try:
        with path.open("wb") as file:
            shutil.copyfileobj(stream, file, 1 << 20)
    except OSError as error:
        path.unlink(missing_ok=True)
        raise TooLarge(
            _("There is no room for this file: %(error)s", error=error.strerror or str(error))
        ) from error
    return path


def receive(session: Session, path: Path, filename: str, user_id: int | None = None) -> Import:
    """An import of a file that was kept, with our best guess of how it is to be read.

    Raises BadInput, and forgets the file, when it is no table of text.
    """
    try:
        shape = reading.guess(path)
        import_ = Import(
            filename=tidy(PurePath(filename.replace("\\", "/")).name, 255) or "contacts.csv",
            path=f"{FOLDER}/{path.name}",
            bytes_total=path.stat().st_size,
            user_id=user_id,
        )
        _propose(import_, shape, path)
    except BadInput:
        path.unlink(missing_ok=True)
        raise
    session.add(import_)
    session.flush()
    return import_


def _propose(import_: Import, shape: Shape, path: Path) -> None:
    """Set how the file is read and what its columns are taken for."""
    with Table(path, shape) as table:
        samples = [row.cells for row in islice(table.rows(), SAMPLE) if not row.refusal]
        layout = layouts.recognise(table.columns) if shape.header else None
        mapping = layouts.propose(table.columns, samples)
        day_first = layouts.day_first(table.columns, mapping, samples)
    import_.encoding, import_.delimiter = shape.encoding, shape.delimiter
    import_.layout = layout.name if layout else ""
    import_.mapping = mapping
    import_.choices = (import_.choices or {}) | {"header": shape.header, "day_first": day_first}


def reread(import_: Import, encoding: str, delimiter: str, header: bool) -> None:
    """Read the file another way, as a person says, and propose its columns anew; raises BadInput."""
    _still_open(import_)
    if delimiter not in {*reading.DELIMITERS, import_.delimiter}:
        raise BadInput(_("Choose what separates the columns: a comma, a semicolon, a tab or a bar."))
    if encoding != import_.encoding:
        encoding = encodings.named(encoding)
    _propose(import_, Shape(encoding, delimiter, header), _path(import_))


def remap(import_: Import, mapping: dict[str, str], day_first: bool, region: str) -> None:
    """Take the columns for what a person says they are; raises BadInput."""
    _still_open(import_)
    kept = {number: target for number, target in mapping.items() if number in import_.mapping}
    unknown = set(kept.values()) - set(Target)
    if unknown:
        raise BadInput(_("A column can’t become “%(name)s”.", name=sorted(unknown)[0][:50]))
    import_.mapping = import_.mapping | kept
    import_.choices = import_.choices | {"day_first": day_first, "region": region.strip().upper()[:2]}


def check_mapping(mapping: dict[str, str]) -> None:
    """Raise BadInput unless there is one column of addresses and no name comes twice."""
    used = [target for target in mapping.values() if target]
    if Target.EMAIL not in used:
        raise BadInput(_("Say which column holds the email addresses."), field="mapping")
    twice = next((target for target in ONCE if used.count(target) > 1), None)
    if twice:
        raise BadInput(
            _("Two columns are taken for “%(target)s”. Leave one of them out.", target=twice), field="mapping"
        )


def look(import_: Import, rows: int = 8) -> Look:
    """The first rows of the file, and what would be stored of them."""
    with Table(_path(import_), running.shape(import_)) as table:
        first = list(islice(table.rows(), rows))
        understanding = Understanding(
            table.columns,
            import_.mapping,
            bool(import_.choices.get("day_first")),
            str(import_.choices.get("region") or ""),
        )
        has_address = Target.EMAIL in import_.mapping.values()
        understood = [understanding.understand(row) for row in first] if has_address else []
        return Look(table.columns, first, understood)


def _still_open(import_: Import) -> None:
    if import_.status != ImportStatus.UPLOADED:
        raise Conflict(_("This import has started already."))


def _path(import_: Import) -> Path:
    path = settings.current().data_dir / import_.path
    if not path.exists():
        raise BadInput(_("The uploaded file is not there any more. Upload it again."))
    return path


def tidy_up(session: Session) -> None:
    """Forget uploads that were never started, and the files of refused rows after a month."""
    ended = (ImportStatus.DONE, ImportStatus.CANCELLED, ImportStatus.FAILED)
    old = sa.select(Import).where(
        sa.or_(
            sa.and_(Import.status == ImportStatus.UPLOADED, Import.created_at < now() - _FORGOTTEN),
            sa.and_(Import.status.in_(ended), Import.finished_at < now() - _KEPT, Import.path != ""),
        )
    )
    for import_ in session.scalars(old.limit(100)):
        (settings.current().data_dir / import_.path).unlink(missing_ok=True)
        running.refused_path(import_.id).unlink(missing_ok=True)
        import_.path = ""
        import_.refused_bytes = 0
        if import_.status == ImportStatus.UPLOADED:
            session.delete(import_)


def file_of_refused(import_: Import) -> Path | None:
    """The refused rows as a file, while there is one."""
    path: Any = running.refused_path(import_.id)
    return path if import_.refused_bytes and path.exists() else None
