"""Pours rows into a database as quickly as it takes them: COPY on PostgreSQL, executemany on SQLite."""

import sqlite3
import time
from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, timedelta
from itertools import islice
from typing import Any

import psycopg
import sqlalchemy as sa

from campaigns.tables import Base

_AT_ONCE = 10_000
DAY = 86_400


class Pouring:
    """One connection that fills empty tables; plain indexes are away meanwhile and built by `finish`.

    Moments are whole seconds since `began`, midnight UTC two years ago; rows name every column they give.
    """

    def __init__(self, url: str) -> None:
        self.url = sa.make_url(url)
        self.postgresql = self.url.get_backend_name() == "postgresql"
        today = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
        self.began = today - timedelta(days=720)
        self.now = int((datetime.now(UTC) - self.began).total_seconds())
        self.null: Any = r"\N" if self.postgresql else None
        self._days = [f"{self.began + timedelta(days=ahead):%Y-%m-%d}" for ahead in range(1200)]
        tail = "+00" if self.postgresql else ".000000"
        self._times = [
            f" {second // 3600:02}:{second // 60 % 60:02}:{second % 60:02}{tail}" for second in range(DAY)
        ]
        self.connection = self._connect()

    def _connect(self) -> Any:
        if self.postgresql:
            made = psycopg.connect(self.url.set(drivername="postgresql").render_as_string(False))
            made.execute("SET session_replication_role = replica")  # every key names a row that comes too
            made.execute("SET maintenance_work_mem = '512MB'")
            return made
        made = sqlite3.connect(str(self.url.database), isolation_level=None)
        for pragma in ("journal_mode=WAL", "synchronous=OFF", "foreign_keys=OFF", "cache_size=-1500000"):
            made.execute(f"PRAGMA {pragma}")
        made.execute("BEGIN")
        return made

    def at(self, second: int) -> str:
        """A moment as the database writes it."""
        return self._days[second // DAY] + self._times[second % DAY]

    def moment(self, second: int) -> datetime:
        """The same as Python has it."""
        return self.began + timedelta(seconds=second)

    def on(self, day: int) -> str:
        """A day, so many after the first."""
        return self._days[day]

    def day_number(self, day: date) -> int:
        """Which day that is, counted from the first."""
        return (day - self.began.date()).days

    def without_indexes(self, tables: Iterable[str]) -> None:
        """Drop the plain indexes of these tables; `finish` makes them again."""
        self._away: list[sa.Index] = []
        for name in tables:
            for index in sorted(Base.metadata.tables[name].indexes, key=lambda one: str(one.name)):
                self._away.append(index)
                self.connection.execute(f'DROP INDEX IF EXISTS "{index.name}"')

    def pour(self, table: str, columns: str, rows: Iterable[tuple[Any, ...]]) -> int:
        """Write these rows; returns how many there were."""
        parts = iter(rows)
        return sum(self._write(table, columns, parts))

    def _write(self, table: str, columns: str, rows: Iterator[tuple[Any, ...]]) -> Iterator[int]:
        number = len(columns.split(","))
        if self.postgresql:
            line = "\t".join(["%s"] * number) + "\n"
            with (
                self.connection.cursor() as cursor,
                cursor.copy(f'COPY "{table}" ({columns}) FROM STDIN') as copy,
            ):
                while some := list(islice(rows, _AT_ONCE)):
                    copy.write("".join([line % row for row in some]))
                    yield len(some)
            return
        insert = f'INSERT INTO "{table}" ({columns}) VALUES ({", ".join("?" * number)})'
        while some := list(islice(rows, _AT_ONCE)):
            self.connection.executemany(insert, some)
            yield len(some)

    def finish(self, tell: Any = print) -> None:
        """Build the indexes, set the numbers that come next, and let the database take stock."""
        dialect = sa.create_engine(self.url).dialect
        for index in self._away:
            began = time.perf_counter()
            self.connection.execute(str(sa.schema.CreateIndex(index).compile(dialect=dialect)))
            if (took := time.perf_counter() - began) > 2:
                tell(f"  {index.name}: {took:.0f} s")
        if self.postgresql:
            self._set_sequences()
        self.connection.commit()
        if self.postgresql:
            self.connection.autocommit = True
            self.connection.execute("SET session_replication_role = origin")
        self.connection.execute("VACUUM (ANALYZE)" if self.postgresql else "ANALYZE")
        if not self.postgresql:
            self.connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        self.connection.close()

    def _set_sequences(self) -> None:
        for table in Base.metadata.sorted_tables:
            if "id" in table.c:
                self.connection.execute(
                    f"SELECT setval(pg_get_serial_sequence('\"{table.name}\"', 'id'), "
                    f'(SELECT coalesce(max(id), 0) + 1 FROM "{table.name}"), false)'
                )
