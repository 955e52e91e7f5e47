"""Many rows at once, the quickest way that each database has."""

import json
import sqlite3
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import UTC, date, datetime
from functools import lru_cache
from typing import Any

import psycopg.errors
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from campaigns import database


def insert_many(
    session: Session,
    table: Any,
    rows: Sequence[Mapping[str, Any]],
    *,
    conflict: Sequence[str] = (),
    update: Sequence[str] = (),
) -> None:
    """Insert the rows, which all name the same columns, in their order.

    A row that meets another on the unique columns `conflict` is left out, or with `update` gives those
    columns to the row that is there. Keep to some thousand rows a call. PostgreSQL gets all of them as
    one JSON parameter, several times quicker there than a statement a row.
    """
    if not rows:
        return
    table = sa.inspect(table).local_table if isinstance(table, type) else table
    if session.get_bind().dialect.name == "postgresql":
        names = list(rows[0])
        given = _recordset(table, names)
        insert: Any = postgresql.insert(table).from_select(names, sa.select(*given.c), include_defaults=False)
        session.execute(_settling(insert, conflict, update), {"rows": json.dumps(rows, default=_text)})
    else:
        session.execute(_settling(sqlite.insert(table), conflict, update), rows)


def load(session: Session, table: Any, columns: Sequence[str], rows: Collection[Sequence[Any]]) -> None:
    """Put rows into a table by the driver alone, the quickest way there is: COPY on PostgreSQL.

    The values stand in the order of the columns. Nothing may meet what is there: a row that does raises
    IntegrityError, and on PostgreSQL the transaction is lost.
    """
    if not rows:
        return
    table = sa.inspect(table).local_table if isinstance(table, type) else table
    dialect = session.get_bind().dialect.name
    writers = [(at, write) for at, name in enumerate(columns) if (write := _writer(table.c[name], dialect))]
    given = [_written(row, writers) for row in rows] if writers else rows
    listed = ", ".join(f'"{name}"' for name in columns)
    connection: Any = session.connection().connection.driver_connection
    try:
        if dialect == "postgresql":
            with (
                connection.cursor() as cursor,
                cursor.copy(f'COPY "{table.name}" ({listed}) FROM STDIN') as copy,
            ):
                for row in given:
                    copy.write_row(row)
        else:
            marks = ", ".join("?" * len(columns))
            insert = f'INSERT INTO "{table.name}" ({listed}) VALUES ({marks})'  # nosec B608 - our own names
            connection.executemany(insert, given)
    except _meeting(dialect) as error:
        raise sa.exc.IntegrityError(f"loading {table.name}", None, error) from error


def _meeting(dialect: str) -> Any:
    """What the driver raises for a row that meets another, or a deadlock."""
    if dialect == "postgresql":
        return (psycopg.errors.IntegrityError, psycopg.errors.DeadlockDetected)
    return sqlite3.IntegrityError


def _written(row: Sequence[Any], writers: Sequence[tuple[int, Any]]) -> list[Any]:
    values = list(row)
    for at, write in writers:
        if values[at] is not None:
            values[at] = write(values[at])
    return values


def _writer(column: Any, dialect: str) -> Callable[[Any], Any] | None:
    """How values of the column are written for the driver, where that is not as they are."""
    if isinstance(column.type, sa.JSON):
        return _json_text
    if isinstance(column.type, database.UTC) and dialect == "sqlite":
        return _utc_text
    return None


def _json_text(value: Any) -> str:
    return "{}" if value == {} else json.dumps(value, ensure_ascii=False)


@lru_cache(maxsize=10_000)  # rows that are written together share most of their moments
def _utc_text(value: datetime) -> str:
    return value.astimezone(UTC).replace(tzinfo=None).isoformat(" ", "microseconds")


def new_ids(session: Session, table: Any, number: int) -> list[int]:
    """So many numbers for rows that are about to be put into the table, growing.

    On SQLite they are ours only while the transaction writes, which nobody else does meanwhile.
    """
    table = sa.inspect(table).local_table if isinstance(table, type) else table
    if session.get_bind().dialect.name == "postgresql":
        sequence = sa.func.pg_get_serial_sequence(f'"{table.name}"', "id")
        series = sa.func.generate_series(1, number).table_valued("n").render_derived()
        return sorted(session.scalars(sa.select(sa.func.nextval(sequence)).select_from(series)))
    if table.dialect_options["sqlite"]["autoincrement"]:  # it may be a number of a row that is gone
        used = sa.text("SELECT seq FROM sqlite_sequence WHERE name = :name")
        last = session.scalar(used, {"name": table.name}) or 0
    else:
        last = session.scalar(sa.select(sa.func.max(table.c.id))) or 0
    return list(range(last + 1, last + 1 + number))


def update_many(session: Session, table: Any, rows: Sequence[Mapping[str, Any]], key: str = "id") -> None:
    """Give each row that a value of `key` names its new values; all name the same columns."""
    if not rows:
        return
    table = sa.inspect(table).local_table if isinstance(table, type) else table
    changed = [name for name in rows[0] if name != key]
    if session.get_bind().dialect.name == "postgresql":
        given = _recordset(table, list(rows[0]))
        update = sa.update(table).where(table.c[key] == given.c[key])
        update = update.values({name: given.c[name] for name in changed})
        session.execute(update, {"rows": json.dumps(rows, default=_text)})
        return
    # Names that no column has: SQLAlchemy takes those of columns for itself.
    update = sa.update(table).where(table.c[key] == sa.bindparam("of", type_=table.c[key].type))
    update = update.values({name: sa.bindparam(f"new_{name}", type_=table.c[name].type) for name in changed})
    values = [{"of": row[key]} | {f"new_{name}": row[name] for name in changed} for row in rows]
    session.connection().execute(update, values)


def among(session: Session, column: Any, values: Collection[Any]) -> sa.ColumnElement[bool]:
    """`column IN values`, as one parameter on PostgreSQL: a thousand take longer to write than to find."""
    if session.get_bind().dialect.name == "postgresql":
        array: Any = sa.bindparam(None, list(values), type_=postgresql.ARRAY(column.type), unique=True)
        return column == sa.any_(array)
    return column.in_(values)


def _settling(insert: Any, conflict: Sequence[str], update: Sequence[str]) -> Any:
    if not conflict:
        return insert
    if not update:
        return insert.on_conflict_do_nothing(index_elements=list(conflict))
    given = {name: insert.excluded[name] for name in update}
    return insert.on_conflict_do_update(index_elements=list(conflict), set_=given)


def _recordset(table: sa.Table, names: Sequence[str]) -> Any:
    columns = [sa.column(name, table.c[name].type) for name in names]
    rows = sa.cast(sa.bindparam("rows", type_=sa.Text), postgresql.JSON)
    return sa.func.json_to_recordset(rows).table_valued(*columns).render_derived(with_types=True)


def _text(value: Any) -> str:
    if isinstance(value, date):  # a datetime is one
        return value.isoformat()
    raise TypeError(f"{value!r} has no place in a table")
