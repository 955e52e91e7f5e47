"""Clocks that are set, summer time, leap days, several clocks, many presses: a campaign starts once."""

import random
import threading
import time
from datetime import timedelta

import pytest
import sqlalchemy as sa
import time_machine

from campaigns.accounts.models import AuditEntry
from campaigns.database import now, reading
from campaigns.mailings import scheduling
from campaigns.mailings.models import Campaign, Status
from tests import factories
from tests.delivery.launching import fresh
from tests.faults.clocks import Clock
from tests.faults.invariant import fill, holds
from tests.faults.pages import Pages
from tests.faults.plant import wait_for

PEOPLE = 300
HOUR = 3600


def scheduled(session, at) -> Campaign:
    """A campaign that is to start then."""
    factories.make_organisation(session)
    campaign = factories.make_campaign(session)
    scheduling.schedule(session, campaign, at)
    session.commit()
    return fresh(campaign)


def begun(plant, campaign) -> bool:
    return fresh(campaign).started_at is not None


@pytest.mark.row(27)
@pytest.mark.seeds(20)
@pytest.mark.timeout(600)
def test_set_two_hours_on_and_back(session, plant, seed):
    """On while it waits, back while it is sent, on again when it is over; and the next one starts too."""
    clock = Clock(plant.folder)
    plant.clock = clock.environment
    eligible, ineligible = fill(session, PEOPLE, refused=30)
    campaign = scheduled(session, now() + timedelta(minutes=70))
    plant.start()
    time.sleep(6)
    assert plant.status(campaign) == Status.SCHEDULED

    clock.set(2 * HOUR)
    plant.midway(PEOPLE, 0.15 + 0.03 * seed)
    first = fresh(campaign).started_at
    clock.set(0)
    time.sleep(1)
    plant.kill_one(random.Random(seed), "worker")
    plant.ended(campaign)
    holds(plant, campaign, eligible, ineligible)

    following = scheduled(session, now() + timedelta(seconds=5))
    wait_for(lambda: begun(plant, following), 30, "next campaign", plant.logs)
    clock.set(2 * HOUR)
    plant.ended(following)
    time.sleep(8)
    assert fresh(campaign).started_at == first
    assert plant.status(campaign) == Status.SENT
    holds(plant, campaign, eligible, ineligible)
    holds(plant, following, eligible, ineligible)


@pytest.mark.row(28)
@pytest.mark.seeds(4)
@pytest.mark.parametrize(
    "wall",
    ["2027-03-28T03:00", "2027-10-31T02:30", "2028-02-29T00:00", "2028-02-29T23:59"],
    ids=["summer", "winter", "leap-day-begins", "leap-day-ends"],
)
def test_summer_time_and_leap_day(session, plant, wall, seed):
    clock = Clock(plant.folder)
    plant.clock = clock.environment | {"TZ": "Europe/Prague"}
    eligible, ineligible = fill(session, 80, refused=8)
    at = scheduling.moment(wall, "Europe/Prague")
    with time_machine.travel(at - timedelta(days=1)):
        campaign = scheduled(session, at)
    clock.set_to(at.timestamp() - 15)
    begins = time.time() + 15
    plant.start()
    while time.time() < begins - 1:
        assert plant.status(campaign) == Status.SCHEDULED
        time.sleep(0.5)
    plant.ended(campaign)

    started = fresh(campaign).started_at
    assert at <= started <= at + timedelta(seconds=30)
    clock.set_to(at.timestamp() + HOUR - 5)  # in autumn the same wall time comes once more
    time.sleep(12)
    assert fresh(campaign).started_at == started
    assert holds(plant, campaign, eligible, ineligible)["uncertain"] == 0


@pytest.mark.row(29)
@pytest.mark.seeds(20)
def test_three_clocks_at_once(session, plant, seed):
    """One of the three at random is killed before the time has come."""
    chance = random.Random(f"29 {seed} {plant.settings.database_url[:6]}")
    eligible, ineligible = fill(session, PEOPLE, refused=30)
    campaign = scheduled(session, now() + timedelta(seconds=6))
    plant.start()
    for name in ("clock2", "clock3"):
        plant.start_clock(name)
    time.sleep(chance.uniform(0, 6))
    gone = chance.choice(("clock", "clock2", "clock3"))
    plant.kill(gone)
    plant.midway(PEOPLE, 0.2)
    plant.start_clock(gone)
    plant.ended(campaign)

    assert holds(plant, campaign, eligible, ineligible)["uncertain"] == 0


@pytest.mark.row(30)
@pytest.mark.seeds(20)
def test_fifty_presses_of_send_at_once(session, plant, seed):
    """On the page; every one of them is answered as if it was the first."""
    eligible, ineligible = fill(session, PEOPLE, refused=30)
    plant.start()
    pages = Pages(plant, session)
    pressed = pages.draft(session)
    answers: list[int] = []

    def press() -> None:
        answers.append(pages.post(f"/campaigns/{pressed}/send").status_code)

    presses = [threading.Thread(target=press) for _number in range(50)]
    for one in presses:
        one.start()
    for one in presses:
        one.join()
    campaign = pages.campaign(pressed)
    plant.ended(campaign)

    assert answers == [302] * 50
    with reading() as look:
        sends = sa.select(sa.func.count()).select_from(AuditEntry).where(AuditEntry.act == "campaign.send")
        assert look.scalar(sends) == 1
    assert holds(plant, campaign, eligible, ineligible)["uncertain"] == 0
