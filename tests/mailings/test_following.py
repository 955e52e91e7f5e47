"""The frozen rules of campaigns that are not planned yet follow a category or tag under another name."""

from datetime import timedelta

import pytest
import sqlalchemy as sa

from campaigns.audiences import building, saving
from campaigns.contacts import relabelling, tagging
from campaigns.contacts.models import Contact
from campaigns.database import now
from campaigns.delivery import planning
from campaigns.delivery.models import Message
from campaigns.mailings import following, scheduling
from campaigns.mailings.models import Campaign
from tests import factories


@pytest.fixture
def people(session):
    factories.make_organisation(session)
    rivals = tagging.tag(session, "Rivals")
    friend = factories.make_contact(session, "friend@example.com", tags=("Trade",))
    rival = factories.make_contact(session, "rival@example.com", tags=("Trade", "Rivals"))
    return rivals, friend, rival


def scheduled(session, rule, name="News"):
    audience = saving.create(session, f"Of {name}", rule)
    campaign = factories.make_campaign(session, name=name, audience=audience)
    session.flush()
    scheduling.schedule(session, campaign, now() + timedelta(days=3))
    session.commit()
    return campaign.id


def fitting(session, campaign_id):
    rule = session.get_one(Campaign, campaign_id, populate_existing=True).rule
    return set(session.scalars(sa.select(Contact.id).where(building.of_frozen(session, rule))))


def test_who_was_left_out_stays_left_out(session, people):
    rivals, friend, _rival = people
    campaign = scheduled(session, 'tag:Trade and not tag:"Rivals"')
    assert fitting(session, campaign) == {friend.id}

    relabelling.rename(session, rivals, "Competitors")
    assert fitting(session, campaign) == {friend.id}
    relabelling.merge(session, rivals, tagging.tag(session, "Others"))
    assert fitting(session, campaign) == {friend.id}

    scheduling.send_now(session, session.get_one(Campaign, campaign))
    session.commit()
    planning.plan(campaign)
    session.rollback()
    assert session.scalars(sa.select(Message.contact_id)).all() == [friend.id]


def test_what_is_planned_and_drafts_are_left_as_they_are(session, people):
    rivals, *_others = people
    planned = scheduled(session, "tag:Rivals", "Planned")
    session.execute(sa.update(Campaign).where(Campaign.id == planned).values(planned_at=now()))
    cancelled = scheduled(session, "tag:Rivals", "Cancelled")
    scheduling.cancel(session, session.get_one(Campaign, cancelled))
    before = [session.get_one(Campaign, one).rule for one in (planned, cancelled)]

    relabelling.rename(session, rivals, "Competitors")

    assert [session.get_one(Campaign, one).rule for one in (planned, cancelled)] == before


def test_one_that_asks_for_a_part_of_the_name_is_told_of(session, people):
    rivals, *_others = people
    scheduled(session, 'tag ~ "rival"', "Autumn")

    told = following.of_thing(session, type(rivals), "Rivals", "Competitors")

    assert told.left == ("Autumn",)
    assert told.followed == ()
