"""Counts of large campaigns: kept by the clock, shown with their time, exact once nothing can move."""

from datetime import timedelta

import pytest
import sqlalchemy as sa

from campaigns.analytics import breakdown, figures, tallying
from campaigns.contacts.models import Contact
from campaigns.database import now
from campaigns.delivery import accounting
from campaigns.delivery.models import Message, MessageStatus, Tally
from campaigns.mailings.models import Status
from tests import factories
from tests.tracking.mailed import make_campaign, make_letter

pytestmark = pytest.mark.both_databases


@pytest.fixture(autouse=True)
def _actors(_stub_broker):
    """They are declared on the tests' own broker."""


def tally_campaigns() -> None:
    """What the clock rings for."""
    from workers.reports import tally_campaigns as actor

    actor()


@pytest.fixture
def campaign(session):
    """Three letters sent, one failed, one skipped; ended."""
    made = make_campaign(session, name="Spring")
    for name in ("a", "b", "c"):
        make_letter(session, made, email=f"{name}@example.com")
    for status, reason in (("failed", "refused"), ("skipped", "withdrawn")):
        contact = factories.make_contact(session)
        factories.make_message(session, made, contact, MessageStatus(status), reason=reason)
    made.status, made.started_at, made.finished_at = Status.SENT, now() - timedelta(hours=1), now()
    session.commit()
    return made


def test_the_account_of_an_ended_campaign_is_kept_as_it_was_counted(session, campaign):
    counted = accounting.count(session, campaign.id)
    session.rollback()
    tally_campaigns()

    assert accounting.settled(session, [campaign.id]) == {campaign.id: counted}
    assert accounting.account(session, campaign.id) == counted
    assert accounting.account(session, campaign.id).audience == 5


@pytest.mark.parametrize("state", ["uncertain", "deferred"])
def test_an_account_that_may_still_move_is_counted_anew(session, campaign, state):
    letter = factories.make_message(session, campaign, factories.make_contact(session), MessageStatus(state))
    session.commit()
    tally_campaigns()
    letter.status = MessageStatus.SENT
    session.commit()

    assert accounting.settled(session, [campaign.id]) == {}
    assert accounting.account(session, campaign.id).sent == 4


def test_a_campaign_that_has_not_ended_is_never_settled(session, campaign):
    campaign.status, campaign.finished_at = Status.SENDING, None
    session.commit()
    tally_campaigns()

    assert accounting.settled(session, [campaign.id]) == {}


def test_the_newest_are_counted_more_often(session, campaign):
    assert tallying.due(session) == [campaign.id]
    session.rollback()
    tally_campaigns()
    assert tallying.due(session) == []

    kept = session.get_one(Tally, campaign.id)
    kept.counted_at = now() - timedelta(minutes=11)
    session.commit()
    assert tallying.due(session) == [campaign.id]
    campaign.started_at = now() - timedelta(days=4)
    session.commit()
    assert tallying.due(session) == []
    campaign.started_at, kept.counted_at = now() - timedelta(days=400), now() - timedelta(days=8)
    session.commit()
    assert tallying.due(session) == [campaign.id]


def test_small_campaigns_are_counted_at_once(session, campaign):
    tally_campaigns()
    session.rollback()

    assert tallying.kept(session, figures.figures(session, campaign.id)) is None


def test_large_campaigns_show_what_was_counted_with_its_time(session, campaign, admin_client):
    many = tallying.AT_ONCE + 1
    session.execute(sa.insert(Message), [
        {"campaign_id": campaign.id, "contact_id": 1_000_000 + one, "address": f"m{one}@many.example.com",
         "status": "sent"} for one in range(many)])  # fmt: skip
    session.commit()
    tally_campaigns()
    session.rollback()
    numbers = figures.figures(session, campaign.id)
    kept = tallying.kept(session, numbers)

    assert kept.domains == breakdown.domains(session, campaign.id)
    assert kept.coverage == breakdown.coverage(session, numbers.campaign)
    for part in ("domains", "coverage"):
        shown = admin_client.get(f"/reports/{campaign.id}/{part}").text
        assert "Counted" in shown
        assert kept.counted_at.isoformat() in shown
    session.execute(sa.delete(Contact))  # erased: their letters are still counted
    session.commit()
    assert tallying.kept(session, numbers).coverage.letters == many + 3
