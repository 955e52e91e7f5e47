"""How fast a file of contacts is brought in, beside a bare insert of the same contacts.

`bin/bench import [--contacts 1000000] [--database sqlite|postgresql] [--rounds 1] [--json]`: a CSV file of
people with three tags each, the time and address of their consent, is uploaded, understood and imported by
the application, in a process of its own. In the same round the same contacts, as they were stored, are put
by the driver's `executemany` alone into a database of their own, with the same table and the same indexes.
"""

import csv
import json
import multiprocessing
import random
import statistics
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, cast

import sqlalchemy as sa

from campaigns import database, settings
from campaigns.consent import ledger
from campaigns.consent.models import Consent, ConsentEvent
from campaigns.contacts.models import Contact, Import, ImportStatus, contact_tag
from campaigns.demo.people import LANDS
from campaigns.imports import files, running, steering, storing, uploading
from tests.bench import costs, ground

NAME = "import"
Figures = dict[str, Any]

_TAGS = [f"kind {number}" for number in range(200)]
_EACH = 3
_AT_ONCE = 10_000  # rows of one executemany
_SINCE = datetime(2024, 1, 5, 9, tzinfo=UTC)
_contacts = cast(sa.Table, Contact.__table__)


def write_file(path: Path, contacts: int) -> None:
    """A file as Mailchimp would export it; the same number gives the same people."""
    rng = random.Random(contacts)
    people = [
        (first, last, land.country, city)
        for land in LANDS for first in land.first_names for last in land.last_names for city in land.cities
    ]  # fmt: skip
    with path.open("w", encoding="utf-8", newline="") as file:
        out = csv.writer(file)
        out.writerow(
            ["Email Address", "First Name", "Last Name", "Phone", "City", "CC", "Birthday", "MEMBER_RATING",
             "OPTIN_TIME", "OPTIN_IP", "TAGS"]
        )  # fmt: skip
        for number in range(1, contacts + 1):
            first, last, country, city = rng.choice(people)
            agreed = _SINCE + timedelta(minutes=number % 900_000)
            out.writerow(
                (
                    f"reader{rng.randrange(16**8):08x}{number}@host{number % 300}.example.com", first, last,
                    f"+420{600_000_000 + number}", city, country,
                    f"{number % 12 + 1:02}/{number % 28 + 1:02}",
                    2, f"{agreed:%Y-%m-%d %H:%M:%S}", f"192.0.2.{number % 250}",
                    ",".join(f'"{tag}"' for tag in rng.sample(_TAGS, _EACH)),
                )
            )  # fmt: skip


def measure(contacts: int, kind: str, rounds: int) -> Figures:
    """Import and insert once a round; raises AssertionError when something was not stored."""
    found: list[Figures] = []
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder) / "people.csv"
        write_file(source, contacts)
        for number in range(rounds):
            place = Path(folder) / str(number)
            for one_place in ("import", "bare"):
                (place / one_place).mkdir(parents=True)
            with ground.ground(kind, place / "import"):
                one = _apart(_bring, str(source))
                _check(contacts)
                stored = place / "stored.jsonl"
                _keep_stored(stored)
            with ground.ground(kind, place / "bare"):
                one |= _apart(_insert, str(stored))
            stored.unlink()
            found.append(one)
    figures = {key: statistics.median(one[key] for one in found) for key in found[0]}
    bare, seconds = figures["bare_seconds"], figures["seconds"]
    return {
        "database": kind, "contacts": contacts, **figures,
        "rows_per_second": contacts / seconds, "bare_rows_per_second": contacts / bare,
        "ratio": bare / seconds,
        "noise": costs.spread([one["bare_seconds"] / one["seconds"] for one in found]),
    }  # fmt: skip


def _apart(work: Any, path: str) -> Figures:
    """Do it in a process of its own, and take over what it found."""
    database.use(None)
    apart = multiprocessing.get_context("spawn")
    here, there = apart.Pipe()
    process = apart.Process(target=work, args=(there, settings.current().model_dump(), path))
    process.start()
    there.close()
    try:
        found: Figures = here.recv()
    except EOFError as error:
        raise RuntimeError("It failed; what it said stands above.") from error
    process.join()
    return found


def _bring(pipe: Any, given: dict[str, Any], path: str) -> None:
    """Upload, choose, and run to the end."""
    settings.use(settings.Settings(**given))
    with Path(path).open("rb") as file:
        kept = files.keep(file)
    began = time.perf_counter()
    with database.transaction() as session:
        made = uploading.receive(session, kept, "people.csv")
        steering.choose(made, {"basis": "consent", "source": "Measured with invented people"})
        made.status = ImportStatus.QUEUED
    understood = time.perf_counter()
    running.run(made.id)
    ended = time.perf_counter()
    pipe.send(
        {
            "understanding_seconds": understood - began,
            "seconds": ended - understood,
            "cpu_seconds": time.process_time(),
            "peak_mb": costs.own_peak_mb(),
            "reader_peak_mb": costs.ended_peak_mb(),
        }
    )


def _check(contacts: int) -> None:
    """Every row is a contact, with three tags and a consent that the ledger bears out."""
    with database.reading() as session:
        done = session.scalars(sa.select(Import)).one()
        assert (done.status, done.created, done.refused) == (ImportStatus.DONE, contacts, 0), done.error
        for table, number in ((contact_tag, contacts * _EACH), (Consent, contacts), (ConsentEvent, contacts)):
            counted = session.scalar(sa.select(sa.func.count()).select_from(table))
            assert counted == number, f"{counted} rows of {table}, not {number}"
        some = session.scalars(sa.select(Contact.id).limit(1000)).all()
    with database.transaction() as session:
        assert ledger.rebuild(session, some) == 0
    database.use(None)


def _keep_stored(path: Path) -> None:
    """Write the contacts as they were stored into a file, in the driver's own values."""
    names = ", ".join(f'"{column.name}"' for column in _contacts.columns if column.name != "id")
    with database.engine().connect() as connection, path.open("w") as file:
        found = connection.execution_options(stream_results=True, yield_per=_AT_ONCE)
        for row in found.exec_driver_sql(f"SELECT {names} FROM contact ORDER BY id"):
            file.write(json.dumps(list(row), default=str) + "\n")


def _insert(pipe: Any, given: dict[str, Any], path: str) -> None:
    """Only the contacts, only by the driver; the clock stands still while rows are made ready."""
    settings.use(settings.Settings(**given))
    columns = [column.name for column in _contacts.columns if column.name != "id"]
    mark = "?" if database.engine().dialect.name == "sqlite" else "%s"
    listed, marks = ", ".join(f'"{name}"' for name in columns), ", ".join([mark] * len(columns))
    statement = f"INSERT INTO contact ({listed}) VALUES ({marks})"
    seconds = 0.0
    with database.engine().connect() as connection:
        raw: Any = connection.connection.driver_connection
        cursor = raw.cursor()
        if mark == "?":
            cursor.execute(str(storing.MORE_PAGES))  # as the import asks for
        for rows in _portions(Path(path)):
            began = time.perf_counter()
            cursor.execute("BEGIN")
            cursor.executemany(statement, rows)
            cursor.execute("COMMIT")
            seconds += time.perf_counter() - began
        cursor.close()
    pipe.send({"bare_seconds": seconds})


def _portions(path: Path) -> Iterator[list[tuple[Any, ...]]]:
    rows: list[tuple[Any, ...]] = []
    with path.open() as file:
        for line in file:
            rows.append(tuple(_plain(value) for value in json.loads(line)))
            if len(rows) == _AT_ONCE:
                yield rows
                rows = []
    if rows:
        yield rows


def _plain(value: Any) -> Any:
    return json.dumps(value, ensure_ascii=False) if isinstance(value, dict | list) else value


def main() -> None:
    """Measure and print."""
    given = ground.asked("import", contacts=1_000_000, rounds=1)
    found = measure(given.contacts, given.database, given.rounds)
    if given.json:
        print(json.dumps(found))
        return
    print(f"Importing {given.contacts:,} contacts with {_EACH} tags and a consent each on {given.database}")
    costs.table(
        [
            ("understood in", f"{found['understanding_seconds']:.1f} s"),
            ("imported in", f"{found['seconds']:.1f} s, {found['rows_per_second']:,.0f} rows a second"),
            ("  of it our processor time", f"{found['cpu_seconds']:.1f} s"),
            (
                "bare insert of the contacts alone",
                f"{found['bare_seconds']:.1f} s, {found['bare_rows_per_second']:,.0f} rows a second",
            ),
            ("ratio", f"{found['ratio']:.2f}"),
            ("peak memory", f"{found['peak_mb']:.0f} MB, of the reader {found['reader_peak_mb']:.0f} MB"),
            ("rounds lie apart by", f"{found['noise']:.0%}"),
        ]
    )
