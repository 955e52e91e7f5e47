"""The schema's history: one line, from nothing to what the models say, on both databases."""

import os
import subprocess
import sys

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory

from campaigns import database, schema, tables
from campaigns import settings as settings_module
from campaigns.settings import Settings


@pytest.fixture
def empty(backend, tmp_path, request):
    """Settings of a database without any table."""
    if backend == "sqlite":
        url = f"sqlite:///{tmp_path / 'empty.db'}"
    else:
        url = request.getfixturevalue("new_postgresql")()
    settings_module.use(Settings(data_dir=tmp_path, database_url=url, broker_url="stub://"))
    database.use(None)
    yield
    database.use(None)
    settings_module.use(None)


def test_there_is_one_head_and_one_line():
    history = ScriptDirectory.from_config(schema.config())

    assert len(history.get_heads()) == 1
    assert all(not isinstance(r.down_revision, tuple) for r in history.walk_revisions())


@pytest.mark.both_databases
def test_migrations_make_what_the_models_say(empty):
    schema.upgrade()

    with database.engine().connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        differences = compare_metadata(context, tables.Base.metadata)
    assert differences == []


@pytest.mark.both_databases
def test_constraints_bear_the_names_that_migrations_will_look_for(empty):
    schema.upgrade()

    inspector = sa.inspect(database.engine())
    for table in tables.Base.metadata.sorted_tables:
        written = {key["name"] for key in inspector.get_foreign_keys(table.name)}
        assert written == {key.name for key in table.foreign_key_constraints}, table.name
        assert {u["name"] for u in inspector.get_unique_constraints(table.name)} == {
            c.name for c in table.constraints if isinstance(c, sa.UniqueConstraint)
        }, table.name


@pytest.mark.both_databases
def test_upgrading_twice_changes_nothing(empty):
    schema.upgrade()
    schema.upgrade()

    assert schema.revision() == schema.head()


@pytest.mark.both_databases
def test_machines_that_upgrade_at_once_do_not_trip_over_each_other(empty):
    chosen = settings_module.current()
    environment = os.environ | {
        "CAMPAIGNS_DATABASE_URL": chosen.database_url,
        "CAMPAIGNS_DATA_DIR": str(chosen.data_dir),
    }
    running = [
        subprocess.Popen(
            [sys.executable, "-m", "campaigns.cli", "upgrade"],
            env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        )
        for _machine in range(4)
    ]  # fmt: skip

    said = [process.communicate(timeout=60)[0] for process in running]
    assert [process.returncode for process in running] == [0, 0, 0, 0], said
    assert schema.revision() == schema.head()
