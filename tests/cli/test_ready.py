"""Before a verb touches the database: it is there, it answers, and its schema is the newest."""

import sqlite3
from contextlib import closing

import pytest
import sqlalchemy as sa

from campaigns import database
from campaigns import settings as settings_module
from campaigns.cli._ready import demand_schema
from campaigns.errors import NotReady
from campaigns.settings import Settings


@pytest.mark.sqlite_only
def test_a_database_that_is_ready_is_used(session):
    demand_schema()


def test_without_a_file_it_is_said_to_set_up(tmp_path):
    url = f"sqlite:///{tmp_path / 'nowhere' / 'campaigns.db'}"
    settings_module.use(Settings(data_dir=tmp_path, database_url=url, broker_url="stub://"))
    database.use(None)
    try:
        with pytest.raises(NotReady, match="campaigns init"):
            demand_schema()
    finally:
        database.use(None)
        settings_module.use(None)


@pytest.mark.sqlite_only
def test_a_file_that_another_process_keeps_to_itself_is_not_taken_for_a_missing_one(session, settings):
    session.close()
    database.use(None)
    sa.event.listen(database.engine(), "connect", lambda raw, _: raw.execute("PRAGMA busy_timeout = 50"))
    with closing(sqlite3.connect(settings.data_dir / "campaigns.db")) as other:
        other.execute("PRAGMA locking_mode = EXCLUSIVE")
        other.execute("BEGIN EXCLUSIVE")

        with pytest.raises(NotReady, match=r"can't be reached.*locked"):
            demand_schema()
