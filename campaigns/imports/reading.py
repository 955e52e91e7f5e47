"""Reads a table of text row by row with bounded memory; a damaged row costs itself, never the file."""

import csv
import re
from collections import Counter, deque
from collections.abc import Iterator
from dataclasses import dataclass
from io import TextIOWrapper
from pathlib import Path
from types import TracebackType

from campaigns.errors import BadInput
from campaigns.imports import encodings
from campaigns.imports.formats import Format
from campaigns.imports.refusals import Refusal
from campaigns.words import _

DELIMITERS = (",", ";", "\t", "|")
LONGEST_LINE = 1_000_000  # characters
MOST_COLUMNS = 500
_MOST_BROKEN = 1000  # rows whose quotation marks reach over several lines
_SAMPLE = 200_000  # characters

_UNREADABLE = re.compile("[\udc80-\udcff]")
_SEP = re.compile(r"\ufeff?sep=(.)\s*", re.IGNORECASE)  # Excel's own first line


@dataclass(frozen=True)
class Shape:
    """How a file is written: what a person may correct before it is read."""

    encoding: str
    delimiter: str
    header: bool  # whether the first row names the columns
    format: Format = Format.TEXT


@dataclass(frozen=True, slots=True)
class Row:
    """One row of the table: the line it starts on, its cells, and why it can't be used, if it can't."""

    line: int
    cells: list[str]
    refusal: Refusal | None = None
    ragged: bool = False  # cells were added at its end


class _LineError(Exception):
    """A line of more characters than a line has."""

    def __init__(self, number: int, beginning: str) -> None:
        super().__init__(number)
        self.number = number
        self.beginning = beginning


class _Lines:
    """The lines of the file for the csv module, some of which can be given back to be read again."""

    def __init__(self, stream: TextIOWrapper) -> None:
        self._stream = stream
        self._again: deque[tuple[int, str]] = deque()
        self._number = 0
        self.taken: list[tuple[int, str]] = []  # since the last row

    def __iter__(self) -> "_Lines":
        return self

    def __next__(self) -> str:
        if self._again:
            numbered = self._again.popleft()
        else:
            line = self._stream.readline(LONGEST_LINE + 1)
            if not line:
                raise StopIteration
            self._number += 1
            if len(line) > LONGEST_LINE:
                self._skip()
                raise _LineError(self._number, line[:1000])
            numbered = (self._number, line.replace("\0", "") if "\0" in line else line)
        self.taken.append(numbered)
        return numbered[1]

    def _skip(self) -> None:
        while piece := self._stream.readline(1 << 16):
            if piece.endswith(("\n", "\r")):
                return

    def give_back(self) -> tuple[int, str]:
        """Read all but the first line of this row again; returns that first one."""
        first, *others = self.taken
        self._again.extendleft(reversed(others))
        self.taken.clear()
        return first


class Table:
    """An open file as rows; `columns` are the names in its first row, or “Column 1”, “Column 2” …"""

    def __init__(self, path: Path, shape: Shape) -> None:
        self._file = path.open("rb", buffering=1 << 18)
        wide = shape.encoding.startswith(("utf-16", "utf-32"))
        encoding = "utf-8-sig" if shape.encoding == "utf-8" else shape.encoding
        errors = "replace" if wide else "surrogateescape"
        self._stream = TextIOWrapper(self._file, encoding, errors, newline="")
        self._shape = shape
        self._lines = _Lines(self._stream)
        self._csv = csv.reader(self._lines, delimiter=shape.delimiter, strict=True, skipinitialspace=True)
        self._broken = 0
        self._first: Row | None = None
        try:
            self.columns = self._columns()
        except BadInput:
            self._stream.close()
            raise

    def __enter__(self) -> "Table":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stream.close()

    @property
    def bytes_read(self) -> int:
        """How far into the file reading has got, for a progress bar."""
        return self._file.tell()

    def rows(self) -> Iterator[Row]:
        """Every row below the header that is not blank."""
        if self._first is not None:
            first, self._first = self._first, None
            yield self._fitted(first)
        while (row := self._next()) is not None:
            if row.refusal or any(cell and not cell.isspace() for cell in row.cells):
                yield self._fitted(row)

    def _columns(self) -> list[str]:
        first = self._next()
        while first is not None and not first.refusal and not any(cell.strip() for cell in first.cells):
            first = self._next()
        if first is None:
            raise BadInput(_("This file is empty."))
        if first.refusal:
            raise BadInput(_("The first line can't be read as a row of a table. Is this a CSV file?"))
        if len(first.cells) > MOST_COLUMNS:
            raise BadInput(
                _("The first line has more than %(n)s columns. Is this a CSV file?", n=MOST_COLUMNS)
            )
        if _SEP.fullmatch(self._shape.delimiter.join(first.cells)):
            return self._columns()
        if self._shape.header:
            return [cell.strip()[:100] for cell in first.cells]
        self._first = first
        return [_("Column %(n)s", n=number) for number in range(1, len(first.cells) + 1)]

    def _next(self) -> Row | None:
        """The next row as it stands, blank ones too; None at the end."""
        self._lines.taken.clear()
        try:
            cells = next(self._csv)
        except StopIteration:
            return None
        except _LineError as error:
            if self._lines.taken:  # it began inside a row that has no end either
                return self._broken_row()
            return Row(error.number, [error.beginning], Refusal.LINE_TOO_LONG)
        except csv.Error:
            return self._broken_row()
        return Row(self._lines.taken[0][0], cells)

    def _broken_row(self) -> Row:
        """Refuse the first line of a row whose quotation marks don't pair, and read on from the second."""
        if len(self._lines.taken) > 1:
            self._broken += 1
        number, line = self._lines.give_back()
        if self._broken > _MOST_BROKEN:
            raise BadInput(
                _("Line %(line)s: the quotation marks of more than %(n)s rows don't pair. "
                  "Is “%(delimiter)s” what separates the columns?",
                  line=number, n=_MOST_BROKEN, delimiter=self._shape.delimiter)
            )  # fmt: skip
        return Row(number, [line.rstrip("\r\n")[:1000]], Refusal.QUOTES)

    def _fitted(self, row: Row) -> Row:
        """The row with as many cells as there are columns, or refused."""
        if row.refusal:
            return row
        cells, count = row.cells, len(self.columns)
        while len(cells) > count and not cells[-1].strip():
            cells.pop()
        if len(cells) != count and len(self._lines.taken) > 1:
            return self._broken_row()  # a quotation mark that swallowed the line's end
        if len(cells) > count:
            return Row(row.line, cells[:MOST_COLUMNS], Refusal.TOO_MANY_CELLS)
        ragged = len(cells) < count
        cells.extend([""] * (count - len(cells)))
        if any(_UNREADABLE.search(cell) for cell in cells if not cell.isascii()):
            return Row(row.line, [_UNREADABLE.sub("�", cell) for cell in cells], Refusal.UNREADABLE)
        return Row(row.line, cells, None, ragged) if ragged else row


def guess(path: Path) -> Shape:
    """How the file is most likely written; raises BadInput when it can't be a table of text."""
    encoding = encodings.guess(path)
    delimiter = _guess_delimiter(path, encoding)
    with Table(path, Shape(encoding, delimiter, header=True)) as table:
        header = any(table.columns) and not any("@" in name for name in table.columns)
    return Shape(encoding, delimiter, header)


def _guess_delimiter(path: Path, encoding: str) -> str:
    with path.open(encoding=encoding, errors="replace", newline="") as stream:
        sample = stream.read(_SAMPLE)
    first, _newline, _others = sample.partition("\n")
    if said := _SEP.fullmatch(first):
        return said[1]
    lines = sample.splitlines(keepends=True)
    if len(lines) > 1 and len(sample) == _SAMPLE:
        lines.pop()  # cut in the middle
    return max(DELIMITERS, key=lambda delimiter: _evenness(lines, delimiter))


def _evenness(lines: list[str], delimiter: str) -> float:
    """Into how many columns the delimiter cuts most rows, less where it does so unevenly."""
    try:
        rows = list(csv.reader(lines, delimiter=delimiter, skipinitialspace=True))
    except csv.Error:
        return 0
    counts = Counter(len(row) for row in rows if any(row))
    if not counts:
        return 0
    columns, times = counts.most_common(1)[0]
    return (columns - 1) * times / counts.total()
