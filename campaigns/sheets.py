"""Tables as CSV files: UTF-8 that spreadsheets know, no cell that one would run (OWASP: CSV injection)."""

import csv
import io
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

_STARTS = frozenset("=+-@|%＝＋－＠")


BOM = "\ufeff"  # at the beginning of a file: it is UTF-8


def lines(heading: Sequence[str], rows: Iterable[Sequence[Any]]) -> Iterator[str]:
    """The table line by line; the first begins with a byte order mark."""
    yield BOM + text([heading])
    for row in rows:
        yield text([[cell(value) for value in row]])


def text(rows: Iterable[Sequence[Any]], delimiter: str = ",") -> str:
    """Rows of cells that are safe already, as they stand in a file."""
    out = io.StringIO()
    csv.writer(out, delimiter=delimiter).writerows(rows)
    return out.getvalue()


def cell(value: Any) -> str:
    """The value as a cell: numbers as they are, moments by the second, text made safe."""
    if isinstance(value, datetime):
        return value.strftime("%Y-%m-%d %H:%M:%S")
    return str(value) if isinstance(value, int | float | Decimal) else safe(value)


def safe(value: object) -> str:
    """The text as a cell: an apostrophe stands before whatever a spreadsheet could run.

    Blanks and control characters at the beginning don't hide a formula.
    """
    text = "" if value is None else str(value)
    if not text or text[0].isalnum():
        return text
    first = next((c for c in text if not c.isspace() and unicodedata.category(c)[0] != "C"), "")
    return f"'{text}" if first in _STARTS or text[0] in "\t\r\n" else text
