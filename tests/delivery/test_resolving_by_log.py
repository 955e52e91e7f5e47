"""Resolving by the relay's log: found, compared with the times, decided by a person; page and command line."""
# ruff: noqa: E501 - lines of logs are long

import io
import json
from datetime import timedelta

import pytest
import sqlalchemy as sa
from click.testing import CliRunner

from campaigns.accounts.models import AuditEntry
from campaigns.cli.campaign import campaign as verbs
from campaigns.database import now, reading, transaction
from campaigns.delivery import addresses, relay_log, resolving
from campaigns.delivery.models import Message, MessageStatus
from campaigns.errors import Conflict
from campaigns.mailings.models import Status
from tests import factories
from tests.delivery.launching import account, launch, plan, send, set_campaign

# The server's clock, as its stamps say it: three hours ahead of ours.
AHEAD = timedelta(hours=3)
NAMES = ("ann", "bob", "cyd", "dan", "eve")


@pytest.fixture
def campaign(session, mail):
    """A campaign that ended two hours ago: cyd and dan got it, the others are uncertain."""
    for name in NAMES:
        factories.make_contact(session, f"{name}@example.com")
    made = launch(session)
    plan(made)
    send(made)
    mail.letters.clear()
    at = now() - timedelta(hours=2)
    with transaction() as other:
        other.execute(sa.update(Message).values(sent_at=at, handed_over_at=at))
        lost = sa.update(Message).where(
            Message.address.in_([f"{n}@example.com" for n in ("ann", "bob", "eve")])
        )
        other.execute(lost.values(status=MessageStatus.UNCERTAIN, reason="no_answer", sent_at=None))
    return made


@pytest.fixture
def ids(campaign, messages):
    """The messages by the names of their people."""
    return {address.partition("@")[0]: message.id for address, message in messages(campaign).items()}


def the_log(ids, named=("ann", "cyd", "dan"), since=timedelta(hours=3), until=timedelta(hours=1), also=""):
    """Postfix's log that names these letters as taken, from `since` to `until` ago."""
    stamp = "%Y-%m-%d %H:%M:%S"
    at, end, lines = now() - since, now() - until, []
    while at <= end:
        lines.append(f"{at + AHEAD:{stamp}} mail postfix/smtpd[1]: connect from app[192.0.2.7]")
        at += timedelta(minutes=5)
    sent = now() - timedelta(hours=2) + AHEAD
    for name in named:
        lines.append(f"{sent:{stamp}} mail postfix/cleanup[2]: 4XyZ{name}1: message-id=<{header(ids[name])}>")
        lines.append(
            f"{sent:{stamp}} mail postfix/qmgr[3]: 4XyZ{name}1: from=<a@b.cz>, size=9, nrcpt=1 (queue active)"
        )
        envelope = addresses.envelope_from(ids[name], "example.com")
        lines.append(f"{sent:{stamp}} mail postfix/qmgr[3]: 4XyZ{name}2: from=<{envelope}>, size=9, nrcpt=1")
    if also:
        lines.append(f"{sent:{stamp}} mail {also}")
    return ("\n".join(lines) + "\n").encode()


def header(message_id):
    return addresses.header_id(message_id, "example.com")


def found(campaign, content):
    """The groups as names of people, as a person sees them."""
    with reading() as session:
        wanted = resolving.uncertain(session, campaign.id)
        log = relay_log.read(io.BytesIO(content), wanted)
        findings = resolving.compare(session, log, wanted)
        names = resolving.addresses_of(session, wanted)
    return {
        group: sorted(names[one].partition("@")[0] for one in getattr(findings, group))
        for group in ("taken", "absent", "unclear")
    }


def test_three_groups(campaign, ids):
    assert found(campaign, the_log(ids)) == {"taken": ["ann"], "absent": ["bob", "eve"], "unclear": []}


@pytest.mark.parametrize(
    ("since", "until"),
    [
        (timedelta(hours=3), timedelta(hours=1, minutes=50)),  # ends ten minutes after
        (timedelta(hours=2), timedelta(hours=1)),  # begins with them
    ],
)
def test_a_log_that_does_not_cover_the_time_settles_only_whom_it_names(campaign, ids, since, until):
    content = the_log(ids, since=since, until=until)

    assert found(campaign, content) == {"taken": ["ann"], "absent": [], "unclear": ["bob", "eve"]}


def test_the_log_of_another_server_settles_nobody(campaign, ids):
    assert found(campaign, the_log(ids, named=())) == {
        "taken": [],
        "absent": [],
        "unclear": ["ann", "bob", "eve"],
    }


def test_who_is_named_without_a_verdict_stays_uncertain_and_who_was_refused_was_not_taken(campaign, ids):
    only_named = f"postfix/cleanup[2]: 4XyZbob9: message-id=<{header(ids['bob'])}>"
    assert found(campaign, the_log(ids, also=only_named))["unclear"] == ["bob"]
    refused = f"postfix/cleanup[2]: 4X: milter-reject: END-OF-MESSAGE; message-id=<{header(ids['bob'])}>"
    assert found(campaign, the_log(ids, also=refused))["absent"] == ["bob", "eve"]


def test_a_decision_takes_in_the_chosen_only_and_is_written_down_with_the_log(campaign, ids, mail, states):
    with transaction() as other:
        assert resolving.count_as_sent(other, campaign.id, among=[ids["ann"]], log="mail.log") == 1
        assert resolving.send_again(other, campaign.id, among=[ids["bob"], ids["cyd"]], log="mail.log") == 1
    send(campaign)

    assert mail.addresses == ["bob@example.com"]
    assert states(campaign)["eve@example.com"] == "uncertain:no_answer"
    assert account(campaign).sent == 4
    with reading() as other:
        entries = other.execute(sa.select(AuditEntry.act, AuditEntry.subject, AuditEntry.detail)).all()
    assert entries == [
        (act, f"campaign:{campaign.id}", {"number": 1, "log": "mail.log"})
        for act in ("message.count_as_sent", "message.send_again")
    ]
    with pytest.raises(Conflict), transaction() as other:
        resolving.count_as_sent(other, campaign.id, among=[])


def test_the_page_shows_the_groups_and_settles_what_is_ticked(campaign, ids, marketer_client, states, mail):
    page = f"/delivery/campaigns/{campaign.id}/relay-log"
    assert (
        "relay-log"
        in marketer_client.get(f"/delivery/campaigns/{campaign.id}/messages?status=uncertain").text
    )
    assert 'type="file"' in marketer_client.get(page).text

    upload = {"file": (io.BytesIO(the_log(ids)), "mail.log")}
    answer = marketer_client.post(page, data=upload, content_type="multipart/form-data")
    assert answer.status_code == 200
    for words in ("Taken by the mail server: 1", "Surely not taken: 2", "ann@example.com", "bob@example.com"):
        assert words in answer.text
    assert "Still uncertain" not in answer.text
    assert states(campaign)["ann@example.com"] == "uncertain:no_answer"

    form = {"log": "mail.log", "taken": ids["ann"], "absent": f"{ids['bob']} {ids['eve']}", "count": "1"}
    assert marketer_client.post(f"{page}/settle", data=form).status_code == 302
    assert states(campaign)["ann@example.com"].startswith("sent")
    assert states(campaign)["bob@example.com"] == "uncertain:no_answer"
    assert marketer_client.post(f"{page}/settle", data=form).status_code == 409

    del form["count"]
    assert marketer_client.post(f"{page}/settle", data=form).status_code == 422
    assert marketer_client.post(f"{page}/settle", data=form | {"again": "1"}).status_code == 302
    send(campaign)
    assert sorted(mail.addresses) == ["bob@example.com", "eve@example.com"]


def test_lines_can_be_pasted_and_what_is_no_log_is_said_so(campaign, ids, marketer_client):
    page = f"/delivery/campaigns/{campaign.id}/relay-log"

    answer = marketer_client.post(page, data={"text": the_log(ids).decode()})
    assert "Taken by the mail server: 1" in answer.text
    for text, said in (("", "Choose the log"), ("hello", "date and a time")):
        answer = marketer_client.post(page, data={"text": text})
        assert answer.status_code == 422
        assert said in answer.text
    hostile = the_log(ids, also=f"x[1]: <script>alert(1)</script> message-id=<{header(ids['bob'])}>")
    assert "<script>alert" not in marketer_client.post(page, data={"text": hostile.decode()}).text
    other = the_log(ids, named=())
    assert (
        "names no letter that was sent from here"
        in marketer_client.post(page, data={"text": other.decode()}).text
    )


def test_nothing_of_another_campaign_or_of_a_made_up_number_is_settled(
    campaign, ids, session, marketer_client, states
):
    other = launch(session, name="Other")
    form = {"log": "x", "count": "1", "taken": f"{ids['ann']} {10**30} -1 x ² ٣"}

    answer = marketer_client.post(f"/delivery/campaigns/{other.id}/relay-log/settle", data=form)

    assert answer.status_code == 409
    assert states(campaign)["ann@example.com"] == "uncertain:no_answer"
    assert marketer_client.post("/delivery/campaigns/99999/relay-log", data={"text": "x"}).status_code == 404


def test_nothing_of_a_cancelled_campaign_is_offered_again(campaign, ids, marketer_client):
    set_campaign(campaign, status=Status.CANCELLED)

    page = marketer_client.post(
        f"/delivery/campaigns/{campaign.id}/relay-log", data={"text": the_log(ids).decode()}
    )
    assert "Count these as sent" in page.text
    assert "Send these again" not in page.text


def test_the_command_line_looks_first_and_settles_when_told(campaign, ids, tmp_path, states, mail):
    file = tmp_path / "mail.log"
    file.write_bytes(the_log(ids))
    asked = ["resolve", str(campaign.id), "--log", str(file)]

    said = CliRunner().invoke(verbs, [*asked, "--json"], catch_exceptions=False)
    groups = json.loads(said.output)
    assert {group: sorted(some) for group, some in groups.items()} == {
        "taken": ["ann@example.com"], "absent": ["bob@example.com", "eve@example.com"], "unclear": [],
    }  # fmt: skip
    assert states(campaign)["ann@example.com"] == "uncertain:no_answer"

    said = CliRunner().invoke(verbs, [*asked, "--count-as-sent", "--send-again"], catch_exceptions=False)
    assert "absent        2" in said.output
    send(campaign)
    assert account(campaign).sent == 5
    assert sorted(mail.addresses) == ["bob@example.com", "eve@example.com"]
