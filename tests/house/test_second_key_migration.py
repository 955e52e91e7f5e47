"""Migration 0002 on a database that has been used: senders stay, without a second key."""

import pytest
import sqlalchemy as sa
from alembic import command

from campaigns import database, schema
from campaigns import settings as settings_module
from campaigns.settings import Settings

AT = "2026-11-22 09:30:00"
OLD = sa.text(
    "INSERT INTO sender (id, name, address, reply_to, bounce_domain, dkim_selector, dkim_key, is_default,"
    " created_at) VALUES (:id, 'News', :address, '', '', 'campaigns', 'sealed', :first, :at)"
)


@pytest.fixture
def used(backend, tmp_path, request):
    """A database at 0001, with one sender."""
    if backend == "sqlite":
        url = f"sqlite:///{tmp_path / 'used.db'}"
    else:
        url = request.getfixturevalue("new_postgresql")()
    settings_module.use(Settings(data_dir=tmp_path, database_url=url, broker_url="stub://"))
    database.use(None)
    with database.engine().connect() as connection:
        config = schema.config()
        config.attributes["connection"] = connection
        command.upgrade(config, "0001")
        connection.execute(OLD, {"id": 1, "address": "news@example.com", "first": True, "at": AT})
        connection.commit()
    yield
    database.use(None)
    settings_module.use(None)


@pytest.mark.both_databases
def test_senders_are_kept_and_an_older_version_can_still_make_one(used):
    schema.upgrade()

    with database.engine().begin() as connection:
        connection.execute(OLD, {"id": 2, "address": "two@example.com", "first": False, "at": AT})
        rows = connection.execute(
            sa.text("SELECT address, dkim_key, second_selector, second_key FROM sender ORDER BY id")
        ).all()
    assert rows == [("news@example.com", "sealed", "", ""), ("two@example.com", "sealed", "", "")]
