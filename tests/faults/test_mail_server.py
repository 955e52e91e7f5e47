"""The mail server away, unwilling, slow or rude: nobody is charged for it, and the others go on."""

import random
import time

import pytest
import sqlalchemy as sa

from campaigns.consent.models import Suppression
from campaigns.database import db_now, reading, transaction
from campaigns.delivery.models import DomainPace, Message, Segment
from campaigns.mailings import scheduling
from campaigns.mailings.models import Campaign, Status
from tests.delivery.launching import account, fresh, launch
from tests.faults.invariant import fill, holds
from tests.faults.plant import Plant, wait_for

PEOPLE = 300


def time_passes(campaign: Campaign) -> None:
    """Whoever was put off is due now, and no domain is spared: the minutes until then are not waited for."""
    with transaction() as session:
        session.execute(sa.update(DomainPace).values(held_until=None))
        mine = Message.campaign_id == campaign.id
        session.execute(
            sa.update(Message).where(mine, Message.status == "deferred").values(next_try_at=db_now(-1))
        )
        session.execute(
            sa.update(Segment)
            .where(Segment.campaign_id == campaign.id, Segment.due_at > db_now())
            .values(due_at=db_now(-1))
        )


def ended_in_the_end(plant: Plant, campaign: Campaign) -> None:
    """Wait for the end, letting time pass for whoever is put off."""
    until = time.monotonic() + 150
    while plant.status(campaign) != Status.SENT:
        assert time.monotonic() < until, f"{plant.state(campaign)}\n{plant.logs()}"
        if account(campaign).deferred:
            time_passes(campaign)
        time.sleep(1)


@pytest.mark.row(18)
@pytest.mark.seeds(20)
def test_refused_and_back(session, plant, seed):
    chance = random.Random(f"18 {seed} {plant.settings.database_url[:6]}")
    eligible, ineligible = fill(session, PEOPLE, refused=30)
    plant.start()
    campaign = launch(session)
    plant.midway(PEOPLE, chance.uniform(0.15, 0.6))

    plant.kill("sink")
    wait_for(lambda: plant.status(campaign) == Status.PAUSED, 60, "pause", plant.logs)
    reason = fresh(campaign).pause_reason
    plant.in_the_middle(PEOPLE)
    plant.start_sink()
    plant.ended(campaign)

    assert str(plant.smtp_port) in reason
    holds(plant, campaign, eligible, ineligible)


@pytest.mark.row(18)
@pytest.mark.seeds(4)
def test_refused_from_the_start(session, plant, seed):
    eligible, _none = fill(session, 80)
    plant.start()
    plant.kill("sink")
    campaign = launch(session)
    wait_for(lambda: plant.status(campaign) == Status.PAUSED, 60, "pause", plant.logs)

    plant.start_sink()
    plant.ended(campaign)

    assert holds(plant, campaign, eligible)["uncertain"] == 0


@pytest.mark.row(19)
@pytest.mark.quick("sqlite")
@pytest.mark.seeds(2)
def test_421_and_4xx_now_and_then_at_every_step(session, plant, seed):
    eligible, ineligible = fill(session, PEOPLE, refused=30)
    plant.steer(
        {"at": "mail", "do": "421 4.3.2 closing", "every": 41},
        {"at": "rcpt", "do": "450 4.2.1 later", "every": 37},
        {"at": "data", "do": "451 4.3.0 later", "every": 43},
        {"at": "dot", "do": "452 4.3.1 later", "every": 47},
        {"at": "dot", "do": "421 4.3.2 closing", "every": 53},
    )
    plant.start()
    campaign = launch(session)
    ended_in_the_end(plant, campaign)

    assert holds(plant, campaign, eligible, ineligible)["sent"] == PEOPLE


@pytest.mark.row(19)
@pytest.mark.seeds(4)
@pytest.mark.parametrize("step", ["greeting", "ehlo", "mail", "rcpt", "data", "body", "dot"])
@pytest.mark.parametrize("code", ["421 4.3.2 closing", "451 4.3.0 later"])
def test_421_and_4xx_for_all_at_one_step(session, plant, code, step, seed):
    """For a while, in the middle; then it takes letters again."""
    eligible, ineligible = fill(session, PEOPLE, refused=30)
    plant.start()
    campaign = launch(session)
    plant.midway(PEOPLE)

    rule = {"at": step, "do": code}
    hang_up = {"at": "mail", "do": "close"} if step in ("greeting", "ehlo") else rule
    plant.steer(rule, hang_up)
    time.sleep(2)
    plant.in_the_middle(PEOPLE)
    number = len(plant.journal())
    time.sleep(1)
    assert len(plant.journal()) == number
    plant.steer()
    for name in plant.workers():  # each remembers for minutes which domains it leaves alone
        plant.kill(name, 15)
        plant.start_worker(name)
    ended_in_the_end(plant, campaign)

    assert holds(plant, campaign, eligible, ineligible)["sent"] == PEOPLE


@pytest.mark.row(20)
@pytest.mark.seeds(4)
def test_no_such_address(session, plant, seed):
    eligible, ineligible = fill(session, PEOPLE, refused=30)
    gone = set(random.Random(seed).sample(sorted(eligible), 20))
    plant.steer(*({"at": "rcpt", "do": "550 5.1.1 No such user", "to": f"<{address}"} for address in gone))
    plant.start()
    campaign = launch(session)
    plant.ended(campaign)

    states = holds(plant, campaign, eligible - gone, ineligible)
    assert states["failed"] == len(gone)
    assert states["uncertain"] == 0
    with reading() as look:
        reasons = look.scalars(sa.select(Message.reason).where(Message.status == "failed"))
        assert set(reasons) == {"no_such_address"}  # and each rule was about one address only
        assert look.scalar(sa.select(sa.func.count()).select_from(Suppression)) >= len(gone)


@pytest.mark.row(21)
@pytest.mark.seeds(10)
def test_refused_by_policy_for_all(session, plant, seed):
    eligible, ineligible = fill(session, PEOPLE, refused=30)
    plant.start()
    campaign = launch(session)
    plant.midway(PEOPLE, 0.2 + 0.05 * seed)

    plant.steer({"at": ("rcpt", "dot")[seed % 2], "do": "550 5.7.1 Spam from you"})
    wait_for(lambda: plant.status(campaign) == Status.PAUSED, 60, "pause", plant.logs)
    plant.in_the_middle(PEOPLE)
    assert "5.7.1" in fresh(campaign).pause_reason
    plant.steer()
    time.sleep(3)
    assert plant.status(campaign) == Status.PAUSED  # this waits for a person
    with transaction() as own:
        scheduling.resume(own, own.get_one(Campaign, campaign.id))
    ended_in_the_end(plant, campaign)

    assert holds(plant, campaign, eligible, ineligible)["sent"] == PEOPLE


@pytest.mark.row(22)
@pytest.mark.timeout(600)
@pytest.mark.seeds(2)
@pytest.mark.parametrize("step", ["ehlo", "rcpt", "dot", "kept"])
@pytest.mark.parametrize("way", ["drip", "silent", "slow"])
def test_one_byte_a_second_silent_tarpit(session, plant, way, step, seed):
    """On some connections; letters go on over the others, and those are given up in time."""
    eligible, ineligible = fill(session, PEOPLE, refused=30)
    plant.steer({"at": step, "do": way, "every": 2 if step == "ehlo" else 60, "times": 2})
    plant.start()
    campaign = launch(session)
    plant.accepted(round(PEOPLE * 0.5))
    plant.ended(campaign, 400)

    # Nothing was said after the dot, be the letter kept or not: for those two nobody can know.
    silent_after_dot = 2 if way == "silent" and step in ("dot", "kept") else 0
    states = holds(plant, campaign, eligible, ineligible, uncertain=silent_after_dot)
    assert states["sent"] + states["uncertain"] == PEOPLE


@pytest.mark.row(23)
@pytest.mark.seeds(10)
def test_reset_within_the_letter(session, plant, seed):
    eligible, ineligible = fill(session, PEOPLE, refused=30)
    plant.steer({"at": "body", "do": "reset", "every": 30 + seed, "times": 6})
    plant.start()
    campaign = launch(session)
    ended_in_the_end(plant, campaign)

    # The whole letter may have left us when the server hung up within it.
    states = holds(plant, campaign, eligible, ineligible, uncertain=6)
    assert states["sent"] + states["uncertain"] == PEOPLE


@pytest.mark.row(24)
@pytest.mark.seeds(10)
@pytest.mark.parametrize("step", ["dot", pytest.param("kept", marks=pytest.mark.quick("sqlite"))])
def test_gone_after_the_dot(session, plant, step, seed):
    eligible, ineligible = fill(session, PEOPLE, refused=30)
    plant.steer({"at": step, "do": ("close", "reset")[seed % 2], "every": 45 + seed, "times": 4})
    plant.start()
    campaign = launch(session)
    plant.ended(campaign)

    states = holds(plant, campaign, eligible, ineligible, uncertain=4)
    assert states["uncertain"] == 4
    assert states["sent"] == PEOPLE - 4


@pytest.mark.row(25)
@pytest.mark.seeds(10)
@pytest.mark.parametrize("hang_up", [False, True])
def test_550_before_the_letter_is_over(session, plant, hang_up, seed):
    eligible, ineligible = fill(session, PEOPLE, refused=30)
    unwanted = {"p77@example.com", "p177@example.com"} & eligible
    plant.steer(
        {"at": "body", "do": "550 5.6.0 not this", "to": "<p77@", "hang_up": hang_up},
        {"at": "body", "do": "550 5.6.0 not this", "to": "<p177@", "hang_up": hang_up},
    )
    plant.start()
    campaign = launch(session)
    ended_in_the_end(plant, campaign)

    states = holds(plant, campaign, eligible - unwanted, ineligible, uncertain=len(unwanted) * hang_up)
    assert not unwanted & {letter.to for letter in plant.journal()}
    assert states["failed"] + states["uncertain"] == len(unwanted)
    assert states["sent"] == PEOPLE - len(unwanted)
