"""Captured mail: letters that stay here, one file each, until a real mail server is set.

Below `captured/` is a folder a day; in it each letter's bytes as `<key>.eml`, and `index`, to which
each letter adds one line. Files appear by renaming and lines by one appending write, so that many
processes may write, read and clear at once, and one that is killed leaves nothing half done.
"""

import errno
import json
import os
import re
import secrets
import shutil
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path

from campaigns.errors import NotFound
from campaigns.mail import reading
from campaigns.mail.outcomes import Reply, Step, TransportTrouble
from campaigns.mail.roads import Transport
from campaigns.words import _

_KEY = re.compile(r"\d{8}-\d{12}-[0-9a-f]{8}")
_BLOCK = 64 * 1024
_LONGEST_VALUE = 300


@dataclass(frozen=True, slots=True)
class Captured:
    """What the index knows of one letter; `place` is where its line stands: the day and an offset."""

    key: str
    envelope_from: str
    envelope_to: str
    sender: str
    subject: str
    size: int
    place: tuple[str, int]

    def says(self, part: str) -> bool:
        """Whether an address, a name or the subject has this in it (given in small letters)."""
        return any(part in value.lower() for value in (self.envelope_to, self.sender, self.subject))

    @property
    def captured_at(self) -> datetime:
        """When it came, in UTC."""
        return datetime.strptime(self.key[:21], "%Y%m%d-%H%M%S%f").replace(tzinfo=UTC)


class CapturedMail(Transport):
    """The transport that keeps letters, and never refuses one; `send` is as for SMTP."""

    name = "capture"

    def __init__(self, data_dir: Path) -> None:
        self._root = data_dir / "captured"

    def send(
        self,
        envelope_from: str,
        to: str,
        raw: bytes,
        before_dot: Callable[[], None] = lambda: None,
        *,
        envelope_id: str = "",
    ) -> Reply:
        """Keep one letter; `before_dot` runs when all of it is written and nobody can see it yet."""
        key = f"{datetime.now(UTC):%Y%m%d-%H%M%S%f}-{secrets.token_hex(4)}"
        line = _line(key, envelope_from, to, raw)
        with self._disk():
            draft = self._write(key, raw)
        try:
            before_dot()
        except BaseException:
            draft.unlink(missing_ok=True)
            raise
        with self._disk():
            self._publish(key, raw, line)
        return Reply(250, f"2.0.0 kept as {key}")

    def close(self) -> None:
        """Nothing is kept open."""

    def newest(self, count: int, after: tuple[str, int] | None = None, search: str = "") -> list[Captured]:
        """Up to `count` letters, newest first, from the one before `after` (a `place`) on.

        `search` is part of an address, a name or a subject, in any case.
        """
        return list(islice(self._found(after, search.strip().lower()), count))

    def find(self, key: str) -> Captured:
        """What the index knows of one letter; raises NotFound."""
        path = self._path(key)
        for place, line in _lines_backwards(path.with_name("index")):
            letter = _read_line(line, (path.parent.name, place)) if key.encode() in line else None
            if letter:
                return letter
        raise _gone()

    def read(self, key: str) -> bytes:
        """One letter's bytes; raises NotFound."""
        try:
            return self._path(key).read_bytes()
        except FileNotFoundError as error:
            raise _gone() from error

    def clear(self) -> None:
        """Forget all letters; one that comes meanwhile stays."""
        with suppress(FileNotFoundError):
            self._root.rename(self._root.with_name(f"captured.gone-{secrets.token_hex(4)}"))
        for gone in self._root.parent.glob("captured.gone-*"):
            shutil.rmtree(gone, ignore_errors=True)

    def forget(self, addresses: Collection[str], beat: Callable[[], None]) -> int:
        """Delete the letters to any of these addresses, with their lines in the index; how many."""
        gone, number = {address.lower() for address in addresses}, 0
        for index in sorted(self._root.glob("????????/index")):
            beat()
            places = [
                (place, len(line), letter.key)
                for place, line in _lines_backwards(index)
                if (letter := _read_line(line, (index.parent.name, place)))
                and letter.envelope_to.lower() in gone
            ]
            with suppress(FileNotFoundError), index.open("r+b") as file:
                for place, length, key in places:
                    self._path(key).unlink(missing_ok=True)
                    file.seek(place)
                    file.write(b" " * length)  # others append meanwhile: nothing moves
            number += len(places)
        return number

    @contextmanager
    def _disk(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            where, why = self._root, error.strerror
            text = _("The letter can't be kept in %(where)s: %(why)s.", where=where, why=why)
            raise TransportTrouble(text, Step.BODY) from error

    def _write(self, key: str, raw: bytes) -> Path:
        draft = self._path(key).with_suffix(".draft")
        try:
            draft.write_bytes(raw)
        except FileNotFoundError:
            draft.parent.mkdir(parents=True, exist_ok=True)
            draft.write_bytes(raw)
        return draft

    def _publish(self, key: str, raw: bytes, line: bytes) -> None:
        path = self._path(key)
        try:
            try:
                path.with_suffix(".draft").rename(path)
                _append(path.with_name("index"), line)
            except FileNotFoundError:  # all was cleared just now: this letter comes after that
                self._write(key, raw).rename(path)
                _append(path.with_name("index"), line)
        except OSError:
            path.unlink(missing_ok=True)
            raise

    def _found(self, after: tuple[str, int] | None, search: str) -> Iterator[Captured]:
        part = json.dumps(search, ensure_ascii=False)[1:-1]
        last_day, end = after or ("9", None)
        days = sorted((day.name for day in self._root.glob("????????")), reverse=True)
        for day in days:
            if day > last_day:
                continue
            for place, line in _lines_backwards(self._root / day / "index", end if day == last_day else None):
                letter = _read_line(line, (day, place)) if part in line.decode().lower() else None
                if letter and letter.says(search) and self._path(letter.key).exists():
                    yield letter

    def _path(self, key: str) -> Path:
        if not _KEY.fullmatch(key):
            raise _gone()
        return self._root / key[:8] / f"{key}.eml"


def _line(key: str, envelope_from: str, to: str, raw: bytes) -> bytes:
    """A letter's line in the index: short enough to be written in one go."""
    values = [envelope_from, to, reading.field(raw, "From"), reading.field(raw, "Subject")]
    fields = [key, *(value[:_LONGEST_VALUE] for value in values), len(raw)]
    return json.dumps(fields, ensure_ascii=False).encode("utf-8", "replace") + b"\n"


def _read_line(line: bytes, place: tuple[str, int]) -> Captured | None:
    """What a line says; nothing when a full disk once cut it short."""
    try:
        key, envelope_from, envelope_to, sender, subject, size = json.loads(line)
    except ValueError:
        return None
    return Captured(key, envelope_from, envelope_to, sender, subject, size, place)


def _append(path: Path, line: bytes) -> None:
    handle = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o666)
    try:
        if os.write(handle, line) < len(line):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    finally:
        os.close(handle)


def _lines_backwards(path: Path, end: int | None = None) -> Iterator[tuple[int, bytes]]:
    """The file's lines before offset `end` (None: all), last first, each with the offset of its start."""
    try:
        file = path.open("rb")
    except FileNotFoundError:
        return
    with file:
        size = file.seek(0, os.SEEK_END)
        end = size if end is None else min(end, size)
        rest = b""
        while end > 0:
            start = max(end - _BLOCK, 0)
            file.seek(start)
            block = file.read(end - start) + rest
            whole = block.find(b"\n") + 1 if start else 0
            *lines, unfinished = block[whole:].split(b"\n")
            place = start + len(block) - len(unfinished)
            for line in reversed(lines):
                place -= len(line) + 1
                yield place, line
            rest, end = block[:whole], start


def _gone() -> NotFound:
    return NotFound(_("This letter is not here. Perhaps the captured mail was cleared."))
