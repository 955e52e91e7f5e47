"""A large file is understood by a process of its own, while the portion before is stored in ours.

That process is told of the file and how it is meant, asks no database, and ends with whoever reads from it.
What it has understood comes as lines of JSON, one for each portion: plain values, of which rows are made
here. Understanding takes two fifths of the time that Python needs for a row (`bin/bench import`).
"""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout
from dataclasses import asdict, replace
from datetime import datetime
from operator import attrgetter
from pathlib import Path
from typing import IO, Any

from campaigns.contacts.addresses import Address
from campaigns.contacts.field_models import Field
from campaigns.errors import BadInput, PersonError
from campaigns.imports import understanding
from campaigns.imports.formats import Format
from campaigns.imports.mapping import Incoming, Refused, Will
from campaigns.imports.reading import Shape
from campaigns.imports.refusals import Refusal, Remark
from campaigns.imports.understanding import Portion, Source, Understood

LARGE = 2_000_000  # bytes from which on it pays: the process needs most of a second to be there
_OF_FIELDS = ("about", "key", "name", "kind", "options", "unit")
_PLAIN = (
    "line", "cells", "hash", "values", "company", "company_key", "tags", "categories", "fields", "ip",
    "evidence",
)  # fmt: skip
_plain = attrgetter(*_PLAIN)


@contextmanager
def understood(source: Source, size: int) -> Iterator[Understood]:
    """The file in portions of so many rows; raises BadInput when it can't be read."""
    if source.path.stat().st_size < LARGE:
        with understanding.understood(source, size) as here:
            yield here
        return
    with _reader() as reader:
        assert reader.stdin
        with reader.stdin as told:
            json.dump({"size": size, **_told(source)}, told)
        yield Understood(_next(reader)["columns"], _portions(reader))


@contextmanager
def _reader() -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-m", "campaigns.processes", str(os.getpid()), __name__]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, encoding="ascii") as reader:
        try:
            yield reader
        finally:
            reader.kill()


def _portions(reader: subprocess.Popen[str]) -> Iterator[Portion]:
    while "rows" in (said := _next(reader)):
        yield Portion([_row(*values) for values in said["rows"]], said["bytes_read"])


def _next(reader: subprocess.Popen[str]) -> dict[str, Any]:
    """The next thing that the reader has to say; raises what it ran into."""
    assert reader.stdout
    line = reader.stdout.readline()
    if not line.endswith("\n"):
        raise RuntimeError(f"The process that reads the file ended with {reader.wait()}.")
    said: dict[str, Any] = json.loads(line)
    if "problem" in said:
        raise BadInput(said["problem"])
    return said


def _row(*values: Any) -> Incoming | Refused:
    if len(values) == 3:
        line, cells, reason = values
        return Refused(line, cells, Refusal(reason))
    address, will, at, remarks, *plain = values
    row = Incoming(
        address=Address(*address),
        will=Will(will),
        at=datetime.fromisoformat(at) if at else None,
        remarks=[Remark(remark) for remark in remarks],
        **dict(zip(_PLAIN, plain, strict=True)),
    )
    row.tags, row.categories = tuple(row.tags), tuple(row.categories)
    return row


def _values(row: Incoming | Refused) -> tuple[Any, ...]:
    if isinstance(row, Refused):
        return row.line, row.cells, row.reason
    return row.address, row.will, row.at.isoformat() if row.at else "", row.remarks, *_plain(row)


def _told(source: Source) -> dict[str, Any]:
    own = {key: {name: getattr(field, name) for name in _OF_FIELDS} for key, field in source.own.items()}
    return asdict(replace(source, own={})) | {"path": str(source.path), "own": own}


def _heard(told: dict[str, Any]) -> Source:
    written = told.pop("shape")
    shape = Shape(**written | {"format": Format(written["format"])})
    own = {key: Field(**values) for key, values in told.pop("own").items()}
    return Source(path=Path(told.pop("path")), shape=shape, own=own, **told)


def _serve(told: IO[str], said: IO[str]) -> None:
    """In the process beside: understand the file that is asked for, to its end."""
    asked = json.load(told)
    size = asked.pop("size")

    def say(**values: Any) -> None:
        said.write(json.dumps(values) + "\n")
        said.flush()

    try:
        with understanding.understood(_heard(asked), size) as file:
            say(columns=file.columns)
            for portion in file.portions:
                say(rows=[_values(row) for row in portion.rows], bytes_read=portion.bytes_read)
        say(end=True)
    except PersonError as error:
        say(problem=error.message)


if __name__ == "__main__":
    said = sys.stdout
    with redirect_stdout(sys.stderr):  # whatever else is printed must not stand between the portions
        _serve(sys.stdin, said)
