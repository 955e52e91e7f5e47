"""Hits on their way to the database: lines of a local file, written before the answer is given.

A line is on disk (in the kernel) as soon as `write` returns, so that a killed process loses nothing.
Each process writes its own file and holds a lock on it; a file without a lock belongs to the dead.
"""

import json
import os
import socket
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import structlog

from campaigns.appending import Appended

try:
    import fcntl
except ImportError:  # Windows has no such locks: there a file is left alone until it is old
    fcntl = None  # type: ignore[assignment]

log = structlog.get_logger()

CAN_HOLD = fcntl is not None  # a file can be held against other processes
_HOST = "".join(c if c.isalnum() else "_" for c in socket.gethostname())[:40] or "host"
_FORGOTTEN = 600  # seconds after which another host's file is taken for a dead one's
_LONGEST_AGENT = 500
_ROOM = 64 * 1024  # bytes set aside for a page; it grows
_as_json = json.JSONEncoder(separators=(",", ":")).encode


@dataclass(frozen=True)
class Entry:
    """One hit as the journal holds it; `message_id` or else `campaign_id` says what was hit."""

    uid: str
    kind: str
    at: datetime
    message_id: int | None
    campaign_id: int | None
    position: int
    method: str
    network: str
    user_agent: str


class Page:
    """A journal file that this process holds: nobody else reads or removes it meanwhile."""

    def __init__(self, path: Path, descriptor: int) -> None:
        self.path, self.descriptor = path, descriptor
        self._lines: Appended | None = None

    def append(self, line: bytes) -> None:
        """Write one line; the first one sets room aside. Raises OSError when the disk refuses it."""
        if self._lines is None:
            self._lines = Appended(self.descriptor, _ROOM)
        self._lines.append(line)

    def end(self) -> None:
        """Nothing more is written to it by this process."""
        if self._lines is not None:
            self._lines.close()
            self._lines = None

    def entries(self) -> Iterator[Entry]:
        """What was written, in order; a torn line (the disk was full) is left out."""
        with os.fdopen(os.dup(self.descriptor), "rb") as lines:
            lines.seek(0)
            for line in lines:
                entry = _parsed(line)
                if entry is not None:
                    yield entry

    def discard(self) -> None:
        """Remove the file: all of it is in the database."""
        self.leave()
        self.path.unlink(missing_ok=True)

    def leave(self) -> None:
        """Let go of the file; whoever comes next may take it."""
        self.end()
        if self.descriptor >= 0:
            os.close(self.descriptor)
            self.descriptor = -1


class Journal:
    """This process's own pages in one folder: one being written, and those not yet in the database."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.written = threading.Event()
        self.waiting = 0  # hits on the page that is being written
        self.one_reader = threading.Lock()  # held while the pages are brought into the database
        self._lock = threading.Lock()
        self._page: Page | None = None
        self._full: list[Page] = []
        self._process = 0
        self._name = ""
        self._count = 0

    def write(
        self,
        kind: str,
        message_id: int | None,
        campaign_id: int | None,
        position: int,
        method: str,
        network: str,
        user_agent: str,
    ) -> None:
        """Append one hit. Raises OSError when the disk refuses it."""
        agent = user_agent[:_LONGEST_AGENT]
        with self._lock:
            if self._process != os.getpid():
                self._begin()
            if self._page is None:
                self._page = _new_page(self.folder, f"{_HOST}-{os.getpid()}-{self._name}-{self._count:x}.log")
            self._count += 1
            self.waiting += 1
            uid = f"{self._name}-{self._count:x}"
            fields = [uid, kind, time.time(), message_id, campaign_id, position, method, network, agent]
            # A line begins with its end-of-line, so that a torn one before it spoils only itself.
            self._page.append(b"\n" + _as_json(fields).encode())
        if not self.written.is_set():
            self.written.set()

    def _begin(self) -> None:
        """A new process, perhaps forked from one that wrote: its pages are that one's business."""
        for page in [*self._full, *([self._page] if self._page else [])]:
            page.leave()  # a copy of the descriptor keeps the lock of a process that died
        self._process, self._name = os.getpid(), os.urandom(8).hex()
        self._page, self._full, self._count = None, [], 0

    def turn(self) -> list[Page]:
        """Begin a new page; returns those that are to be brought into the database, oldest first."""
        with self._lock:
            self.written.clear()
            self.waiting = 0
            if self._process == os.getpid() and self._page is not None:
                self._page.end()
                self._full.append(self._page)
                self._page = None
            return list(self._full)

    def hand_over(self) -> None:
        """Let go of the pages that are full: whoever looks for those of the dead brings them in."""
        with self.one_reader:
            for page in self.turn():
                with self._lock:
                    self._full.remove(page)
                page.leave()

    def done(self, page: Page) -> None:
        """All of this page is in the database."""
        with self._lock:
            self._full.remove(page)
        page.discard()


def orphans(folder: Path) -> Iterator[Page]:
    """The pages in the folder whose processes are dead, each held until the next is asked for."""
    for path in sorted(folder.glob("*.log")):
        page = _abandoned(path)
        if page is None:
            continue
        try:
            yield page
        finally:
            page.leave()


def _abandoned(path: Path) -> Page | None:
    try:
        ours = path.name.startswith(f"{_HOST}-")
        if not (ours and fcntl) and time.time() - path.stat().st_mtime < _FORGOTTEN:
            return None
        descriptor = os.open(path, os.O_RDWR)
    except OSError:
        return None
    if _hold(descriptor) and _is_there(descriptor):
        return Page(path, descriptor)
    os.close(descriptor)
    return None


def _new_page(folder: Path, name: str) -> Page:
    folder.mkdir(parents=True, exist_ok=True)
    while True:
        descriptor = os.open(folder / name, os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)
        # Between these two lines a collector may have taken the file for a dead one's and removed it.
        if _hold(descriptor) and _is_there(descriptor):
            return Page(folder / name, descriptor)
        os.close(descriptor)
        time.sleep(0.001)


def _hold(descriptor: int) -> bool:
    if fcntl is None:
        return True
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


def _is_there(descriptor: int) -> bool:
    return os.name == "nt" or os.fstat(descriptor).st_nlink > 0


def _parsed(line: bytes) -> Entry | None:
    line = line.rstrip(b"\0")  # room that a killed process had set aside
    if not line.strip():
        return None
    try:
        uid, kind, at, message, campaign, position, method, network, agent = json.loads(line)
        return Entry(
            uid, kind, datetime.fromtimestamp(at, UTC), message, campaign, position, method, network, agent
        )
    except (ValueError, TypeError, OverflowError, OSError):
        log.warning("unreadable line in the hits journal", length=len(line))
        return None
