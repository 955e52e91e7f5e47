"""The database's own trouble: connections cut, another writer in the way. Results are retried, never mail."""

import sqlite3
import time

import pytest
import sqlalchemy as sa

from campaigns import database
from tests.delivery.launching import launch
from tests.faults.invariant import fill, holds


@pytest.mark.postgresql_only
def test_connections_cut_again_and_again(session, plant, settings, postgresql_server):
    eligible, ineligible = fill(session, 800, refused=50)
    plant.start()
    campaign = launch(session)
    plant.accepted(20)

    maintenance = sa.create_engine(postgresql_server, isolation_level="AUTOCOMMIT")
    name = sa.make_url(settings.database_url).database
    for _time in range(6):
        with maintenance.connect() as connection:
            connection.execute(
                sa.text(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                    " WHERE datname = :name AND pid <> pg_backend_pid()"
                ),
                {"name": name},
            )
        time.sleep(0.7)
    maintenance.dispose()
    session.invalidate()
    database.engine().dispose()
    plant.ended(campaign)

    # A commit in doubt was a letter not sent: nobody is uncertain for it.
    assert holds(plant, campaign, eligible, ineligible)["uncertain"] == 0


@pytest.mark.sqlite_only
def test_locked_by_another_writer(session, plant, settings):
    eligible, ineligible = fill(session, 400, refused=20)
    plant.start()
    campaign = launch(session)
    plant.accepted(20)

    other = sqlite3.connect(sa.make_url(settings.database_url).database, isolation_level=None, timeout=10)
    for _time in range(3):
        other.execute("BEGIN IMMEDIATE")
        time.sleep(1.5)
        other.execute("ROLLBACK")
        time.sleep(0.3)
    other.close()
    plant.ended(campaign)

    assert holds(plant, campaign, eligible, ineligible)["uncertain"] == 0
