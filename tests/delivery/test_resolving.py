"""Resolving: a person decides about uncertain letters, once, and it is written down."""

import pytest
import sqlalchemy as sa

from campaigns.accounts.models import AuditEntry
from campaigns.database import now, transaction
from campaigns.delivery import resolving
from campaigns.delivery.models import Message, MessageStatus
from campaigns.errors import Conflict
from campaigns.mailings.models import Status
from tests import factories
from tests.delivery.launching import account, fresh, launch, plan, send, set_campaign


@pytest.fixture
def campaign(session, mail):
    """A campaign that has ended with two letters uncertain."""
    for name in ("ann", "bob", "cyd"):
        factories.make_contact(session, f"{name}@example.com")
    made = launch(session)
    plan(made)
    send(made)
    mail.letters.clear()
    with transaction() as other:
        lost = sa.update(Message).where(Message.address != "cyd@example.com")
        other.execute(lost.values(status=MessageStatus.UNCERTAIN, reason="no_answer"))
    return made


def test_one_is_sent_again_and_the_campaign_ends_once_more(session, campaign, mail, messages, states):
    with transaction() as other:
        assert resolving.send_again(other, campaign.id, messages(campaign)["ann@example.com"].id) == 1
    assert fresh(campaign).status == Status.SENDING

    send(campaign)

    assert mail.addresses == ["ann@example.com"]
    assert states(campaign) == {
        "ann@example.com": "sent",
        "bob@example.com": "uncertain:no_answer",
        "cyd@example.com": "sent",
    }
    assert fresh(campaign).status == Status.SENT


def test_all_are_sent_again_also_after_the_campaigns_time(campaign, mail):
    set_campaign(campaign, expires_at=now())
    with transaction() as other:
        assert resolving.send_again(other, campaign.id) == 2
    send(campaign)

    assert sorted(mail.addresses) == ["ann@example.com", "bob@example.com"]
    assert fresh(campaign).expires_at > now()


def test_who_left_meanwhile_is_not_sent_to_again(session, campaign, mail, states):
    factories.suppress(session, "ann@example.com")
    session.commit()
    with transaction() as other:
        resolving.send_again(other, campaign.id)
    send(campaign)

    assert mail.addresses == ["bob@example.com"]
    assert states(campaign)["ann@example.com"] == "skipped:unsubscribed"


def test_counting_as_sent_sends_nothing(campaign, mail, states):
    with transaction() as other:
        assert resolving.count_as_sent(other, campaign.id) == 2
    send(campaign)

    assert mail.addresses == []
    assert account(campaign).sent == 3


def test_a_decision_is_made_once_and_written_down(session, campaign, messages):
    message_id = messages(campaign)["ann@example.com"].id
    with transaction() as other:
        resolving.count_as_sent(other, campaign.id, message_id)
    with pytest.raises(Conflict), transaction() as other:
        resolving.send_again(other, campaign.id, message_id)

    entry = session.scalars(sa.select(AuditEntry)).one()
    assert (entry.act, entry.subject) == ("message.count_as_sent", f"message:{message_id}")


def test_nothing_of_a_cancelled_campaign_is_sent_again(campaign):
    set_campaign(campaign, status=Status.CANCELLED)

    with pytest.raises(Conflict), transaction() as other:
        resolving.send_again(other, campaign.id)
