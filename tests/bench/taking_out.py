"""How fast contacts are written into files, and changed in bulk and put back, in memory that does not grow.

`bin/bench out [--contacts 1000000] [--database sqlite|postgresql] [--json]`: all contacts, with their labels
and consent, as CSV, XLSX, vCard and a list for an ad platform; then all get a tag, and that is undone. Each
in a process of its own.
"""

import csv
import json
import multiprocessing
import tempfile
import time
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from campaigns import database, settings
from campaigns.consent.models import Act, Basis, Consent, ConsentEvent, Purpose
from campaigns.contacts import bulk_running, undoing
from campaigns.contacts.change_models import BulkEdit, ChangeSet, UndoWork
from campaigns.contacts.models import Contact, Tag, contact_tag
from campaigns.database import now
from campaigns.exports import asking, places, running
from campaigns.exports.asking import Wish
from campaigns.exports.models import Export, Subject
from tests.bench import costs, filling, ground

NAME = "out"
Figures = dict[str, Any]

_EVERYBODY = {"filters": "sort=name"}
_WISHES = {
    "csv": (Subject.CONTACTS, "csv"),
    "xlsx": (Subject.CONTACTS, "xlsx"),
    "vcf4": (Subject.CONTACTS, "vcf4"),
    "google": (Subject.ADS, "google"),
}


def measure(contacts: int, kind: str) -> Figures:
    """Do each once; raises AssertionError when a row is missing."""
    found: Figures = {"database": kind, "contacts": contacts}
    with tempfile.TemporaryDirectory() as folder, ground.ground(kind, Path(folder)):
        filling.fill(contacts)
        _agree_to_ads()
        for name in _WISHES:
            found[name] = _apart(_write, name)
            _check(name, contacts)
        found["bulk_edit"], found["undo"] = _apart(_tag, ""), _apart(_undo, "")
        with database.reading() as session:
            worn = (
                sa.select(sa.func.count()).select_from(contact_tag).join(Tag, Tag.id == contact_tag.c.tag_id)
            )
            assert session.scalar(worn.where(Tag.key == "measured")) == 0
            assert session.scalars(sa.select(ChangeSet.restored)).one() == contacts
        database.use(None)
    for part in (*_WISHES, "bulk_edit", "undo"):
        found[part]["rows_per_second"] = contacts / found[part]["seconds"]
    return found


def _agree_to_ads() -> None:
    """Everybody agrees to ad platforms, in two statements."""
    said = {"purpose": Purpose.AD_PLATFORMS, "basis": Basis.CONSENT, "at": now()}
    empty = dict.fromkeys(("page_url", "ip", "user_agent", "evidence"), "")
    entry = said | empty | {"act": Act.GRANTED, "source": "bench", "method": "form", "recorded_at": now()}
    with database.transaction() as session:
        typed = [sa.literal(value, ConsentEvent.__table__.c[name].type) for name, value in entry.items()]
        rows = sa.select(Contact.id, *typed)
        session.execute(sa.insert(ConsentEvent).from_select(["contact_id", *entry], rows))
        state = said | {"state": Act.GRANTED}
        typed = [sa.literal(value, Consent.__table__.c[name].type) for name, value in state.items()]
        mine = ConsentEvent.purpose == Purpose.AD_PLATFORMS
        rows = sa.select(ConsentEvent.contact_id, ConsentEvent.id, *typed).where(mine)
        session.execute(sa.insert(Consent).from_select(["contact_id", "event_id", *state], rows))


def _apart(work: Any, what: str) -> Figures:
    """Do it in a process of its own, and take over what it found."""
    database.use(None)
    apart = multiprocessing.get_context("spawn")
    here, there = apart.Pipe()
    process = apart.Process(target=work, args=(there, settings.current().model_dump(), what))
    process.start()
    there.close()
    found: Figures = here.recv()
    process.join()
    return found


def _write(pipe: Any, given: dict[str, Any], name: str) -> None:
    settings.use(settings.Settings(**given))
    subject, written = _WISHES[name]
    began = time.perf_counter()
    with database.transaction() as session:
        made = asking.start(session, subject, _EVERYBODY, Wish(written), None)
    running.run(made.id)
    _tell(pipe, began)


def _tag(pipe: Any, given: dict[str, Any], _what: str) -> None:
    settings.use(settings.Settings(**given))
    began = time.perf_counter()
    with database.transaction() as session:
        edit = bulk_running.start(session, "tag", {"tag_name": "measured"}, _EVERYBODY, None)
    bulk_running.run(edit.id)
    _tell(pipe, began)


def _undo(pipe: Any, given: dict[str, Any], _what: str) -> None:
    settings.use(settings.Settings(**given))
    began = time.perf_counter()
    with database.transaction() as session:
        edit = session.scalars(sa.select(BulkEdit)).one()
        work = undoing.start(session, session.get_one(ChangeSet, edit.change_set_id), None)
    undoing.run(work.id)
    with database.reading() as session:
        assert session.get_one(UndoWork, work.id).status == "done"
    _tell(pipe, began)


def _tell(pipe: Any, began: float) -> None:
    pipe.send({"seconds": time.perf_counter() - began, "peak_mb": costs.own_peak_mb()})


def _check(name: str, contacts: int) -> None:
    """Every contact is a row of the file."""
    with database.reading() as session:
        made = session.scalars(sa.select(Export).order_by(Export.id.desc()).limit(1)).one()
    assert (made.status, made.rows) == ("done", contacts), made.error
    path = places.whole(made.id)
    if name in ("csv", "google"):
        with path.open(encoding="utf-8-sig", newline="") as file:
            assert sum(1 for _row in csv.reader(file)) == contacts + 1
    elif name == "vcf4":
        with path.open(encoding="utf-8", newline="") as file:
            assert sum(line == "END:VCARD\r\n" for line in file) == contacts
    path.unlink()
    database.use(None)


def main() -> None:
    """Measure and print."""
    given = ground.asked("out", contacts=1_000_000)
    found = measure(given.contacts, given.database)
    if given.json:
        print(json.dumps(found))
        return
    print(f"{given.contacts:,} contacts with labels and consent, on {given.database}")
    costs.table(
        [
            (
                part.replace("_", " "),
                f"{found[part]['seconds']:.1f} s, {found[part]['rows_per_second']:,.0f} rows a second, "
                f"{found[part]['peak_mb']:.0f} MB",
            )
            for part in (*_WISHES, "bulk_edit", "undo")
        ]
    )
