"""Workbooks: rows that were kept line by line as JSON, written as XLSX in memory that does not grow."""

import json
from collections.abc import Callable, Iterator, Sequence
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import xlsxwriter

_MOST_ROWS = 1_048_576  # of a sheet, with its heading
_MOST_LETTERS = 32_767  # in a cell
_BEAT = 5_000  # rows between two signs of life


def lines(rows: Sequence[Sequence[Any]]) -> str:
    """The rows as they are kept until the workbook is written: one JSON list a line."""
    return "".join(json.dumps([_kept(value) for value in row], ensure_ascii=False) + "\n" for row in rows)


def _kept(value: Any) -> Any:
    if isinstance(value, datetime):
        return {"at": value.strftime("%Y-%m-%d %H:%M:%S")}
    if isinstance(value, date):
        return {"on": value.isoformat()}
    return {"number": str(value)} if isinstance(value, Decimal) else value


def write(source: Path, heading: Sequence[str], target: Path, beat: Callable[[], None]) -> None:
    """Write the workbook; `beat` is called now and then, and stops it by raising.

    Texts are written as texts, so that no cell is ever run; a further sheet begins when one is full.
    """
    options = {
        "constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "in_memory": False,
        "tmpdir": str(target.parent),
    }  # fmt: skip
    with xlsxwriter.Workbook(str(target), options) as book:
        bold = book.add_format({"bold": True})
        formats = {
            "at": book.add_format({"num_format": "yyyy-mm-dd hh:mm:ss"}),
            "on": book.add_format({"num_format": "yyyy-mm-dd"}),
        }
        sheet, at = None, _MOST_ROWS
        for number, row in enumerate(_rows(source)):
            if at >= _MOST_ROWS:
                sheet, at = _sheet(book, heading, bold), 1
            _write(sheet, at, row, formats)
            at += 1
            if number % _BEAT == 0:
                beat()
        if sheet is None:
            _sheet(book, heading, bold)


def _rows(source: Path) -> Iterator[list[Any]]:
    with source.open(encoding="utf-8") as file:
        for line in file:
            yield json.loads(line)


def _sheet(book: Any, heading: Sequence[str], bold: Any) -> Any:
    sheet = book.add_worksheet()
    sheet.freeze_panes(1, 0)
    sheet.set_column(0, max(len(heading) - 1, 0), 18)
    for place, name in enumerate(heading):
        sheet.write_string(0, place, name, bold)
    return sheet


def _write(sheet: Any, at: int, row: list[Any], formats: dict[str, Any]) -> None:
    for place, value in enumerate(row):
        if value is None or value == "":
            continue
        if isinstance(value, dict):
            _write_marked(sheet, at, place, value, formats)
        elif isinstance(value, int | float) and not isinstance(value, bool):
            sheet.write_number(at, place, value)
        else:
            sheet.write_string(at, place, str(value)[:_MOST_LETTERS])


def _write_marked(sheet: Any, at: int, place: int, value: dict[str, str], formats: dict[str, Any]) -> None:
    kind, written = next(iter(value.items()))
    if kind == "number":
        sheet.write_number(at, place, float(written))
    else:
        sheet.write_datetime(at, place, datetime.fromisoformat(written), formats[kind])
