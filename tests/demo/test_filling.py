"""The sample data is whole and believable, and is filled in once."""

import pytest
import sqlalchemy as sa

from campaigns.consent import gate, ledger
from campaigns.contacts.models import Contact
from campaigns.crm.models import Activity, Kind, NextStep
from campaigns.delivery import accounting
from campaigns.demo import filling
from campaigns.errors import Conflict
from campaigns.mailings.models import Campaign, Status
from tests import factories


@pytest.fixture
def filled(session):
    factories.make_organisation(session)
    factories.make_user(session)
    factories.make_sender(session)
    filling.fill(session, count=300)
    session.flush()
    return session


def test_everything_that_pages_show_is_there(filled):
    for table in (
        "contact",
        "company",
        "category",
        "tag",
        "consent_event",
        "purchase",
        "activity",
        "next_step",
    ):
        assert filled.scalar(sa.text(f"SELECT count(*) FROM {table}")) > 0, table
    countries = filled.scalars(sa.select(Contact.country).distinct()).all()
    assert len(countries) == 6


def test_two_campaigns_went_out_and_all_their_recipients_are_accounted_for(filled):
    campaigns = filled.scalars(sa.select(Campaign)).all()
    assert [campaign.status for campaign in campaigns] == [Status.SENT, Status.SENT]
    for campaign in campaigns:
        account = accounting.account(filled, campaign.id)
        assert account.sent > 0
        assert account.open == account.uncertain == 0


def test_whoever_was_mailed_may_be_mailed(filled):
    mailed = filled.scalars(
        sa.text("SELECT DISTINCT contact_id FROM message WHERE status = 'sent'").columns(
            sa.column("contact_id")
        )
    ).all()

    assert gate.refusals(filled, mailed) == {}


def test_only_those_who_agreed_are_known_by_name(filled):
    followed = filled.scalars(
        sa.select(Activity.contact_id).where(Activity.kind.in_([Kind.OPEN, Kind.CLICK])).distinct()
    ).all()

    assert followed
    assert {ledger.state(filled, contact_id, "tracking").state for contact_id in followed} == {"granted"}


def test_what_contacts_remember_follows_from_what_happened(filled):
    assert ledger.rebuild(filled) == 0
    earliest = (
        sa.select(sa.func.min(NextStep.due_on)).where(NextStep.contact_id == Contact.id).scalar_subquery()
    )
    assert not filled.scalars(
        sa.select(Contact.id).where(Contact.next_step_on.is_distinct_from(earliest))
    ).all()


def test_it_is_filled_in_once(filled):
    with pytest.raises(Conflict):
        filling.fill(filled, count=10)
