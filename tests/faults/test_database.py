"""The database's own trouble: restarted, away, connections cut, locked. Results are retried, never mail."""

import random
import signal
import sqlite3
import threading
import time

import pytest
import sqlalchemy as sa

from campaigns import database
from campaigns.mailings.models import Status
from tests.delivery.launching import launch
from tests.faults.invariant import fill, holds
from tests.faults.pages import Pages

PEOPLE = 300


@pytest.mark.row(14)
@pytest.mark.quick("postgresql")
@pytest.mark.seeds(20)
@pytest.mark.postgresql_only
def test_restarted_midway(session, plant, postgres, seed):
    """By turns as an administrator does it, and as a crash does it."""
    chance = random.Random(f"14 {seed}")
    eligible, ineligible = fill(session, PEOPLE, refused=30)
    session.close()
    plant.start()
    campaign = launch(session)
    plant.midway(PEOPLE, chance.uniform(0.15, 0.6))

    postgres.stop(signal.SIGINT if seed % 2 else signal.SIGQUIT)
    plant.in_the_middle(PEOPLE)
    time.sleep(chance.uniform(0, 4))
    postgres.start()
    database.use(None)
    plant.ended(campaign)

    # A commit in doubt is asked about, or its letter was not sent: nobody is uncertain for it.
    assert holds(plant, campaign, eligible, ineligible)["uncertain"] == 0


@pytest.mark.row(15)
@pytest.mark.seeds(20)
@pytest.mark.postgresql_only
@pytest.mark.parametrize("killed", [False, True])
def test_away_between_250_and_commit(session, plant, postgres, seed, killed):
    """The mail server's answer comes when there is no database; the worker waits with it, or is killed."""
    chance = random.Random(f"15 {seed} {killed}")
    eligible, ineligible = fill(session, PEOPLE, refused=30)
    session.close()
    plant.start()
    campaign = launch(session)
    plant.midway(PEOPLE, chance.uniform(0.15, 0.6))

    plant.trap("kept")
    plant.trapped()
    plant.in_the_middle(PEOPLE)
    postgres.stop(signal.SIGQUIT)
    plant.let_go()
    time.sleep(chance.uniform(0.2, 4))
    if killed:
        for name in plant.workers():
            plant.kill(name)
            plant.start_worker(name)
        time.sleep(1)
    postgres.start()
    database.use(None)
    plant.ended(campaign, 180)

    holds(plant, campaign, eligible, ineligible)


@pytest.mark.row(16)
@pytest.mark.seeds(20)
@pytest.mark.postgresql_only
def test_connections_cut_again_and_again(session, plant, postgres, seed):
    chance = random.Random(f"16 {seed}")
    eligible, ineligible = fill(session, PEOPLE, refused=30)
    session.close()
    plant.start()
    campaign = launch(session)
    plant.midway(PEOPLE, 0.1)

    cut = 0
    while len(plant.journal()) < PEOPLE * 0.8:
        cut += postgres.cut_off()
        time.sleep(chance.uniform(0.1, 1))
    database.use(None)
    plant.ended(campaign)

    assert cut >= 5
    assert holds(plant, campaign, eligible, ineligible)["uncertain"] == 0


@pytest.mark.row(17)
@pytest.mark.quick("sqlite")
@pytest.mark.seeds(10)
@pytest.mark.sqlite_only
def test_locked_by_another_writer(session, plant, settings, seed):
    """Sending waits, and so do the pages: none of them shows an error."""
    chance = random.Random(f"17 {seed}")
    eligible, ineligible = fill(session, PEOPLE, refused=30)
    plant.pace = 15  # so that it is still being sent when the last of the locks is over
    plant.start()
    pages = Pages(plant, session)
    draft = pages.draft(session)
    campaign = launch(session)
    plant.midway(PEOPLE, chance.uniform(0.15, 0.4))

    other = sqlite3.connect(
        sa.make_url(settings.database_url).database or "", isolation_level=None, timeout=30
    )
    for verb in ("pause", "resume", "pause"):
        other.execute("BEGIN IMMEDIATE")
        answers: list[int] = []
        asked = threading.Thread(
            target=lambda verb=verb, answers=answers: answers.append(
                pages.post(f"/campaigns/{campaign.id}/{verb}").status_code
            )
        )
        asked.start()
        assert pages.get("/campaigns/").status_code == 200
        assert pages.get(f"/campaigns/{draft}/edit").status_code == 200
        time.sleep(chance.uniform(1, 4))
        assert answers == []
        other.execute("ROLLBACK")
        asked.join(30)
        assert answers == [302]
    other.close()
    plant.in_the_middle(PEOPLE)
    assert plant.status(campaign) == Status.PAUSED
    plant.steer(pace=200)
    assert pages.post(f"/campaigns/{campaign.id}/resume").status_code == 302
    plant.ended(campaign)

    assert holds(plant, campaign, eligible, ineligible)["uncertain"] == 0
