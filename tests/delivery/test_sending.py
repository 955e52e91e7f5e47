"""Sending: what becomes of each letter with servers of every mood, and what stops a campaign."""

from datetime import timedelta

import pytest
import sqlalchemy as sa

from campaigns import tokens
from campaigns.consent import suppression
from campaigns.database import now, transaction
from campaigns.delivery import runs
from campaigns.delivery.models import Message, MessageStatus, Segment
from campaigns.mailings.models import Status
from tests import factories
from tests.delivery.launching import account, fresh, launch, plan, segments, send, set_campaign, to


def test_everybody_gets_one_letter_and_the_campaign_ends(session, mail, states):
    campaign = to(session, *(f"p{number}" for number in range(30)))

    send(campaign)
    send(campaign)

    assert sorted(mail.addresses) == sorted(states(campaign))
    assert len(set(mail.addresses)) == 30
    assert fresh(campaign).status == Status.SENT
    assert account(campaign).sent == 30


def test_the_servers_word_is_kept(session, mail, messages):
    campaign = to(session, "ann")
    send(campaign)

    message = messages(campaign)["ann@example.com"]
    assert message.reply == "250 2.0.0 Ok"
    assert message.tries == 1
    assert message.sent_at <= now()


def test_connections_stay_warm_between_segments(session, settings, mail):
    settings.sending.planned_at_once = 5
    settings.sending.connections = 2
    campaign = to(session, *(f"p{number}" for number in range(20)))
    assert len(segments(campaign)) == 4

    send(campaign)

    assert 1 <= mail.connections <= 2


def test_an_unknown_address_fails_for_good_and_is_never_mailed_again(session, mail, states):
    mail.at_rcpt["ann@example.com"] = "550 5.1.1 No such user"
    campaign = to(session, "ann", "bob")
    send(campaign)

    assert states(campaign) == {"ann@example.com": "failed:no_such_address", "bob@example.com": "sent"}
    assert suppression.suppressed(session, [tokens.address_hash("ann@example.com")])
    assert not suppression.suppressed(session, [tokens.address_hash("bob@example.com")])
    assert fresh(campaign).status == Status.SENT


@pytest.mark.parametrize("reply", ["550 No", "552 5.2.2 Mailbox full", "554 5.6.0 Bad letter"])
def test_other_refusals_fail_this_letter_only(session, mail, states, reply):
    mail.at_data["ann@example.com"] = reply
    campaign = to(session, "ann", "bob")
    send(campaign)

    assert states(campaign) == {"ann@example.com": "failed:refused", "bob@example.com": "sent"}
    assert not suppression.suppressed(session, [tokens.address_hash("ann@example.com")])


@pytest.mark.parametrize("step", ["at_rcpt", "at_data"])
def test_not_now_is_tried_again_when_its_time_has_come(session, mail, messages, states, step):
    getattr(mail, step)["ann@example.com"] = "450 4.2.1 Later"
    campaign = to(session, "ann", "bob")
    send(campaign)
    first = messages(campaign)["ann@example.com"]
    assert first.status == MessageStatus.DEFERRED
    assert timedelta(minutes=3.9) < first.next_try_at - now() < timedelta(minutes=6.1)
    assert segments(campaign)[0].due_at == first.next_try_at
    assert fresh(campaign).status == Status.SENDING

    send(campaign)
    assert messages(campaign)["ann@example.com"].tries == 1
    with transaction() as other:
        other.execute(sa.update(Message).values(next_try_at=now()))
        other.execute(sa.update(Segment).values(due_at=now()))
    getattr(mail, step).clear()
    send(campaign)

    assert states(campaign) == {"ann@example.com": "sent", "bob@example.com": "sent"}
    assert sorted(mail.addresses) == ["ann@example.com", "bob@example.com"]
    assert fresh(campaign).status == Status.SENT


def test_tries_end_with_the_campaigns_time(session, mail, states):
    mail.at_rcpt["ann@example.com"] = "450 4.2.1 Later"
    campaign = to(session, "ann")
    set_campaign(campaign, expires_at=now() + timedelta(minutes=2))

    send(campaign)

    assert states(campaign) == {"ann@example.com": "failed:expired"}
    assert fresh(campaign).status == Status.SENT


def test_an_address_that_the_server_can_not_spell_is_skipped(session, odd, states):
    campaign = to(session, "jiří@example.com", "bob")

    send(campaign)

    assert states(campaign) == {"jiří@example.com": "skipped:eai_unsupported", "bob@example.com": "sent"}


def test_one_contact_whose_letter_can_not_be_written_fails_alone(session, mail, states):
    factories.make_contact(session, "poison@example.com", fields={"n": "x" * 40_000})
    factories.make_contact(session, "ann@example.com", fields={"n": "x"})
    campaign = launch(session, html="<p>{{ contact.fields.n ~ contact.fields.n }}</p>")
    plan(campaign)

    send(campaign)

    assert states(campaign) == {"poison@example.com": "failed:render", "ann@example.com": "sent"}
    assert fresh(campaign).status == Status.SENT


def test_a_campaign_no_letter_of_which_can_be_written_pauses(session, mail, states):
    sender = factories.make_sender(session, dkim_selector="a", dkim_key="sealed with another key")
    campaign = to(session, "ann", sender=sender)

    send(campaign)

    assert fresh(campaign).status == Status.PAUSED
    assert "CAMPAIGNS_SECRET_KEY" in fresh(campaign).pause_reason
    assert states(campaign) == {"ann@example.com": "planned"}


@pytest.fixture
def a_process_that_ends():
    """Whatever stops sending for good in a process stops it for this test only."""
    yield
    runs.closing.clear()
