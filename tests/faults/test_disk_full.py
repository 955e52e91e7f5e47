"""A disk that is full: sending stops before the next letter, says why, and goes on when there is room."""

import re
import time

import pytest

from campaigns.database import transaction
from campaigns.mailings import scheduling
from campaigns.mailings.models import Campaign, Status
from tests.delivery.launching import fresh, launch
from tests.faults.disks import Ballast, small_disk
from tests.faults.invariant import fill, holds
from tests.faults.pages import Pages
from tests.faults.plant import Plant, wait_for

PEOPLE = 300
SEVERAL = 1_000
MANY = 2_000  # where the database is away, those already named in it may still go
SAYS = re.compile(r"no space|full|no room", re.IGNORECASE)


@pytest.fixture
def small_data(tmp_path):
    """The data folder stands on a disk of 24 MB."""
    with small_disk(tmp_path / "data", 24) as place:
        yield place


def stops(plant: Plant, people: int = PEOPLE) -> None:
    """Wait until nothing goes out any more; fails when nearly everything does."""

    def stands() -> bool:
        before = len(plant.journal())
        time.sleep(2)
        return len(plant.journal()) == before

    wait_for(stands, 60, "end of sending", plant.logs)
    plant.in_the_middle(people)


def says_so(plant: Plant, campaign: Campaign, logged_before: int) -> None:
    """On the campaign's page, if that can be written down anywhere, else in the log."""

    def said() -> bool:
        return bool(SAYS.search(fresh(campaign).pause_reason + plant.log()[logged_before:]))

    wait_for(said, 20, "word about the full disk", plant.logs)


def goes_on(plant: Plant, campaign: Campaign) -> None:
    """By itself, or when a person says so where it paused for good."""
    time.sleep(5)
    row = fresh(campaign)
    if row.status == Status.PAUSED and row.try_again_at is None:
        with transaction() as own:
            scheduling.resume(own, own.get_one(Campaign, campaign.id))
    plant.ended(campaign)


@pytest.mark.row(26)
@pytest.mark.quick("sqlite")
@pytest.mark.seeds(20)
@pytest.mark.sqlite_only
@pytest.mark.usefixtures("small_data")
def test_no_room_for_the_database_and_the_journal(session, plant, small_data, seed):
    eligible, ineligible = fill(session, PEOPLE, refused=30)
    plant.start()
    campaign = launch(session)
    plant.midway(PEOPLE, 0.1 + 0.02 * seed)  # some hundred more find room on a “full” disk

    logged = len(plant.log())
    ballast = Ballast(small_data)
    stops(plant)
    says_so(plant, campaign, logged)
    ballast.remove()
    goes_on(plant, campaign)

    holds(plant, campaign, eligible, ineligible, uncertain=0)


@pytest.mark.row(26)
@pytest.mark.seeds(20)
@pytest.mark.postgresql_only
@pytest.mark.usefixtures("small_data")
def test_no_room_for_the_journal(session, plant, small_data, seed):
    eligible, ineligible = fill(session, SEVERAL, refused=30)
    plant.start()
    campaign = launch(session)
    plant.midway(SEVERAL, 0.1 + 0.02 * seed)  # some hundred more find room on a “full” disk

    logged = len(plant.log())
    ballast = Ballast(small_data)
    stops(plant, SEVERAL)
    says_so(plant, campaign, logged)
    ballast.remove()
    goes_on(plant, campaign)

    holds(plant, campaign, eligible, ineligible, uncertain=0)


@pytest.mark.row(26)
@pytest.mark.seeds(10)
@pytest.mark.postgresql_only
@pytest.mark.small_server(160)
def test_no_room_for_postgresql(session, plant, postgres, seed):
    eligible, ineligible = fill(session, MANY, refused=30)
    session.close()
    plant.start()
    campaign = launch(session)
    plant.midway(MANY, 0.15 + 0.03 * seed)

    logged = len(plant.log())
    ballast = Ballast(postgres.folder)
    stops(plant, MANY)
    wait_for(lambda: SAYS.search(plant.log()[logged:]), 20, "word about the full disk", plant.logs)
    ballast.remove()
    postgres.revive()
    goes_on(plant, campaign)

    holds(plant, campaign, eligible, ineligible)


@pytest.mark.row(26)
@pytest.mark.seeds(2)
@pytest.mark.usefixtures("small_data")
def test_no_room_for_an_upload(session, plant, small_data, seed):
    plant.settings.broker_url = f"redis://127.0.0.1:{plant.queue_port}/0"
    plant.start_queue()
    pages = Pages(plant, session)
    table = b"email\n" + b"".join(b"someone%d@example.com\n" % n for n in range(100_000))
    ballast = Ballast(small_data)

    refused = pages.upload("/imports/", "people.csv", table)
    assert refused.status_code == 413
    assert "room" in refused.text
    assert pages.get("/imports/").status_code == 200
    assert list(small_data.glob("imports/*")) == []

    ballast.remove()
    assert pages.upload("/imports/", "people.csv", table).status_code == 302
