"""Sheets of workbooks as tables of text, so that everything after reads them like any other file.

A row of the sheet is a line of the text, blank ones too, so that a refused row is found by its number.
"""

import csv
import re
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any

from python_calamine import CalamineError, CalamineSheet, CalamineWorkbook, SheetTypeEnum

from campaigns.errors import BadInput
from campaigns.imports import zeros
from campaigns.words import _

_LARGEST = 1 << 30  # bytes that a workbook may unpack to
_MOST_SHEETS = 200
_LINE_ENDS = re.compile(r"\r\n|\r|\n")
_BREAK = "\u2028"  # a line's end within a cell; notes are cut into lines by it, the file is not


@dataclass(frozen=True)
class Sheet:
    """One sheet: its name and how large it is."""

    name: str
    rows: int
    columns: int


def sheets(path: Path) -> list[Sheet]:
    """The sheets that hold anything, the largest first; raises BadInput when none does."""
    with _opened(path) as book:
        names = [one.name for one in book.sheets_metadata if one.typ == SheetTypeEnum.WorkSheet]
        found = [_size(book.get_sheet_by_name(name)) for name in names[:_MOST_SHEETS]]
    filled = [sheet for sheet in found if sheet.rows and sheet.columns]
    if not filled:
        raise BadInput(_("There is nothing in this workbook."))
    return sorted(filled, key=lambda sheet: -sheet.rows * sheet.columns)


def _size(sheet: CalamineSheet) -> Sheet:
    return Sheet(sheet.name, sheet.height, sheet.width)


def write_text(path: Path, name: str, into: Path) -> None:
    """Write the sheet of that name as comma-separated text in UTF-8; raises BadInput."""
    with _opened(path) as book:
        if name not in book.sheet_names:
            raise BadInput(_("There is no sheet “%(name)s” in this workbook.", name=name[:60]), field="sheet")
        with into.open("w", encoding="utf-8", newline="") as file:
            rows = _rows(book.get_sheet_by_name(name), zeros.widths(path, name))
            csv.writer(file, lineterminator="\n").writerows(rows)


def _rows(sheet: CalamineSheet, widths: dict[int, int]) -> Iterator[list[str]]:
    """The rows as text; a title above the table, which fills one cell only, is left out."""
    first = sheet.start[1] if sheet.start else 0
    padded = {column - first: width for column, width in widths.items()}
    above = sheet.width > 1
    for cells in sheet.iter_rows():
        row = [cell_text(cell) for cell in cells]
        for column, width in padded.items():
            if 0 <= column < len(row) and row[column].isdecimal():
                row[column] = row[column].zfill(width)
        above = above and sum(map(bool, row)) < 2
        yield [""] * len(row) if above else row


def cell_text(value: Any) -> str:
    """A cell's value as text: whole numbers without a point, days and moments as ISO 8601 writes them."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() and abs(value) < 1e15 else repr(value)
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%d}" if value.time() == time() else f"{value:%Y-%m-%d %H:%M:%S}"
    if isinstance(value, date | time | timedelta):
        return str(value)
    return _LINE_ENDS.sub(_BREAK, str(value)) if value is not None else ""


@contextmanager
def _opened(path: Path) -> Iterator[CalamineWorkbook]:
    _refuse_what_bursts(path)
    try:
        with CalamineWorkbook.from_path(str(path)) as book:
            yield book
    except (CalamineError, OSError) as error:
        if "assword" in str(error):
            raise BadInput(_("This workbook is locked by a password. Save it without one.")) from error
        raise _unreadable(error) from error


def _unreadable(error: Exception) -> BadInput:
    said = _("This workbook can’t be read: %(error)s. Save the sheet as CSV and choose that.", error=error)
    return BadInput(said)


def _refuse_what_bursts(path: Path) -> None:
    if not zipfile.is_zipfile(path):
        return
    try:
        with zipfile.ZipFile(path) as archive:
            size = sum(part.file_size for part in archive.infolist())
    except (zipfile.BadZipFile, NotImplementedError) as error:  # not for another reader to be lenient about
        raise _unreadable(error) from error
    if size > _LARGEST:
        raise BadInput(
            _("This workbook unpacks to more than 1 GB. Save the sheet with the contacts as CSV, "
              "and choose that.")
        )  # fmt: skip
