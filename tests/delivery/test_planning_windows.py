"""Planning goes by ranges of contacts; whoever fits the rule is planned, whichever range they are in."""

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from campaigns.audiences import building
from campaigns.consent.models import Act, Purpose
from campaigns.database import reading
from campaigns.delivery.models import Message
from campaigns.settings import Settings
from tests import factories
from tests.delivery import launching

RULES = (
    "",
    'category:"Cutters"',
    'category:"Cutters" or category:"Grinders"',
    '(category:"Cutters" or tag:"vip") and not tag:"left"',
    'not (category:"Cutters" and not tag:"vip")',
    "tag is empty or category is empty",
    "tag is not empty",
    "consent:granted",
    "tracking:none or tracking:withdrawn",
    'company:"Example Mills" or category:"Grinders"',
    'country != "CZ" and not consent:none',
)


@pytest.fixture
def people(session: Session) -> None:
    """Some of every kind, so that each range of three has other ones."""
    mills = factories.make_company(session)
    for number in range(20):
        contact = factories.make_contact(
            session,
            f"p{number}@example.com",
            consented=number % 5 != 1,
            categories=(("Cutters",), ("Grinders",), ())[number % 3],
            tags=(("vip",), ("left",), (), ("vip", "left"))[number % 4],
            country=("CZ", "SK")[number % 2],
            company_id=mills.id if number % 7 == 0 else None,
        )
        if number % 6 == 2:
            factories.grant_consent(session, contact, Purpose.TRACKING, Act.WITHDRAWN)
    session.commit()


@pytest.mark.parametrize("rule", RULES)
def test_small_ranges_plan_whom_the_rule_means(session, settings: Settings, people, rule):
    expected = set(session.scalars(building.contact_ids(session, rule)))
    settings.sending.planned_at_once = 3

    campaign = launching.launch(session, rule=rule)
    launching.plan(campaign)

    with reading() as fresh:
        planned = fresh.scalars(sa.select(Message.contact_id).where(Message.campaign_id == campaign.id)).all()
    assert sorted(planned) == sorted(expected)
    assert expected
