"""The schema's history: where this database stands, and bringing it forward."""

import fcntl
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory

from campaigns import database, paths, settings

_LOCK = 0x6361_6D70  # any number, the same for all machines


def config() -> Config:
    """Alembic's configuration, pointing at the migrations of this installation."""
    made = Config()
    made.set_main_option("script_location", str(paths.MIGRATIONS).replace("%", "%%"))
    made.set_main_option("path_separator", "os")
    return made


def upgrade() -> None:
    """Bring the database to the newest schema; does nothing when it is there."""
    with database.engine().connect() as connection, _alone(connection), without_keys(connection):
        alembic = config()
        alembic.attributes["connection"] = connection
        command.upgrade(alembic, "head")
        connection.commit()


@contextmanager
def without_keys(connection: sa.Connection) -> Iterator[None]:
    """SQLite builds a table anew by dropping it; with foreign keys on, all that names its rows would go."""
    if connection.dialect.name != "sqlite":
        yield
        return
    driver: Any = connection.connection.driver_connection
    driver.execute("PRAGMA foreign_keys = OFF")
    try:
        yield
    finally:
        connection.rollback()
        driver.execute("PRAGMA foreign_keys = ON")


def rebuild(connection: sa.Connection, table: str, altered: Callable[[str], str]) -> None:
    """Build an SQLite table anew from what `altered` makes of its CREATE TABLE, as SQLite's page on ALTER
    TABLE has it: rows and indexes stay. Raises RuntimeError where foreign keys are on (`without_keys`).
    """
    if connection.exec_driver_sql("PRAGMA foreign_keys").scalar():
        raise RuntimeError("Upgrade with `campaigns upgrade`: foreign keys have to be off meanwhile.")
    master = "SELECT sql FROM sqlite_master WHERE tbl_name = ? AND type = ? AND sql IS NOT NULL"
    [made] = connection.exec_driver_sql(master, (table, "table")).scalars()
    indexes = connection.exec_driver_sql(master, (table, "index")).scalars().all()
    new = altered(re.sub(rf'^CREATE TABLE "?{table}"?', f'CREATE TABLE "{table}_new"', made))
    names = [column["name"] for column in sa.inspect(connection).get_columns(table)]
    listed = ", ".join(f'"{name}"' for name in names)
    connection.exec_driver_sql(new)
    connection.exec_driver_sql(f'INSERT INTO "{table}_new" ({listed}) SELECT {listed} FROM "{table}"')  # nosec B608
    connection.exec_driver_sql(f'DROP TABLE "{table}"')
    connection.exec_driver_sql(f'ALTER TABLE "{table}_new" RENAME TO "{table}"')
    for index in indexes:
        connection.exec_driver_sql(index)


@contextmanager
def _alone(connection: sa.Connection) -> Iterator[None]:
    """Have another machine that upgrades at the same time wait; it finds everything done."""
    if connection.dialect.name != "postgresql":  # SQLite lets go of its lock after each revision
        folder = settings.current().data_dir
        folder.mkdir(parents=True, exist_ok=True)
        with (folder / "upgrade.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield
        return
    connection.execute(sa.select(sa.func.pg_advisory_lock(_LOCK)))
    connection.commit()
    try:
        yield
    finally:
        connection.rollback()
        connection.execute(sa.select(sa.func.pg_advisory_unlock(_LOCK)))


def head() -> str:
    """The newest revision that this installation knows."""
    return ScriptDirectory.from_config(config()).get_current_head() or ""


def revision() -> str:
    """The revision at which the database stands; empty before the first."""
    with database.engine().connect() as connection:
        return MigrationContext.configure(connection).get_current_revision() or ""
