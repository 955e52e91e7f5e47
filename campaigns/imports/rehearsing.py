"""A look ahead: the whole file is read and decided on as the import would, and nothing is stored.

What earlier rows of the file would have left of a person is kept in a database of its own, on the disk
and for as long as the look lasts, so that later rows are decided on as they will be.
"""

import json
import sqlite3
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from operator import attrgetter
from types import TracebackType
from typing import Any

from pydantic import TypeAdapter

from campaigns.consent.standing import Standing
from campaigns.contacts.models import Import, ImportStatus
from campaigns.database import now, reading, transaction
from campaigns.imports import beside, deciding, files, holding, people, tallying
from campaigns.imports import plan as plans
from campaigns.imports.holding import Job
from campaigns.imports.mapping import Incoming
from campaigns.imports.people import Person
from campaigns.imports.tallying import Tally

BATCH = 2000


@dataclass
class _Kept:
    """What later rows need of a person; the names are Person's."""

    number: int
    values: dict[str, Any]
    company: str
    labels: set[tuple[str, str]]
    standings: dict[str, Standing]
    listed: str
    restricted: bool


_JSON = TypeAdapter(_Kept)
_kept = attrgetter(*_Kept.__annotations__)


class _Memory:
    """What the rows so far would have left of people, by key; SQLite deletes it when it is closed."""

    def __init__(self) -> None:
        self._kept = sqlite3.connect("", isolation_level=None)
        self._kept.execute("PRAGMA journal_mode=OFF")
        self._kept.execute("CREATE TABLE person (key TEXT PRIMARY KEY, state BLOB) WITHOUT ROWID")

    def __enter__(self) -> "_Memory":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._kept.close()

    def recall(self, keys: Iterable[str]) -> dict[str, Person]:
        """Those of these people of whom the file has spoken."""
        asked = "SELECT key, state FROM person WHERE key IN (SELECT value FROM json_each(?))"
        rows = self._kept.execute(asked, [json.dumps(list(set(keys)))])
        return {key: _person(state) for key, state in rows}

    def keep(self, found: dict[str, Person]) -> None:
        """Remember what the rows have left of them."""
        rows = ((key, _JSON.dump_json(_Kept(*_kept(person)))) for key, person in found.items() if person.seen)
        self._kept.execute("BEGIN")
        self._kept.executemany("INSERT OR REPLACE INTO person VALUES (?, ?)", rows)
        self._kept.execute("COMMIT")


def _key(email: str, found: dict[str, Person]) -> str:
    """What somebody is remembered by: their number, or the address of who is not there yet."""
    return f"#{found[email].number}" if email in found and found[email].number else email


def _person(state: bytes) -> Person:
    return Person(**vars(_JSON.validate_json(state)), seen=True)


def rehearse(job: Job, progress: Callable[[Import], None] | None = None) -> None:
    """Look through the file and keep the difference; raises Lost when it is stopped."""
    with reading() as session:
        import_ = session.get_one(Import, job.import_id)
        plan = plans.of(session, import_, only_looking=True)
        of = fingerprint(import_)
    tally: Tally = tallying.added({}, [], [])
    read = 0
    with beside.understood(job.source, BATCH) as file, _Memory() as memory:
        for portion in file.portions:
            taken = [row for row in portion.rows if isinstance(row, Incoming)]
            with reading() as session:
                found = people.known(session, taken, plan.import_id)
            keys = {row.address.email: _key(row.address.email, found) for row in taken}
            recalled = memory.recall(keys.values())
            found |= {email: recalled[key] for email, key in keys.items() if key in recalled}
            tally = tallying.added(tally, *deciding.decide(plan, portion.rows, found))
            memory.keep({keys[email]: found[email] for email in keys})
            read += len(portion.rows)
            shown = _show(job, tally, read, portion.bytes_read)
            if progress is not None:
                progress(shown)
    kept = {"ahead": tally | {"of": of, "at": now().isoformat(), "read": read}}
    holding.end(job, ImportStatus.UPLOADED, difference=kept, **EMPTY)


EMPTY: dict[str, Any] = {
    "rows_read": 0, "bytes_done": 0, "created": 0, "updated": 0, "unchanged": 0, "refused": 0,
    "started_at": None,
}  # fmt: skip


def _show(job: Job, tally: Tally, read: int, bytes_read: int) -> Import:
    with transaction() as session:
        import_ = holding.hold(session, job)
        import_.rows_read, import_.bytes_done = read, bytes_read
        for name, number in tally["rows"].items():
            setattr(import_, name, number)
        return import_


def fingerprint(import_: Import) -> str:
    """What a look ahead was made for; another one is needed when it differs."""
    choices = sorted((name, value) for name, value in import_.choices.items() if name != "sheets")
    told = (sorted(import_.mapping.items()), choices, import_.encoding, import_.delimiter)
    return files.digest(repr(told))


def ahead(import_: Import) -> Tally | None:
    """What a look ahead found, as long as nothing was chosen otherwise since."""
    found: Tally | None = (import_.difference or {}).get("ahead")
    return found if found and found.get("of") == fingerprint(import_) else None
