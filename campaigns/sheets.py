"""Tables as CSV files: UTF-8 that spreadsheets know, no cell that one would run (OWASP: CSV injection)."""

import csv
import io
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import Any

_STARTS = frozenset("=+-@|%＝＋－＠")


def lines(heading: Sequence[str], rows: Iterable[Sequence[Any]]) -> Iterator[str]:
    """The table line by line; the first begins with a byte order mark."""
    yield "\ufeff" + _line(heading)
    for row in rows:
        yield _line([cell(value) for value in row])


def cell(value: Any) -> str:
    """The value as a cell: numbers as they are, moments by the second, text made safe."""
    if isinstance(value, datetime):
        return value.strftime("%Y-%m-%d %H:%M:%S")
    return str(value) if isinstance(value, int | float) else safe(value)


def safe(value: object) -> str:
    """The text as a cell: an apostrophe stands before whatever a spreadsheet could run.

    Blanks and control characters at the beginning don't hide a formula.
    """
    text = "" if value is None else str(value)
    if not text or text[0].isalnum():
        return text
    first = next((c for c in text if not c.isspace() and unicodedata.category(c)[0] != "C"), "")
    return f"'{text}" if first in _STARTS or text[0] in "\t\r\n" else text


def _line(values: Sequence[Any]) -> str:
    out = io.StringIO()
    csv.writer(out).writerow(values)
    return out.getvalue()
