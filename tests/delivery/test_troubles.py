"""Trouble with the mail server: campaigns stop themselves and say why, and nobody is charged for it."""

from collections import Counter

import pytest

from campaigns.database import now, transaction
from campaigns.delivery import pausing, roads, sending
from campaigns.mailings.models import Status
from tests.delivery.launching import account, fresh, segments, send, set_campaign, to


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
    settings.sending.ask_again = 6
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


def test_who_was_refused_before_in_a_part_that_had_ended_did_not_fail_either(session, settings, mail, states):
    settings.sending.planned_at_once, settings.sending.troubles = 4, 10
    mail.at_rcpt["*"] = "550 5.7.1 We do not like you"
    campaign = to(session, *(f"p{number}@{number % 3}.example.com" for number in range(12)))
    first, *others = segments(campaign)

    sending.send_segment(campaign.id, first.id)
    assert Counter(states(campaign).values()) == {"failed:policy": 4, "planned": 8}
    assert segments(campaign)[0].due_at is None
    settings.sending.troubles = 4
    sending.send_segment(campaign.id, others[0].id)

    assert fresh(campaign).status == Status.PAUSED
    assert set(states(campaign).values()) == {"planned"}
    mail.at_rcpt.clear()
    set_campaign(campaign, status=Status.SENDING, pause_reason="")
    send(campaign)
    assert set(states(campaign).values()) == {"sent"}


@pytest.mark.parametrize(
    ("values", "after"),
    [
        ({"status": Status.SENDING}, "failed:policy"),
        ({"status": Status.PAUSED, "pause_reason": ""}, "failed:policy"),
        ({"status": Status.PAUSED, "pause_reason": "550 5.7.1"}, "planned"),
    ],
)
def test_refusals_are_taken_back_where_the_campaign_paused_itself(session, mail, states, values, after):
    mail.at_rcpt["ann@example.com"] = "550 5.7.1 Rejected by policy"
    mail.at_rcpt["bob@example.com"] = "550 5.1.1 No such user"
    campaign = to(session, "ann", "bob", "cyd")
    send(campaign)
    set_campaign(campaign, **values)

    with transaction() as own:
        pausing.spare(own, campaign.id)

    assert states(campaign) == {
        "ann@example.com": after,
        "bob@example.com": "failed:no_such_address",
        "cyd@example.com": "sent",
    }
    assert (segments(campaign)[0].due_at is None) == (after != "planned")


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


@pytest.mark.parametrize("place", ["connect", "mail", "data"])
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


def test_a_connection_lost_while_the_letter_is_read_is_not_repeated(session, odd, states):
    campaign = to(session, "ann", "bob")
    odd.hang_up = "body"  # the dot was on its way already, with the rest of the letter
    send(campaign)
    odd.hang_up = ""
    send(campaign)

    assert set(states(campaign).values()) <= {"uncertain:no_answer", "sent"}
    assert {address for address, state in states(campaign).items() if state == "sent"} == set(odd.accepted)


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
