"""Writes files: a thousand rows a step, kept with its transaction, so that it goes on where it stopped."""

from collections import deque
from datetime import timedelta
from functools import partial

from sqlalchemy.orm import Session

from campaigns import jobs, longwork, settings, sheets
from campaigns.accounts.models import User
from campaigns.database import now, reading, transaction
from campaigns.exports import ads, books, cards, columns, gathering, places, walking
from campaigns.exports.asking import DELIMITERS
from campaigns.exports.columns import Column
from campaigns.exports.models import Export, Format, Subject
from campaigns.exports.walking import Place
from campaigns.longwork import Holder

STEP = 1_000
_AHEAD = 20_000  # numbers looked up at a time


def run(export_id: int) -> None:
    """Write one file to its end, or go on with it; safe to run twice."""
    ahead: deque[Place] = deque()
    longwork.run(Export, export_id, lambda session, export: _step(session, export, ahead), _finish)


def _step(session: Session, export: Export, ahead: deque[Place]) -> bool:
    if not ahead:
        user = session.get(User, export.user_id) if export.user_id else None
        ahead.extend(walking.further(session, export, user, _AHEAD))
    some = [ahead.popleft() for _number in range(min(STEP, len(ahead)))]
    written, number = _written(session, export, [place.number for place in some])
    export.written = places.append(places.part(export.id), export.written, written.encode())
    export.rows += number
    if not some:
        return False
    export.after = some[-1].after
    return True


def _written(session: Session, export: Export, numbers: list[int]) -> tuple[str, int]:
    """The rows of these as they stand in the file, and how many they are."""
    first = export.written == 0
    if export.subject == Subject.ADS:
        return ads.written(session, export, numbers, first=first)
    shown = columns.chosen(session, Subject(export.subject), export.options["columns"])
    rows = gathering.rows(session, Subject(export.subject), shown, numbers) if numbers else []
    if export.format == Format.XLSX:
        return books.lines(rows), len(rows)
    if export.format in (Format.VCARD3, Format.VCARD4):
        return cards.cards(4 if export.format == Format.VCARD4 else 3, rows), len(rows)
    delimiter = DELIMITERS[export.options["delimiter"]]
    text = sheets.text([[sheets.cell(value) for value in row] for row in rows], delimiter)
    return (_heading(export, shown, delimiter) if first else "") + text, len(rows)


def _heading(export: Export, shown: list[Column], delimiter: str) -> str:
    names = sheets.text([[sheets.safe(column.name) for column in shown]], delimiter)
    return (sheets.BOM if export.options["bom"] else "") + names


def _finish(holder: Holder) -> None:
    """Let the file be fetched from now on."""
    with reading() as session:
        export = session.get_one(Export, holder.work_id)
        shown = (
            columns.chosen(session, Subject(export.subject), export.options["columns"])
            if export.format == Format.XLSX
            else []
        )
    part, whole = places.part(export.id), places.whole(export.id)
    if export.format == Format.XLSX:
        books.write(part, [column.name for column in shown], whole, holder.beat)
        part.unlink()
    else:
        part.replace(whole)
    removed = ads.write_removal(export, partial(holder.beat)) if export.subject == Subject.ADS else 0
    with transaction() as session:
        kept = holder.keep(session)
        kept.removed = removed
        kept.size = whole.stat().st_size
        kept.expires_at = now() + timedelta(days=settings.current().keep.exports)


def cancel(session: Session, export: Export) -> None:
    """Stop for good and delete what was written; raises Conflict when it has ended."""
    longwork.cancel(session, export)
    places.drop(export.id)


def ring_waiting(session: Session) -> None:
    """Ask for all files that wait and that nobody writes."""
    longwork.ring_waiting(session, Export, jobs.RUN_EXPORT)
