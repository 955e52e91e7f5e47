"""Sending: what becomes of each letter with servers of every mood, and what stops a campaign."""

from datetime import timedelta

import pytest
import sqlalchemy as sa

from campaigns import tokens
from campaigns.consent import suppression
from campaigns.database import now, transaction
from campaigns.delivery import judging, pausing, roads, sending
from campaigns.delivery.models import Message, MessageStatus, Segment
from campaigns.mailings.models import Status
from tests import factories
from tests.delivery import misbehaving
from tests.delivery.launching import account, fresh, launch, plan, segments, send, set_campaign


@pytest.fixture
def odd(settings):
    """A mail server of few words that campaigns are handed to."""
    with misbehaving.server() as made:
        smtp = settings.smtp
        smtp.host, smtp.port, smtp.tls = "127.0.0.1", made.port, "none"
        yield made
        roads.close_all()


@pytest.fixture(autouse=True)
def _no_waiting(monkeypatch):
    """The pauses between two tries at a mail server are not what is tested here."""
    monkeypatch.setattr(judging, "FIRST_WAIT", 0.01)


def to(session, *names: str, **values):
    """A campaign to these people, planned."""
    for name in names:
        factories.make_contact(session, name if "@" in name else f"{name}@example.com")
    campaign = launch(session, **values)
    plan(campaign)
    return campaign


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
    assert message.handed_over_at <= message.sent_at


def test_connections_stay_warm_between_segments(session, settings, mail):
    settings.sending.planned_at_once = 5
    campaign = to(session, *(f"p{number}" for number in range(20)))
    assert len(segments(campaign)) == 4

    send(campaign)

    assert mail.connections == 1


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


def test_a_server_that_is_away_costs_nobody_anything(session, settings, mail, states):
    campaign = to(session, "ann", "bob")
    settings.smtp.port = 1
    send(campaign)

    stopped = fresh(campaign)
    assert stopped.status == Status.PAUSED
    assert "127.0.0.1:1" in stopped.pause_reason
    assert set(states(campaign).values()) == {"planned"}

    settings.smtp.port = mail.port
    pausing.try_again(roads.relay_answers)
    assert fresh(campaign).status == Status.PAUSED, "it is not asked before its time"
    set_campaign(campaign, try_again_at=now())
    pausing.try_again(roads.relay_answers)
    assert fresh(campaign).status == Status.SENDING
    send(campaign)
    assert states(campaign) == {"ann@example.com": "sent", "bob@example.com": "sent"}


def test_a_server_that_is_still_away_is_asked_later(session, settings, states):
    campaign = to(session, "ann")
    settings.smtp.host, settings.smtp.port = "127.0.0.1", 1
    send(campaign)
    set_campaign(campaign, try_again_at=now())

    pausing.try_again(roads.relay_answers)

    assert fresh(campaign).status == Status.PAUSED
    assert fresh(campaign).try_again_at > now()


def test_a_pause_by_a_person_is_not_ended_by_the_clock(session, mail):
    campaign = to(session, "ann")
    set_campaign(campaign, status=Status.PAUSED, try_again_at=now())

    pausing.try_again(roads.relay_answers)

    assert fresh(campaign).status == Status.PAUSED


def test_a_sender_that_is_refused_pauses_the_campaign_and_nobody_failed(session, mail, states):
    mail.at_rcpt["*"] = "550 5.7.1 We do not like you"
    campaign = to(session, *(f"p{number}@{number % 5}.example.com" for number in range(20)))

    send(campaign)

    stopped = fresh(campaign)
    assert stopped.status == Status.PAUSED
    assert "5.7.1 We do not like you" in stopped.pause_reason
    assert set(states(campaign).values()) == {"planned"}
    assert stopped.try_again_at is None


def test_a_refusal_by_one_receivers_rules_is_that_ones(session, mail, states):
    mail.at_rcpt["ann@example.com"] = "550 5.7.1 Rejected by policy"
    campaign = to(session, "ann", "bob", "cyd")

    send(campaign)

    assert states(campaign)["ann@example.com"] == "failed:policy"
    assert account(campaign).sent == 2


def test_a_connection_too_many_stops_this_run_and_not_the_campaign(session, settings, odd, states):
    settings.sending.planned_at_once = 1
    campaign = to(session, "ann", "bob")
    first, second = segments(campaign)
    sending.send_segment(campaign.id, first.id)
    roads.close_all()
    odd.hang_up = "connect"
    sending.send_segment(campaign.id, second.id)

    assert fresh(campaign).status == Status.SENDING
    assert states(campaign) == {"ann@example.com": "sent", "bob@example.com": "planned"}
    assert segments(campaign)[1].due_at is not None


@pytest.mark.parametrize("place", ["connect", "mail", "data", "body"])
def test_a_connection_lost_before_the_dot_costs_nobody_anything(session, odd, states, place):
    campaign = to(session, "ann", "bob")
    odd.hang_up = place
    send(campaign)
    assert fresh(campaign).status == Status.PAUSED
    assert set(states(campaign).values()) == {"planned"}
    assert odd.seen == []

    odd.hang_up = ""
    set_campaign(campaign, status=Status.SENDING, pause_reason="")
    send(campaign)
    assert sorted(odd.accepted) == ["ann@example.com", "bob@example.com"]


def test_a_connection_lost_after_the_dot_is_uncertain_and_not_repeated(session, odd, states):
    campaign = to(session, "ann", "bob")
    odd.hang_up = "dot"
    send(campaign)
    odd.hang_up = ""
    send(campaign)

    assert states(campaign) == {
        "ann@example.com": "uncertain:no_answer",
        "bob@example.com": "uncertain:no_answer",
    }
    assert sorted(odd.seen) == ["ann@example.com", "bob@example.com"]
    assert fresh(campaign).status == Status.SENT


def test_a_server_that_never_says_what_became_of_letters_stops_the_campaign(session, odd, states):
    campaign = to(session, *(f"p{number}" for number in range(10)))
    odd.hang_up = "dot"

    send(campaign)

    assert fresh(campaign).status == Status.PAUSED
    assert sorted(states(campaign).values()) == ["planned"] * 7 + ["uncertain:no_answer"] * 3


def test_closing_down_after_the_dot_without_taking_the_letter_is_tried_again(session, odd, states):
    campaign = to(session, "ann")
    odd.replies["dot"] = "421 4.3.2 Closing down"
    send(campaign)
    assert states(campaign) == {"ann@example.com": "planned"}

    odd.replies.clear()
    set_campaign(campaign, status=Status.SENDING, pause_reason="")
    send(campaign)
    assert odd.accepted == ["ann@example.com"]


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
    sending._closing.clear()


def test_a_worker_that_is_told_to_stop_gives_everything_back(session, mail, states, a_process_that_ends):
    campaign = to(session, "ann")
    sending.stop()

    send(campaign)

    assert states(campaign) == {"ann@example.com": "planned"}
    assert segments(campaign)[0].due_at is not None
