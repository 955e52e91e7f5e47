"""How many may be mailed, who is left out and why, and why somebody is in."""

import pytest
import sqlalchemy as sa

from campaigns.audiences import previewing, sampling, saving
from campaigns.audiences.lexing import RuleProblem
from campaigns.audiences.models import Audience
from campaigns.consent.models import Act, Purpose
from campaigns.errors import Conflict
from tests import factories

RULE = 'category:"Cutters" and not tag:"vip"'


@pytest.fixture
def garden(session):
    """Six contacts, of whom two fit the rule and may be mailed."""
    made = {
        "ann": factories.make_contact(session, "ann@example.com", categories=("Cutters",), language="cs"),
        "bo": factories.make_contact(session, "bo@example.com", categories=("Cutters",), tags=("basic",)),
        "vip": factories.make_contact(session, "vip@example.com", categories=("Cutters",), tags=("vip",)),
        "other": factories.make_contact(session, "other@example.com", categories=("Grinders",)),
        "silent": factories.make_contact(
            session, "silent@example.com", consented=False, categories=("Cutters",)
        ),
        "gone": factories.make_contact(session, "gone@example.com", categories=("Cutters",)),
    }
    factories.suppress(session, "gone@example.com")
    return made


def test_each_whom_the_rule_fits_is_counted_once_with_its_reason(session, garden):
    found = previewing.count(session, RULE)

    assert found.count == 2
    assert found.left_out == {"no_consent": 1, "unsubscribed": 1}
    assert found.fitting == 4


def test_the_people_behind_each_number_can_be_seen_page_by_page(session, garden):
    first = previewing.people(session, RULE, limit=1)
    second = previewing.people(session, RULE, after=first[0].id, limit=10)

    assert [contact.email for contact in (*first, *second)] == ["ann@example.com", "bo@example.com"]
    assert [contact.email for contact in previewing.people(session, RULE, "no_consent")] == [
        "silent@example.com"
    ]


def test_a_withdrawal_moves_a_person_from_one_number_to_the_other(session, garden):
    factories.grant_consent(session, garden["ann"], Purpose.MAIL, Act.WITHDRAWN)

    found = previewing.count(session, RULE)

    assert (found.count, found.left_out["withdrawn"]) == (1, 1)


def test_what_can_be_mailed_is_broken_down(session, garden):
    categories, languages = sampling.shares(session, "all")
    assert dict(categories) == {"Cutters": 3, "Grinders": 1}
    assert dict(languages) == {"cs": 1, "": 3}


def test_a_rule_that_makes_no_sense_is_not_kept(session):
    with pytest.raises(RuleProblem) as problem:
        saving.create(session, "Broken", 'category:"Cutters" and')

    assert problem.value.position > 0
    assert session.scalar(sa.select(Audience.id)) is None


def test_a_name_is_given_once(session):
    saving.create(session, "Cutters", RULE)

    with pytest.raises(Conflict):
        saving.create(session, " Cutters ", "all")


def test_what_a_campaign_uses_stays(session):
    audience = factories.make_audience(session, RULE)
    factories.make_campaign(session, audience=audience)

    with pytest.raises(Conflict):
        saving.remove(session, audience)
