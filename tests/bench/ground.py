"""What a measure stands on: an installation of its own on a durable database, its processes by role."""

import argparse
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import psutil
import sqlalchemy as sa

from campaigns import database, settings
from tests import servers
from tests.bench import costs
from tests.stories.installation import Installation, installation

DATABASES = ("sqlite", "postgresql")
# What a role's command line holds, in the order in which it is looked for.
_ROLES = {"queue": "embedded|valkey|redis", "clock": "clock", "web": "web", "workers": "worker"}


class Missing(Exception):
    """Something that the measure needs is not on this machine; says what, and where it comes from."""


def asked(name: str, database: str = "postgresql", **numbers: int) -> argparse.Namespace:
    """What the command line asks of a measure: the database, JSON, and these numbers with their defaults."""
    parser = argparse.ArgumentParser(prog=f"bin/bench {name}")
    parser.add_argument("--database", choices=DATABASES, default=database)
    parser.add_argument("--json", action="store_true")
    for number, usual in numbers.items():
        parser.add_argument(f"--{number}", type=int, default=usual)
    return parser.parse_args()


@contextmanager
def database_url(kind: str, folder: Path) -> Iterator[str]:
    """The address of an empty database that forgets nothing it has committed."""
    if kind == "sqlite":
        (folder / "data").mkdir(parents=True, exist_ok=True)
        yield f"sqlite:///{folder / 'data' / 'campaigns.db'}"
        return
    with servers.postgresql(durable=True) as address:
        server = sa.make_url(address).set(drivername="postgresql+psycopg")
        maintenance = sa.create_engine(server, isolation_level="AUTOCOMMIT")
        name = f"campaigns_bench_{os.getpid()}"
        with maintenance.connect() as connection:
            for setting in ("fsync", "full_page_writes", "synchronous_commit"):
                if connection.exec_driver_sql(f"SHOW {setting}").scalar() == "off":
                    raise Missing(f"The PostgreSQL of TEST_DATABASE_URL has {setting} off; switch it on.")
            connection.exec_driver_sql(f"CREATE DATABASE {name}")
        try:
            yield server.set(database=name).render_as_string(hide_password=False)
        finally:
            database.use(None)
            with maintenance.connect() as connection:
                connection.exec_driver_sql(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
            maintenance.dispose()


def database_pids(url: str) -> list[int]:
    """The database server's first process, where it is ours to see."""
    folder = parse_qs(urlsplit(url).query).get("host", [""])[0]
    try:
        return [int((Path(folder) / "data" / "postmaster.pid").read_text().split()[0])]
    except (OSError, ValueError):
        return []


@contextmanager
def ground(kind: str, folder: Path, **given: str) -> Iterator[Installation]:
    """An installation, set up but not started, that follows readers; this process shares its database."""
    with (
        database_url(kind, folder) as url,
        installation(folder, set_up=False, CAMPAIGNS_DATABASE_URL=url, **given) as made,
    ):
        made.command(
            "init", "--firm", "Example Tools", "--address", "1 Long Lane, 602 00 Brno",
            "--sender-address", "news@example.com",
            "--tracking", "identified", "--tracking-reason", "measured with invented people",
        )  # fmt: skip
        settings.use(
            settings.Settings(
                data_dir=folder / "data", database_url=url, base_url=made.url, broker_url="stub://"
            )
        )
        database.use(None)
        try:
            yield made
        finally:
            database.use(None)
            settings.use(None)


def roles(made: Installation) -> dict[str, list[int]]:
    """The processes of a started installation by what they do, and the database's own."""
    assert made.process is not None
    found: dict[str, list[int]] = {role: [] for role in _ROLES}
    for child in psutil.Process(made.process.pid).children():
        line = " ".join(child.cmdline())
        role = next((role for role, words in _ROLES.items() if re.search(words, line)), None)
        if role:
            found[role].append(child.pid)
    found["database"] = database_pids(made.environment["CAMPAIGNS_DATABASE_URL"])
    return {role: pids for role, pids in found.items() if pids}


def peak_of_workers(made: Installation) -> float:
    """The most memory that one worker process held, in MB."""
    return costs.peak_mb(roles(made).get("workers", []))
