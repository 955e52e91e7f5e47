"""A file as portions of understood rows; with SQLite those of a large file are made by another process.

While one portion is stored, the next is understood on another core. The helper knows the file and the
settings only, asks no database, and ends when whoever reads from it does.
"""

import os
import pickle
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from typing import Any

from campaigns import database, settings
from campaigns.errors import BadInput, PersonError
from campaigns.imports import opening
from campaigns.imports.holding import Job
from campaigns.imports.mapping import Incoming, Refused

LARGE = 2_000_000  # bytes of a file from which on a second process pays


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
    # PostgreSQL's server is a second process already; SQLite works in ours.
    if job.path.stat().st_size < LARGE or database.engine().dialect.name != "sqlite":
        with opening.opened(job.path, job.shape) as table:
            yield Understood(table.columns, _portions(job, table, size))
        return
    with _helper() as helper:
        pickle.dump((settings.current().model_dump(), job, size), helper.stdin)
        helper.stdin.flush()
        yield Understood(_told(helper), iter(lambda: _told(helper), None))


def _portions(job: Job, table: Any, size: int) -> Iterator[Portion]:
    understanding = job.understanding(table.columns)
    rows = table.rows()
    while batch := list(islice(rows, size)):
        yield Portion([understanding.understand(row) for row in batch], table.bytes_read)


def portions(job: Job, size: int) -> Iterator[Portion]:
    """The file's portions, understood by this process alone."""
    with opening.opened(job.path, job.shape) as table:
        yield from _portions(job, table, size)


@contextmanager
def _helper() -> Iterator[Any]:
    command = [sys.executable, "-m", "campaigns.imports.helper"]
    helper = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    try:
        yield helper
    finally:
        helper.kill()
        helper.communicate()


def _told(helper: Any) -> Any:
    """The next thing that the helper has to say; raises what it ran into."""
    try:
        found = pickle.load(helper.stdout)  # nosec B301 - a process that we have started
    except EOFError as error:
        raise RuntimeError(f"The helper ended with {helper.wait()}.") from error
    if isinstance(found, PersonError):
        raise found
    return found


def serve() -> None:
    """In the helper: understand the file that is asked for, to its end."""
    said = os.fdopen(os.dup(1), "wb", buffering=1 << 20)
    os.dup2(2, 1)  # whatever else is printed must not stand between the portions
    given, job, size = pickle.load(sys.stdin.buffer)  # nosec B301 - from the process that has started us
    settings.use(settings.Settings(**given))
    try:
        with opening.opened(job.path, job.shape) as table:
            pickle.dump(table.columns, said, pickle.HIGHEST_PROTOCOL)
            for portion in _portions(job, table, size):
                pickle.dump(portion, said, pickle.HIGHEST_PROTOCOL)
                said.flush()
        pickle.dump(None, said)
    except PersonError as error:
        pickle.dump(BadInput(error.message), said)
    said.flush()
