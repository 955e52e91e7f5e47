"""The file in which refused rows go back to their owner: each with its line and its reason."""

import csv
import io
import os
from collections.abc import Iterable, Sequence
from pathlib import Path

from campaigns.imports import refusals
from campaigns.imports.mapping import Refused
from campaigns.sheets import safe


def append(path: Path, at: int, columns: Sequence[str], delimiter: str, rows: Iterable[Refused]) -> int:
    """Write the rows behind the first `at` bytes and drop what stood there; returns the new length.

    The caller keeps the length in its transaction: what a killed process wrote and never committed
    is overwritten by the next.
    """
    text = io.StringIO()
    writer = csv.writer(text, delimiter=delimiter, lineterminator="\r\n")
    if at == 0:
        text.write("\ufeff")  # so that spreadsheets take it for UTF-8
        writer.writerow(["Line", "Reason", *(safe(name) for name in columns)])
    for row in rows:
        writer.writerow([row.line, refusals.words(row.reason), *(safe(cell) for cell in row.cells)])
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with path.open("r+b" if path.exists() else "w+b") as file:
        file.truncate(at)
        file.seek(at)
        file.write(text.getvalue().encode("utf-8", "replace"))
        file.flush()
        os.fsync(file.fileno())
        return file.tell()
