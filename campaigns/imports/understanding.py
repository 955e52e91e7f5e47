"""A file as portions of understood rows."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

from campaigns.contacts.field_models import Field
from campaigns.imports import opening, own_fields
from campaigns.imports.cards import Cards
from campaigns.imports.mapping import Incoming, Refused, Understanding
from campaigns.imports.reading import Shape, Table


@dataclass(frozen=True)
class Source:
    """A file, and how its rows are meant: all that it takes to understand them."""

    path: Path
    shape: Shape
    mapping: dict[str, str]
    choices: dict[str, Any]
    own: dict[str, Field]  # fields that the mapping names


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
def understood(source: Source, size: int) -> Iterator[Understood]:
    """The file in portions of so many rows; raises BadInput when it can't be read."""
    with opening.opened(source.path, source.shape) as table:
        yield Understood(table.columns, _portions(source, table, size))


def _portions(source: Source, table: Table | Cards, size: int) -> Iterator[Portion]:
    own = own_fields.of_columns(source.own, table.columns, source.mapping)
    meant = Understanding.of(table.columns, source.mapping, source.choices, own)
    rows = table.rows()
    while batch := list(islice(rows, size)):
        yield Portion([meant.understand(row) for row in batch], table.bytes_read)
