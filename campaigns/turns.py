"""Turns: who writes to SQLite next, so that nobody is passed over.

SQLite lets one write at a time, and has no line: whoever waits looks again every tenth of a second, and
misses each moment between two transactions of somebody who writes one after the other, as a long work does.
So whoever is to write stands in line first, by a lock of the system on a file beside the database, and
leaves the line as soon as the transaction has begun. The system takes the lock from whoever dies. Who of
those in line is next is left to chance; whoever wrote last has to stand in it again like all others.
"""

import fcntl
import os
import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import sqlalchemy as sa

PATIENCE = 10.0  # seconds that somebody waits for their turn
_LOOK = 0.002  # seconds between two looks whether it has come
_BEGIN = "BEGIN IMMEDIATE"


def begin(connection: sa.Connection) -> None:
    """Begin to write, when it is our turn. Raises OperationalError when it does not come."""
    until = time.monotonic() + PATIENCE
    with _in_line(connection.engine.url.database, until):
        while (busy := _busy(connection)) is not None:
            if time.monotonic() >= until:
                raise sa.exc.OperationalError(_BEGIN, None, busy) from busy
            time.sleep(_LOOK)


def write_ahead(cursor: sqlite3.Cursor) -> None:
    """Have the file written ahead (WAL), for good. Raises sqlite3.OperationalError when it can't be in time.

    Of two who do that to a new file at the same moment SQLite refuses one at once, whatever its patience.
    """
    until = time.monotonic() + PATIENCE
    while True:
        try:
            cursor.execute("PRAGMA journal_mode = WAL")
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or time.monotonic() >= until:
                raise
            time.sleep(_LOOK)
        else:
            return


def _busy(connection: sa.Connection) -> sqlite3.OperationalError | None:
    """Begin if nobody is writing; otherwise what SQLite says to that."""
    driver = connection.connection.driver_connection
    assert isinstance(driver, sqlite3.Connection)
    [[usual]] = driver.execute("PRAGMA busy_timeout")
    driver.execute("PRAGMA busy_timeout = 0")  # it would look seldom; the one in front looks often
    try:
        driver.execute(_BEGIN)
    except sqlite3.OperationalError as error:
        if error.sqlite_errorcode & 0xFF == sqlite3.SQLITE_BUSY:
            return error
        raise sa.exc.OperationalError(_BEGIN, None, error) from error
    finally:
        driver.execute(f"PRAGMA busy_timeout = {usual}")
    return None


@contextmanager
def _in_line(database: str | None, until: float) -> Iterator[None]:
    """In front of the line of this database's writers, or without one where the folder lets none be made."""
    line = _line(database)
    if line is None:
        yield
        return
    try:
        while not _in_front(line) and time.monotonic() < until:
            time.sleep(_LOOK)
        yield
    finally:
        os.close(line)


def _line(database: str | None) -> int | None:
    if not database or database.startswith((":memory:", "file:")):
        return None
    with suppress(OSError):  # to be read only: whoever may use the database may stand in line, too
        return os.open(f"{database}-line", os.O_RDONLY | os.O_CREAT | os.O_CLOEXEC, 0o644)
    return None


def _in_front(line: int) -> bool:
    try:
        fcntl.flock(line, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:  # this file system knows no such locks: SQLite's own is what there is
        return True
    return True
