"""From the journal into the database: a thread beside the web process, and a sweep for dead ones."""

import itertools
import threading
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TypeVar

import structlog

from campaigns import jobs, settings
from campaigns.database import transaction
from campaigns.tracking import recording
from campaigns.tracking.journal import CAN_HOLD, Journal, Page, orphans

log = structlog.get_logger()

T = TypeVar("T")
BATCH = 1000
_GATHER = 0.5  # seconds after a first hit, so that what comes together is written together
_SWEEP = 30.0
_LONGEST_WAIT = 30.0  # between tries while the database is away
_FLOOD = 200  # hits in _GATHER: to answer more of them is work enough for one process
_QUIET = 2.0  # seconds without a hit, after which what no worker took is brought in here

_journals: dict[Path, Journal] = {}
_starting = threading.Lock()
_collecting = threading.Lock()


def folder() -> Path:
    """Where this machine's processes keep their journals of hits."""
    return settings.current().data_dir / "hits"


def start() -> Journal:
    """This process's journal, with the thread that brings it into the database, started on first use."""
    where = folder()
    with _starting:
        if where not in _journals:
            _journals[where] = Journal(where)
            threading.Thread(
                target=_keep_flushing, args=(_journals[where],), daemon=True, name="hits"
            ).start()
        return _journals[where]


def flush(journal: Journal) -> int:
    """Bring all that the journal holds into the database; says how many hits were new."""
    new = 0
    with journal.one_reader:
        for page in journal.turn():
            new += _bring_in(page)
            journal.done(page)
    return new


def collect() -> int:
    """Bring in what dead or busy processes of this machine left; says how many hits were new.

    One thread of a process does it: after a flood the others are for other work.
    """
    new = 0
    if _collecting.acquire(blocking=False):
        try:
            for page in orphans(folder()):
                new += _bring_in(page)
                page.discard()
        finally:
            _collecting.release()
    return new


def _bring_in(page: Page) -> int:
    """One transaction a batch; a page read twice changes nothing the second time."""
    new = 0
    for batch in _batches(page.entries(), BATCH):
        with transaction() as session:
            new += recording.record(session, batch)
    return new


def _batches(entries: Iterable[T], size: int) -> Iterator[list[T]]:
    remaining = iter(entries)
    while batch := list(itertools.islice(remaining, size)):
        yield batch


def _keep_flushing(journal: Journal) -> None:
    wait, swept, left = 0.0, 0.0, False
    while journal.folder == folder():  # settings that changed (in tests) end the thread
        try:
            came = journal.written.wait(_QUIET if left else _SWEEP)
            if came:
                time.sleep(_GATHER)
            if journal.folder != folder():
                break
            left = _flush_or_hand_over(journal) or left
            if (left and not came) or time.monotonic() - swept > _SWEEP:
                collect()
                swept, left = time.monotonic(), False
            wait = 0.0
        except Exception as error:  # the hits stay in the journal; this thread must not end
            log.warning("hits could not be brought into the database yet", error=str(error))
            wait = min(wait * 2 + 1, _LONGEST_WAIT)
            time.sleep(wait)
            journal.written.set()
    _journals.pop(journal.folder, None)


def _flush_or_hand_over(journal: Journal) -> bool:
    """Bring the hits in, or leave a flood of them to this machine's workers; says whether they were left.

    A thread that brings them in takes turns with those that answer, which would be slower by half.
    """
    if journal.waiting < _FLOOD or not CAN_HOLD:
        flush(journal)
        return False
    journal.hand_over()
    jobs.send(jobs.RECORD_ENGAGEMENT)
    return True
