"""The journal: what happened to each letter is in a local file at once, before it is in the database.

One short record before a letter gets its final dot, one with the answer; each is written when it
happens, so that a killed process loses nothing. Whoever finds its file writes the answers into the
database and learns exactly which letters were on the wire. They are facts about messages under one
fence, so writing them twice, or late, does no harm.
"""

import json
import os
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import structlog

from campaigns import settings
from campaigns.appending import Appended
from campaigns.delivery import owning
from campaigns.delivery.models import MessageStatus
from campaigns.delivery.results import NOT_TAKEN, Result, clean

log = structlog.get_logger()

_OLD = 900  # seconds without a line after which a file's writer is done, wherever it ran
_ENDING = ".answers"
_LEFT = ".left"
_ROOM = 200  # bytes for each letter, set aside before the first so that a full disk is found out in time


class Journal:
    """What one run did; one file, gone once all of it is in the database.

    Its room on the disk is set aside first, so that a full disk is found out before any letter is sent
    (OSError).
    """

    def __init__(self, owner: str, segment_id: int, fence: int) -> None:
        self._path = path_of(owner)
        self._path.parent.mkdir(parents=True, exist_ok=True)
        self._handle = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_TRUNC, 0o600)
        self._file: Appended | None = None
        try:
            self._file = Appended(self._handle, settings.current().sending.segment * _ROOM)
            self._file.append(json.dumps([segment_id, fence]).encode() + b"\n")
        except OSError:
            self.discard()
            raise

    def dotted(self, message_id: int) -> None:
        """This letter gets its final dot next; it must not when that can't be written (OSError)."""
        self._open.append(b"D %d\n" % message_id)

    def answered(self, message_id: int, result: Result) -> None:
        """What became of the letter; should the disk be full, the database still hears of it."""
        if result.status == MessageStatus.SENT and result.sent_at:
            said = clean(result.reply).encode("utf-8", "replace")
            line = b"S %d %.6f %s\n" % (message_id, result.sent_at.timestamp(), said)
        elif not result.tried:
            line = b"B %d\n" % message_id
        else:
            moments = [at and at.isoformat() for at in (result.next_try_at, result.handed_over_at)]
            told = [message_id, result.status, result.reason, result.reply, *moments]
            line = b"R " + json.dumps(told).encode() + b"\n"
        try:
            self._open.append(line)
        except OSError as error:
            log.warning("journal not written", path=str(self._path), error=str(error))

    def sync(self) -> None:
        """Bring it safely onto the disk, for the case that the machine loses its power."""
        self._open.flush()

    def leave(self) -> None:
        """The run is over and the database away: whoever reads it next brings it in."""
        self._close()
        self._path.rename(self._path.with_suffix(_LEFT))

    def discard(self) -> None:
        """Everything in it is in the database."""
        self._close()
        self._path.unlink(missing_ok=True)

    @property
    def _open(self) -> Appended:
        assert self._file is not None  # between the first letter and the end of the run
        return self._file

    def _close(self) -> None:
        if self._file is not None:
            self._file.close()
            self._file = None
        if self._handle >= 0:
            os.close(self._handle)
            self._handle = -1


@dataclass
class Found:
    """What a journal tells: the answers, and the letters that got their dot but no answer."""

    segment_id: int = 0
    fence: int = 0
    results: dict[int, Result] = field(default_factory=dict)
    unanswered: set[int] = field(default_factory=set)


def read(path: Path) -> Found | None:
    """What stands in this file; None when another process was first and it is gone."""
    try:
        written = path.read_bytes()
    except FileNotFoundError:
        return None
    found = Found()
    for line in _lines(written):
        try:
            _take(found, line)
        except (ValueError, TypeError, IndexError):
            log.warning("line in a journal not understood", path=str(path), line=line[:80])
    return found


def left() -> list[Path]:
    """Files whose runs are over, whose writers have ended, or that have been silent for long."""
    return [path for path in _folder().glob("*.*") if _is_left(path)]


def is_whole(path: Path) -> bool:
    """Whether nothing can be added to it any more: whoever is not named in it never got the dot."""
    return path.suffix == _LEFT or owning.gone(owner_of(path))


def owner_of(path: Path) -> str:
    """The run that wrote the file."""
    return path.stem.replace("_", ":")


def path_of(owner: str) -> Path:
    """Where this run keeps its journal."""
    return _folder() / (owner.replace(":", "_") + _ENDING)


def _folder() -> Path:
    return settings.current().data_dir / "sending"


def _is_left(path: Path) -> bool:
    try:
        silent = time.time() - path.stat().st_mtime
    except FileNotFoundError:
        return False
    return is_whole(path) or silent > _OLD


def _lines(written: bytes) -> Iterator[bytes]:
    """Each whole line; a process may have died within the last one, and room it set aside is empty."""
    whole, _end, _rest = written.rstrip(b"\0").rpartition(b"\n")
    yield from whole.split(b"\n") if whole else ()


def _take(found: Found, line: bytes) -> None:
    kind, rest = line[:2], line[2:]
    if kind == b"D ":
        message_id = int(rest)
        found.unanswered.add(message_id)
        found.results.pop(message_id, None)
        return
    if kind in (b"S ", b"B ", b"R "):
        message_id, result = _result(kind, rest)
        found.unanswered.discard(message_id)
        found.results[message_id] = result
        return
    found.segment_id, found.fence = (int(number) for number in json.loads(line))


def _result(kind: bytes, rest: bytes) -> tuple[int, Result]:
    if kind == b"B ":
        return int(rest), NOT_TAKEN
    if kind == b"S ":
        message_id, at, reply = rest.split(b" ", 2)
        said = reply.decode("utf-8", "replace")
        return int(message_id), Result(
            MessageStatus.SENT, reply=said, sent_at=datetime.fromtimestamp(float(at), UTC)
        )
    number, status, reason, reply, *moments = json.loads(rest)
    next_try_at, handed_over_at = (_moment(at) for at in moments)
    result = Result(
        MessageStatus(status), reason, reply, next_try_at=next_try_at, handed_over_at=handed_over_at
    )
    return int(number), result


def _moment(written: Any) -> datetime | None:
    return datetime.fromisoformat(written) if written else None
