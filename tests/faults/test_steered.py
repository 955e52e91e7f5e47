"""People who pause, resume, cancel and unsubscribe while a campaign is being sent."""

import random
import time

import pytest
import sqlalchemy as sa

from campaigns.consent import leaving
from campaigns.contacts.models import Contact
from campaigns.database import reading, transaction
from campaigns.mailings import scheduling
from campaigns.mailings.models import Campaign, Status
from tests.delivery.launching import account, launch
from tests.faults.invariant import fill, holds
from tests.faults.plant import wait_for


def steer(campaign: Campaign, verb) -> None:
    with transaction() as session:
        verb(session, session.get_one(Campaign, campaign.id))


@pytest.mark.sqlite_only
def test_paused_and_resumed_five_times(session, plant):
    eligible, ineligible = fill(session, 1000, refused=50)
    plant.start()
    campaign = launch(session)

    for number in range(5):
        plant.accepted(min(len(plant.journal()) + 60, 900))
        if plant.status(campaign) != Status.SENDING:
            break
        steer(campaign, scheduling.pause)
        time.sleep(2)
        stopped = len(plant.journal())
        time.sleep(1)
        assert len(plant.journal()) == stopped, f"still sending after pause {number}"
        assert account(campaign).open > 0
        steer(campaign, scheduling.resume)
    plant.ended(campaign)

    assert holds(plant, campaign, eligible, ineligible)["uncertain"] == 0


@pytest.mark.postgresql_only
def test_cancelled(session, plant):
    fill(session, 1000)
    plant.start()
    campaign = launch(session)
    plant.accepted(100)

    steer(campaign, scheduling.cancel)
    time.sleep(2)
    stopped = len(plant.journal())

    wait_for(lambda: account(campaign).open == 0, 30, "end of waiting", plant.logs)
    assert len(plant.journal()) == stopped
    found = account(campaign)
    assert found.sent == stopped
    assert found.skipped == {"cancelled": 1000 - stopped}
    assert found.uncertain == 0


@pytest.mark.sqlite_only
def test_who_unsubscribes_while_it_is_sent_gets_nothing_after_it(session, plant):
    eligible, _none = fill(session, 800)
    plant.start()
    with reading() as look:
        ids = {email: id_ for id_, email in look.execute(sa.select(Contact.id, Contact.email))}
    campaign = launch(session)
    plant.accepted(20)

    left: dict[str, float] = {}
    for email in random.Random(3).sample(sorted(eligible), 120):
        if plant.status(campaign) != Status.SENDING:
            break
        with transaction() as own:
            leaving.unsubscribe(own, ids[email], source="one click", method="one_click")
        left[email] = time.time()
    plant.ended(campaign)

    late = [letter for letter in plant.journal() if letter.at > left.get(letter.to, letter.at) + 2]
    assert not late  # two seconds for what was on the wire when they left
    mailed = {letter.to for letter in plant.journal()}
    assert len(left.keys() - mailed) > 10, "nobody left in time; the test shows nothing"
    holds(plant, campaign, eligible - (left.keys() - mailed))
