"""Takes a file in, says how it is read, and lets a person correct that before anything is stored."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from itertools import islice
from pathlib import Path, PurePath

import sqlalchemy as sa
from sqlalchemy.orm import Session, object_session

from campaigns.contacts.models import Import, ImportStatus
from campaigns.contacts.names import tidy
from campaigns.database import now
from campaigns.errors import BadInput, Conflict
from campaigns.imports import encodings, files, formats, layouts, opening, own_fields, reading, workbooks
from campaigns.imports.formats import Format
from campaigns.imports.mapping import Incoming, Refused, Understanding
from campaigns.imports.reading import Shape
from campaigns.imports.targets import ONCE, Target
from campaigns.words import _

SAMPLE = 200  # rows that the proposal looks at
_FORGOTTEN = timedelta(days=7)  # an upload that was never started
_KEPT = timedelta(days=30)  # refused rows


@dataclass(frozen=True)
class Look:
    """The beginning of a file, as cells and as what would be stored."""

    columns: list[str]
    rows: Sequence[reading.Row]
    understood: Sequence[Incoming | Refused]


def receive(session: Session, path: Path, filename: str, user_id: int | None = None) -> Import:
    """An import of a file that was kept, with our best guess of how it is to be read.

    Raises BadInput, and forgets the file, when it holds no contacts that can be read.
    """
    try:
        import_ = Import(
            filename=tidy(PurePath(filename.replace("\\", "/")).name, 255) or "contacts.csv",
            path=f"{files.FOLDER}/{path.name}",
            format=formats.of(path),
            user_id=user_id,
            choices={},
        )
        session.add(import_)
        if import_.format == Format.WORKBOOK:
            path.rename(files.book(path))
            found = workbooks.sheets(files.book(path))
            import_.choices = {"sheets": [[one.name, one.rows] for one in found]}
            _take_sheet(import_, found[0].name)
        _look_how_it_is_written(import_)
    except BadInput:
        files.drop(path)
        raise
    session.flush()
    return import_


def _take_sheet(import_: Import, name: str) -> None:
    """Make the text of a workbook's sheet what is read; raises BadInput."""
    path = files.place(import_)
    workbooks.write_text(files.book(path), name, path)
    import_.choices = import_.choices | {"sheet": name}


def _look_how_it_is_written(import_: Import) -> None:
    path = files.place(import_)
    import_.bytes_total = path.stat().st_size
    _propose(import_, opening.guess(path, Format(import_.format)), path)


def choose_sheet(import_: Import, name: str) -> None:
    """Read another sheet of the workbook; raises BadInput."""
    _still_open(import_)
    if name not in [one[0] for one in import_.choices.get("sheets", [])]:
        raise BadInput(_("There is no sheet “%(name)s” in this workbook.", name=name[:60]), field="sheet")
    _take_sheet(import_, name)
    _look_how_it_is_written(import_)


def _propose(import_: Import, shape: Shape, path: Path) -> None:
    """Set how the file is read and what its columns are taken for."""
    with opening.opened(path, shape) as table:
        samples = [row.cells for row in islice(table.rows(), SAMPLE) if not row.refusal]
        layout = layouts.recognise(table.columns) if shape.header else None
        mapping = layouts.propose(table.columns, samples)
        day_first = layouts.day_first(table.columns, mapping, samples)
    if session := object_session(import_):
        mapping = own_fields.recognised(session, table.columns, mapping)
    import_.encoding, import_.delimiter = shape.encoding, shape.delimiter
    import_.layout = layout.name if layout else ""
    import_.mapping = mapping
    import_.choices = import_.choices | {
        "header": shape.header,
        "day_first": day_first,
        "everybody": layouts.everybody(import_.filename, layout),
    }


def reread(import_: Import, encoding: str, delimiter: str, header: bool) -> None:
    """Read the file another way, as a person says, and propose its columns anew; raises BadInput."""
    _still_open(import_)
    if delimiter not in {*reading.DELIMITERS, import_.delimiter}:
        raise BadInput(_("Choose what separates the columns: a comma, a semicolon, a tab or a bar."))
    if encoding != import_.encoding:
        encoding = encodings.named(encoding)
    _propose(import_, Shape(encoding, delimiter, header, Format(import_.format)), files.there(import_))


def remap(import_: Import, mapping: dict[str, str], day_first: bool, region: str) -> None:
    """Take the columns for what a person says they are; raises BadInput."""
    _still_open(import_)
    kept = {number: target for number, target in mapping.items() if number in import_.mapping}
    unknown = {target for target in kept.values() if not own_fields.is_own(target)} - set(Target)
    if session := object_session(import_):
        own_fields.check(session, kept.values())
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
    with opening.opened(files.there(import_), opening.shape(import_)) as table:
        first = list(islice(table.rows(), rows))
        there = own_fields.known(object_session(import_), import_.mapping)
        own = own_fields.of_columns(there, table.columns, import_.mapping)
        understanding = Understanding.of(table.columns, import_.mapping, import_.choices, own)
        has_address = Target.EMAIL in import_.mapping.values()
        understood = [understanding.understand(row) for row in first] if has_address else []
        return Look(table.columns, first, understood)


def _still_open(import_: Import) -> None:
    if import_.status != ImportStatus.UPLOADED:
        raise Conflict(_("This import has started already."))


def forget(session: Session, import_: Import) -> None:
    """Delete an upload that was never started, with its file; raises Conflict for one that was."""
    _still_open(import_)
    files.drop(files.place(import_))
    session.delete(import_)


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
        files.drop(files.place(import_))
        files.refused(import_.id).unlink(missing_ok=True)
        import_.path = ""
        import_.refused_bytes = 0
        if import_.status == ImportStatus.UPLOADED:
            session.delete(import_)


def file_of_refused(import_: Import) -> Path | None:
    """The refused rows as a file, while there is one."""
    path = files.refused(import_.id)
    return path if import_.refused_bytes and path.exists() else None
