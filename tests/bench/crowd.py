"""A large invented firm: `bin/bench crowd --keep FOLDER` builds it once, for `bin/bench pages` and by hand.

`--database sqlite|postgresql`, `--contacts N` (1,000,000), `--events N` (10,000,000). The same for the same
numbers but for the day that it is built on. PostgreSQL runs with its own default durability.
"""

import argparse
import random
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from campaigns import database, settings
from campaigns.accounts.models import AuditEntry, Role, RoleRow, User
from campaigns.contacts.models import Import, ImportStatus
from tests.bench.crowded import dealings, letters, who
from tests.bench.crowded.keeping import server
from tests.bench.crowded.pouring import Pouring
from tests.stories.installation import Installation, installation

SEED = 2026
CAMPAIGNS = 200
_LARGE = (
    "contact",
    "contact_category",
    "contact_tag",
    "consent_event",
    "consent",
    "activity",
    "next_step",
    "purchase",
    "message",
    "hit",
)


@contextmanager
def crowd(kind: str, contacts: int, events: int, folder: Path) -> Iterator[Installation]:
    """An installation with the crowd in it, not started; built unless the folder holds it already."""
    with server(kind, folder) as url:
        built = folder / f"built-{contacts}-{events}"
        with installation(folder, set_up=False, CAMPAIGNS_DATABASE_URL=url) as made:
            settings.use(settings.Settings(data_dir=folder / "data", database_url=url, broker_url="stub://"))
            database.use(None)
            try:
                if built.exists():
                    made.command("upgrade")
                else:
                    _found(made)
                    build(url, contacts, events)
                    built.touch()
                yield made
            finally:
                database.use(None)
                settings.use(None)


def _found(made: Installation) -> None:
    made.command(
        "init",
        "--firm",
        "Example Tools",
        "--address",
        "1 Long Lane, 602 00 Brno",
        "--sender-address",
        "news@example.com",
        "--tracking",
        "identified",
        "--tracking-reason",
        "measured with invented people",
    )


def build(url: str, contacts: int, events: int, tell: Any = print) -> None:
    """Fill an installation that was just set up."""
    began, rng = time.perf_counter(), random.Random(SEED)

    def step(what: str) -> None:
        tell(f"{time.perf_counter() - began:6.0f} s  {what}", flush=True)

    timing = Pouring(url)
    timing.connection.close()
    with Session(database.engine()) as session:
        _team(session)
        number = max(24, min(CAMPAIGNS, contacts // 500))
        courses = letters.campaigns(session, timing, number, contacts)
        _papers(session, timing)
        session.commit()
    database.use(None)
    into = Pouring(url)
    into.without_indexes(_LARGE)
    hosts = who.companies(into, max(20, contacts // 20), rng)
    crowded, rows = who.gather(into, contacts, hosts, rng)
    who.label(into, contacts, rng)
    step("people, firms, labels, consent")
    activity = dealings.talk(into, crowded, rng)
    step("talks, purchases, next steps")
    post = letters.Post(into, crowded, events, sum(course.size for course in courses), rng)
    for course in courses:
        activity = post.write(course, activity)
    step(f"{post.messages:,} messages, {post.hits:,} events, {activity:,} activities")
    who.write(into, crowded, rows)
    step("contacts")
    into.finish(tell)
    step("indexes, statistics")


def _team(session: Session) -> None:
    """Eleven colleagues of the administrator; nobody signs in as them."""
    salesperson = session.scalars(sa.select(RoleRow).where(RoleRow.name == Role.SALESPERSON)).one()
    for number in range(2, 13):
        session.add(
            User(
                id=number,
                email=f"colleague{number}@example.com",
                name=f"Colleague {number}",
                fs_uniquifier=f"colleague {number}",
                roles=[salesperson],
            )
        )
    session.flush()


def _papers(session: Session, into: Pouring) -> None:
    """Some imports, and a long audit log."""
    for number in range(1, 61):
        session.add(
            Import(
                filename=f"list {number}.csv",
                path=f"imports/{number}.csv",
                status=ImportStatus.DONE,
                rows_read=20_000,
                created=18_000,
                updated=1_500,
                unchanged=400,
                refused=100,
                reasons={"address_domain": 100},
                choices={"categories": ["Group 1"], "source": "Fair"},
                started_at=into.moment(number * 864_000),
                user_id=1,
                finished_at=into.moment(number * 864_000 + 300),
            )
        )
    session.flush()
    rows = [
        {
            "at": into.moment(number * 1200),
            "user_id": 1 + number % 12,
            "act": "contact.change",
            "subject": f"contact:{number}",
            "detail": {},
            "ip": "192.0.2.1",
        }
        for number in range(1, 50_001)
    ]
    session.execute(sa.insert(AuditEntry), rows)


def parser(name: str) -> argparse.ArgumentParser:
    """What every measure of the crowd can be told."""
    made = argparse.ArgumentParser(prog=f"bin/bench {name}")
    made.add_argument("--database", choices=("sqlite", "postgresql"), default="postgresql")
    made.add_argument("--contacts", type=int, default=1_000_000)
    made.add_argument("--events", type=int, default=10_000_000)
    made.add_argument("--keep", type=Path, metavar="FOLDER", help="build it there, or use what is there")
    return made


def main() -> None:
    """Build it, say how long it took, and where it is."""
    given = parser("crowd").parse_args()
    if given.keep is None:
        raise SystemExit("Say where it is to be kept: --keep FOLDER")
    began = time.perf_counter()
    with crowd(given.database, given.contacts, given.events, given.keep.absolute()) as made:
        print(
            f"ready after {time.perf_counter() - began:.0f} s: {made.environment['CAMPAIGNS_DATABASE_URL']}"
        )
