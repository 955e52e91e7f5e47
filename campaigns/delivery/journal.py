"""The journal: each answer of a mail server is in a local file at once, before it is in the database.

A killed process loses nothing that was written; whoever finds its file writes the answers into the
database. They are facts about one message under one fence, so writing them twice, or late, does no harm.
"""

import json
import os
import time
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import structlog

from campaigns import settings
from campaigns.database import transaction
from campaigns.delivery import owning
from campaigns.delivery.changing import change
from campaigns.delivery.results import Result, record, values

log = structlog.get_logger()

_OLD = 3600  # seconds without a line after which a file's writer is done, wherever it ran
_ENDING = ".answers"


class Journal:
    """The answers that one run got; one file, gone once all of them are in the database."""

    def __init__(self, owner: str, fence: int) -> None:
        self._path = _path(owner)
        self._fence = fence
        self._handle = -1

    def write(self, message_id: int, result: Result) -> None:
        """One answer, safe from the death of this process when this returns."""
        line = [message_id, self._fence, result.status, result.reason, result.reply]
        line += [at and at.isoformat() for at in (result.next_try_at, result.sent_at)]
        try:
            if self._handle < 0:
                self._path.parent.mkdir(parents=True, exist_ok=True)
                self._handle = os.open(self._path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
            os.write(self._handle, json.dumps(line).encode() + b"\n")
        except OSError as error:  # the database hears of it with the next letter
            log.warning("journal not written", path=str(self._path), error=str(error))

    def done(self) -> None:
        """All answers are in the database."""
        if self._handle >= 0:
            os.close(self._handle)
            self._handle = -1
            self._path.unlink(missing_ok=True)


def replay() -> int:
    """Write the answers that processes left behind when they died into the database; how many files."""
    left = [path for path in _folder().glob("*" + _ENDING) if _is_left(path)]
    for path in left:
        number = _write_in(path)
        path.unlink(missing_ok=True)
        log.info("journal replayed", path=path.name, answers=number)
    return len(left)


def replay_of(owner: str) -> None:
    """Write what a run was told into the database; the file stays, for it may live and be writing."""
    path = _path(owner)
    if path.exists():
        _write_in(path)


def _write_in(path: Path) -> int:
    rows = list(_lines(path))
    if rows:
        with transaction() as session:
            change(session, record, rows)
    return len(rows)


def _path(owner: str) -> Path:
    return _folder() / (owner.replace(":", "_") + _ENDING)


def _folder() -> Path:
    return settings.current().data_dir / "sending"


def _is_left(path: Path) -> bool:
    try:
        silent = time.time() - path.stat().st_mtime
    except FileNotFoundError:
        return False
    return owning.gone(path.name.removesuffix(_ENDING).replace("_", ":")) or silent > _OLD


def _lines(path: Path) -> Iterator[dict[str, Any]]:
    """Each whole line as the values of one row; a process may have died within the last one."""
    try:
        written = path.read_bytes()
    except FileNotFoundError:  # another process was first
        return
    for line in written.splitlines():
        try:
            message_id, fence, status, reason, reply, next_try_at, sent_at = json.loads(line)
        except ValueError:
            continue
        moments = [at and datetime.fromisoformat(at) for at in (next_try_at, sent_at)]
        yield values(message_id, fence, Result(status, reason, reply, True, *moments))
