"""A file as portions of understood rows."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice

from campaigns.imports import opening
from campaigns.imports.cards import Cards
from campaigns.imports.holding import Job
from campaigns.imports.mapping import Incoming, Refused
from campaigns.imports.reading import Table


@dataclass
class Portion:
    """Some rows, and how far into the file they reach."""

    rows: list[Incoming | Refused]
    bytes_read: int


@dataclass
class Understood:
    """A file being read: the names of its columns, and its rows portion by portion."""

    columns: list[str]
    portions: Iterator[Portion]


@contextmanager
def understood(job: Job, size: int) -> Iterator[Understood]:
    """The file of an import in portions of so many rows; raises BadInput when it can't be read."""
    with opening.opened(job.path, job.shape) as table:
        yield Understood(table.columns, _portions(job, table, size))


def _portions(job: Job, table: Table | Cards, size: int) -> Iterator[Portion]:
    understanding = job.understanding(table.columns)
    rows = table.rows()
    while batch := list(islice(rows, size)):
        yield Portion([understanding.understand(row) for row in batch], table.bytes_read)
