"""The newest migration on a database of the release before, a row in every table: nothing of it is lost."""

from contextlib import contextmanager
from datetime import UTC, date, datetime

import pytest
import sqlalchemy as sa
from alembic import command
from alembic.script import ScriptDirectory

from campaigns import database, schema
from campaigns import settings as settings_module
from campaigns.settings import Settings

AT = datetime(2026, 11, 22, 9, 30, tzinfo=UTC)
OTHERS = {("duplicate", "b_id"): 2}  # a pair of contacts has the lower number first

Columns = dict[str, list[str]]


@pytest.fixture
def used(backend, tmp_path, request):
    """A database one revision behind, with a row in every table."""
    url = f"sqlite:///{tmp_path / 'used.db'}"
    if backend == "postgresql":
        url = request.getfixturevalue("new_postgresql")()
    settings_module.use(Settings(data_dir=tmp_path, database_url=url, broker_url="stub://"))
    database.use(None)
    before = ScriptDirectory.from_config(schema.config()).get_revision("head").down_revision
    with _freely() as connection:
        config = schema.config()
        config.attributes["connection"] = connection
        command.upgrade(config, before)
        for table in _tables(connection).values():
            values = {column.name: _value(table, column) for column in table.c}
            connection.execute(sa.insert(table).values(values))
        connection.commit()
    yield
    database.use(None)
    settings_module.use(None)


@contextmanager
def _freely():
    """A connection that does not ask whether what a row names is there."""
    with database.engine().connect() as connection, schema.without_keys(connection):
        if connection.dialect.name == "postgresql":
            connection.exec_driver_sql("SET session_replication_role = replica")
            connection.commit()
        yield connection


def _tables(connection) -> dict[str, sa.Table]:
    found = sa.MetaData()
    found.reflect(connection)
    return {name: table for name, table in found.tables.items() if name != "alembic_version"}


def _value(table: sa.Table, column):
    kind = column.type
    if isinstance(kind, sa.Boolean):
        return False
    if isinstance(kind, sa.Integer | sa.Numeric | sa.Float):
        return OTHERS.get((table.name, column.name), 1)
    if isinstance(kind, sa.DateTime):
        return AT if kind.timezone else AT.replace(tzinfo=None)
    if isinstance(kind, sa.Date):
        return date(2026, 11, 22)
    return {"a": [1]} if isinstance(kind, sa.JSON) else "x"


def _rows(connection, columns: Columns) -> dict[str, list[str]]:
    tables = _tables(connection)
    asked = {name: sa.select(*(tables[name].c[one] for one in named)) for name, named in columns.items()}
    return {name: [repr(tuple(row)) for row in connection.execute(query)] for name, query in asked.items()}


def _indexes(connection) -> set[str]:
    return {index.name for table in _tables(connection).values() for index in table.indexes}


@pytest.mark.both_databases
@pytest.mark.filterwarnings("ignore::sqlalchemy.exc.SAWarning")
def test_a_row_of_every_table_is_as_before(used):
    with database.engine().connect() as connection:
        columns = {name: [one.name for one in table.c] for name, table in _tables(connection).items()}
        rows, indexes = _rows(connection, columns), _indexes(connection)
    assert all(len(found) == 1 for found in rows.values())

    schema.upgrade()

    with database.engine().connect() as connection:
        assert _rows(connection, columns) == rows
        assert indexes <= _indexes(connection)
        if connection.dialect.name == "sqlite":
            assert connection.exec_driver_sql("PRAGMA foreign_keys").scalar() == 1
            assert connection.exec_driver_sql("PRAGMA integrity_check").scalar() == "ok"


@pytest.mark.sqlite_only
@pytest.mark.filterwarnings("ignore::sqlalchemy.exc.SAWarning")
def test_numbers_of_contacts_go_on_after_the_highest(used, backend):
    schema.upgrade()

    with _freely() as connection:
        contact = _tables(connection)["contact"]
        values = dict(connection.execute(sa.select(contact)).mappings().one()) | {"id": None}
        connection.execute(sa.delete(contact))
        connection.execute(sa.insert(contact).values(values))
        assert connection.scalar(sa.select(contact.c.id)) == 2
