"""Better rules run on the past: labels, counts, times and activities follow."""

from datetime import timedelta

import sqlalchemy as sa

from campaigns.consent.models import Act, Purpose
from campaigns.contacts.models import Contact
from campaigns.crm.models import Activity
from campaigns.database import now
from campaigns.delivery.models import Message
from campaigns.tracking import counting, recording
from campaigns.tracking.models import Hit, Label
from campaigns.tracking.reclassifying import reclassify
from tests import factories
from tests.tracking.mailed import CHROME, GMAIL, counted, hit, make_campaign, make_letter


def mislabel(session, label: Label, agent: str) -> None:
    """As if an older rule had judged hits of this program otherwise."""
    session.execute(sa.update(Hit).values(user_agent=agent, rule_version=0))
    session.flush()


def test_what_was_taken_for_people_is_a_machine_now(session):
    campaign = make_campaign(session)
    letter = make_letter(session, campaign)
    recording.record(session, [hit(letter), hit(letter, 1), counted(campaign)])
    mislabel(session, Label.HUMAN, "curl/8.5.0")

    assert reclassify(session, campaign.id) == 3

    session.expire_all()
    assert set(session.scalars(sa.select(Hit.label))) == {Label.MACHINE}
    assert set(session.scalars(sa.select(Hit.rule_version))) == {1}
    totals = counting.totals(session, campaign.id)
    assert (totals.opens, totals.clicks, totals.open_hits[Label.MACHINE]) == (0, 0, 2)
    assert session.get(Message, letter.id).clicked_at is None
    assert session.scalar(sa.select(Activity.id)) is None


def test_what_was_taken_for_a_machine_is_a_person_now(session):
    campaign = make_campaign(session)
    letter, withdrawn = make_letter(session, campaign), make_letter(session, campaign)
    recording.record(session, [hit(letter, agent="curl/8"), hit(withdrawn, agent="curl/8")])
    factories.grant_consent(
        session, session.get(Contact, withdrawn.contact_id), Purpose.TRACKING, Act.WITHDRAWN
    )
    mislabel(session, Label.MACHINE, GMAIL)

    assert reclassify(session, campaign.id) == 2

    session.expire_all()
    assert session.get(Message, letter.id).opened_at is not None
    assert session.get(Message, withdrawn.id).opened_at is None  # who withdrew since is not named
    assert session.scalars(sa.select(Activity.contact_id)).all() == [letter.contact_id]


def test_the_same_rules_change_nothing(session):
    campaign = make_campaign(session)
    letter = make_letter(session, campaign)
    at = now() - timedelta(minutes=9)
    entries = [hit(letter, p, at=at + timedelta(seconds=p), agent=CHROME) for p in (0, 1, 2, 3)]
    recording.record(session, [*entries, hit(make_letter(session, campaign), 1)])
    before = counting.totals(session, campaign.id)

    assert reclassify(session, campaign.id) == 0

    after = counting.totals(session, campaign.id)
    assert (after.clicks, after.opens) == (before.clicks, before.opens) == (1, 0)
    assert {k: v for k, v in after.click_hits.items() if v} == {
        k: v for k, v in before.click_hits.items() if v
    }
