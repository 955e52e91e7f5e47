"""Putting many rows into a table at once, the quickest way that each database has."""

import json
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session


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
