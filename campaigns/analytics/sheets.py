"""Tables of a report as CSV: UTF-8 that spreadsheets recognise, and no cell that they take for a formula."""

import csv
import io
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import Any

_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def lines(heading: Sequence[str], rows: Iterable[Sequence[Any]]) -> Iterator[str]:
    """The table as CSV, line by line; the first begins with a byte order mark."""
    yield "\ufeff" + _line(heading)
    for row in rows:
        yield _line([cell(value) for value in row])


def cell(value: Any) -> str:
    """The value as text that no spreadsheet runs: numbers as they are, formulas quoted by an apostrophe."""
    if value is None:
        return ""
    if isinstance(value, datetime):
        return value.strftime("%Y-%m-%d %H:%M:%S")
    if isinstance(value, int | float):
        return str(value)
    text = "".join(c for c in str(value) if unicodedata.category(c) != "Cc").strip()
    return "'" + text if unicodedata.normalize("NFKC", text).startswith(_FORMULA) else text


def _line(values: Sequence[Any]) -> str:
    out = io.StringIO()
    csv.writer(out).writerow(values)
    return out.getvalue()
