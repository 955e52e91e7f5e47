"""People who pause, cancel, unsubscribe, erase and edit while a campaign is being sent."""

import email
import email.policy
import random
import time

import pytest
import sqlalchemy as sa

from campaigns.audiences.models import Audience
from campaigns.consent import leaving
from campaigns.contacts.models import Contact
from campaigns.database import reading, transaction
from campaigns.delivery.models import Message
from campaigns.mailings import scheduling
from campaigns.mailings.models import Campaign, Sender, Status, Template
from campaigns.rights import erasing
from campaigns.rights.models import Why
from tests import factories
from tests.delivery.launching import account, fresh, launch
from tests.faults.invariant import fill, holds
from tests.faults.plant import wait_for

PEOPLE = 300
AT_ONCE = 4.0  # seconds: after 1.8 no letter is let go any more, the rest is for a busy machine and its sink


def steer(campaign: Campaign, verb) -> None:
    with transaction() as session:
        verb(session, session.get_one(Campaign, campaign.id))


@pytest.mark.row(35)
@pytest.mark.seeds(20)
def test_paused_and_resumed_twenty_times(session, plant, seed):
    chance = random.Random(f"35 {seed} {plant.settings.database_url[:6]}")
    eligible, ineligible = fill(session, 2 * PEOPLE, refused=30)
    plant.pace = 30
    plant.start()
    campaign = launch(session)

    checked = 0
    for number in range(20):
        plant.accepted(min(len(plant.journal()) + chance.randrange(5, 20), 2 * PEOPLE))
        steer(campaign, scheduling.pause)
        if number % 5 == 0:  # the others are resumed before they were heard of
            time.sleep(AT_ONCE)
            stopped = len(plant.journal())
            time.sleep(1)
            assert len(plant.journal()) == stopped, f"still sending after pause {number}"
            assert account(campaign).open > 0
            plant.in_the_middle(2 * PEOPLE) if number else None
            checked += 1
        steer(campaign, scheduling.resume)
    assert checked == 4
    plant.steer(pace=200)
    plant.ended(campaign)

    assert holds(plant, campaign, eligible, ineligible)["uncertain"] == 0


@pytest.mark.row(35)
@pytest.mark.seeds(20)
def test_cancelled(session, plant, seed):
    chance = random.Random(f"35 {seed} {plant.settings.database_url[:6]}")
    eligible, _none = fill(session, PEOPLE)
    plant.start()
    campaign = launch(session)
    plant.midway(PEOPLE, chance.uniform(0.15, 0.5))

    steer(campaign, scheduling.cancel)
    time.sleep(AT_ONCE)
    stopped = len(plant.journal())
    plant.in_the_middle(PEOPLE)

    wait_for(lambda: account(campaign).open == 0, 30, "end of waiting", plant.logs)
    assert len(plant.journal()) == stopped
    found = account(campaign)
    assert found.sent == stopped
    assert found.skipped == {"cancelled": PEOPLE - stopped}
    mailed = {letter.to for letter in plant.journal()}
    holds(plant, campaign, mailed, uncertain=0)
    assert mailed < eligible


@pytest.mark.row(32)
@pytest.mark.seeds(20)
@pytest.mark.quick("sqlite")
def test_who_unsubscribes_while_it_is_sent_gets_nothing_after_it(session, plant, seed):
    eligible, ineligible = fill(session, PEOPLE, refused=30)
    plant.pace = 40
    plant.start()
    ids = {email: id_ for id_, email in session.execute(sa.select(Contact.id, Contact.email))}
    session.rollback()
    campaign = launch(session)
    plant.midway(PEOPLE, 0.1)

    left: dict[str, float] = {}
    for address in random.Random(seed).sample(sorted(eligible), 60):
        if len(plant.journal()) > PEOPLE * 0.7:
            break
        with transaction() as own:
            leaving.unsubscribe(own, ids[address], source="one click", method="one_click")
        left[address] = time.time()
    plant.ended(campaign)

    late = [letter for letter in plant.journal() if letter.at > left.get(letter.to, letter.at) + AT_ONCE]
    assert not late
    mailed = {letter.to for letter in plant.journal()}
    assert len(left.keys() - mailed) > 10, "nobody left in time; the test shows nothing"
    states = holds(plant, campaign, eligible - (left.keys() - mailed), ineligible)
    assert states["skipped"] == len(ineligible) + len(left.keys() - mailed)


@pytest.mark.row(33)
@pytest.mark.seeds(20)
def test_who_is_deleted_while_it_is_sent_gets_nothing_and_leaves_no_address(session, plant, seed):
    many = 2 * PEOPLE  # an erasure takes longer than leaving does
    eligible, ineligible = fill(session, many, refused=30)
    plant.pace = 40
    plant.start()
    ids = {email: id_ for id_, email in session.execute(sa.select(Contact.id, Contact.email))}
    session.rollback()
    campaign = launch(session)
    plant.midway(many, 0.1)

    gone: dict[str, float] = {}
    for address in random.Random(seed).sample(sorted(eligible), 60):
        if len(plant.journal()) > many * 0.7:
            break
        with transaction() as own:
            erasing.erase(own, own.get_one(Contact, ids[address]), Why.ASKED)
        gone[address] = time.time()
    plant.ended(campaign)

    letters = plant.journal()
    late = [letter for letter in letters if letter.at > gone.get(letter.to, letter.at) + AT_ONCE]
    assert not late
    mailed = {letter.to for letter in letters}
    assert len(gone.keys() - mailed) > 10, "nobody was deleted in time; the test shows nothing"
    holds(plant, campaign, eligible - gone.keys(), ineligible)
    with reading() as look:
        addresses = set(look.scalars(sa.select(Message.address)))
        assert not set(look.scalars(sa.select(Contact.email))) & gone.keys()
    assert not addresses & (gone.keys() - mailed)


@pytest.mark.row(34)
@pytest.mark.seeds(4)
def test_edited_while_it_is_sent(session, plant, seed):
    eligible, ineligible = fill(session, PEOPLE, refused=30)
    (plant.folder / "journal.letters").mkdir()
    factories.make_organisation(session)
    template = factories.make_template(session, "<p>Dear {{ contact.first_name }}, first words.</p>")
    campaign = factories.make_campaign(session, template=template)
    session.commit()
    plant.start()
    with transaction() as own:
        assert scheduling.send_now(own, own.get_one(Campaign, campaign.id))
    plant.midway(PEOPLE, 0.3)

    with transaction() as own:
        now = own.get_one(Campaign, campaign.id)
        own.get_one(Template, now.template_id).source = "<p>Dear {{ contact.email }}, other words.</p>"
        own.get_one(Template, now.template_id).subject = "Other"
        own.get_one(Audience, now.audience_id).rule = 'email = "nobody@example.com"'
        own.get_one(Sender, now.sender_id).name = "Other Tools"
        own.get_one(Sender, now.sender_id).address = "other@example.com"
    plant.in_the_middle(PEOPLE)
    for name in plant.workers():  # and nobody has it in memory any more
        plant.kill(name, 15)
        plant.start_worker(name)
    plant.ended(campaign)

    holds(plant, fresh(campaign), eligible, ineligible)
    read = [
        email.message_from_bytes(path.read_bytes(), policy=email.policy.default)
        for path in (plant.folder / "journal.letters").iterdir()
    ]
    assert len(read) == PEOPLE
    assert {str(one["subject"]) for one in read} == {"News"}
    assert {str(one["from"]) for one in read} == {"Example Tools <news@example.com>"}
    said = [one.get_body(("plain",)).get_content() for one in read]
    assert all("first words" in text and "other words" not in text for text in said)


@pytest.mark.row(36)
@pytest.mark.seeds(4)
def test_one_poisonous_contact(session, plant, seed):
    """A value that no letter can be written with fails the one who has it, wherever it stands."""
    eligible, ineligible = fill(session, PEOPLE, refused=30)
    poisoned = random.Random(seed).choice(sorted(eligible))
    with transaction() as own:
        own.execute(sa.update(Contact).where(Contact.email == poisoned).values(fields={"n": "x" * 40_000}))
    plant.start()
    campaign = launch(session, html="<p>{{ contact.fields.n ~ contact.fields.n }}</p>")
    plant.ended(campaign)

    states = holds(plant, campaign, eligible - {poisoned}, ineligible)
    assert states["failed"] == 1
    assert states["uncertain"] == 0
    with reading() as look:
        row = look.execute(sa.select(Message.address, Message.reason).where(Message.status == "failed")).one()
    assert tuple(row) == (poisoned, "render")
    assert plant.status(campaign) == Status.SENT
