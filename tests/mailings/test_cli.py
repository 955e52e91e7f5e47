"""`campaigns template` and `campaigns campaign`, as a script would use them."""

import json

import pytest
from click.testing import CliRunner

from campaigns.cli import verbs
from campaigns.database import transaction
from campaigns.delivery.models import MessageStatus
from campaigns.errors import PersonError
from campaigns.mailings import preparing, senders
from campaigns.mailings.models import Campaign, Template
from tests import factories


@pytest.fixture
def run(settings, queue):
    with transaction() as session:
        factories.make_organisation(session)
        factories.make_contact(session, "ann@example.com", first_name="Ann")
        factories.make_contact(session, "bob@example.com", consented=False)
        factories.make_audience(session, "all", "Everybody")
        senders.create(session, senders.Identity("Example Tools", "news@example.com"))

    def call(*words, code=0):
        """What the verb printed; as data with --json. With another code: its sentence."""
        result = CliRunner().invoke(verbs, list(words))
        if isinstance(result.exception, PersonError):
            assert code == 1, result.exception.message
            return result.exception.message
        assert result.exit_code == code, result.output
        return json.loads(result.stdout) if "--json" in words and code == 0 else result.output

    return call


@pytest.fixture
def letter(tmp_path):
    path = tmp_path / "letter.html"
    path.write_text('<p>Dear {{ contact.first_name|d("friend") }} <a href="https://example.com">x</a></p>')
    return str(path)


def make(run, letter):
    run("template", "create", "News", "--subject", "Hi {{ contact.first_name|d('you') }}", "--html", letter)
    return run(
        "campaign", "create", "--name", "A", "--audience", "Everybody", "--template", "News", "--json"
    )["id"]


def test_a_template_is_kept_and_listed(run, letter):
    made = run("template", "create", "News", "--subject", "S", "--html", letter, "--language", "cs", "--json")
    assert made == {"id": made["id"], "name": "News", "fields": ["contact.first_name"], "links": 1}
    assert run("template", "list", "--json")[0]["kind"] == "html"
    with transaction() as session:
        assert session.get_one(Template, made["id"]).language == "cs"


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"<p>a</p>\n{{ oops", "Line 2"),
        (b"{{ ''.__class__ }}", "Line 1"),
        (b"<p>ok</p>\n\xff", "line 2: this is not UTF-8"),
    ],
)
def test_a_letter_that_could_not_be_sent_is_refused(run, tmp_path, content, said):
    path = tmp_path / "bad.html"
    path.write_bytes(content)
    assert said in run("template", "create", "Bad", "--subject", "S", "--html", str(path), code=1)
    assert run("template", "list", "--json") == []


def test_one_file_is_wanted(run, letter, tmp_path):
    command = ("template", "create", "News", "--subject", "S")
    assert "Give one of" in run(*command, code=2)
    assert "Give one of" in run(*command, "--html", letter, "--mjml", letter, code=2)
    assert "can't be read" in run(*command, "--html", str(tmp_path / "none.html"), code=1)


def test_a_campaign_is_made_sent_and_steered(run, letter, queue):
    number = make(run, letter)
    assert run("campaign", "status", str(number), "--json") == {
        "status": "draft", "audience": 0, "sent": 0, "failed": 0, "skipped": {}, "uncertain": 0, "open": 0,
        "opens": 0, "clicks": 0, "unsubscribes": 0,
    }  # fmt: skip
    assert run("campaign", "send", str(number), "--json")["status"] == "sending"
    assert ("plan_campaign", (number,)) in queue.asked
    assert run("campaign", "send", str(number), "--json")["status"] == "sending"
    run("campaign", "pause", str(number))
    assert run("campaign", "list", "--json") == [{"id": number, "name": "A", "status": "paused"}]
    run("campaign", "resume", str(number))
    run("campaign", "cancel", str(number))
    assert "cancelled" in run("campaign", "status", str(number))
    assert "was cancelled" in run("campaign", "send", str(number), code=1)


def test_status_counts_messages_and_what_came_back(run, letter):
    number = make(run, letter)
    with transaction() as session:
        campaign = session.get_one(Campaign, number)
        for status in (
            MessageStatus.SENT,
            MessageStatus.SENT,
            MessageStatus.SKIPPED,
            MessageStatus.UNCERTAIN,
        ):
            reason = "no_consent" if status == MessageStatus.SKIPPED else ""
            factories.make_message(session, campaign, factories.make_contact(session), status, reason=reason)
    found = run("campaign", "status", str(number), "--json")
    assert (found["audience"], found["sent"], found["uncertain"], found["open"]) == (4, 2, 1, 0)
    assert found["skipped"] == {"no_consent": 1}


def test_watching_ends_with_the_campaign(run, letter, queue):
    number = make(run, letter)
    with transaction() as session:
        campaign = preparing.get(session, number)
        campaign.status = "sent"
    assert "Sent to 0" in run("campaign", "send", str(number), "--watch")
    with transaction() as session:
        preparing.get(session, number).status = "draft"
    run("campaign", "send", str(number))
    run("campaign", "pause", str(number))
    assert "is paused" in run("campaign", "send", str(number), "--watch", code=1)


def test_a_campaign_can_be_scheduled_by_the_firms_clock(run, letter):
    number = make(run, letter)
    assert "Scheduled." in run("campaign", "send", str(number), "--at", "2027-03-01 09:30")
    assert "Write a day and a time" in run("campaign", "send", str(number), "--at", "soon", code=1)


def test_previews_and_test_letters(run, letter, settings):
    number = make(run, letter)
    shown = ("campaign", "preview", str(number))
    assert "Dear Ann" in run(*shown, "--contact", "ann@example.com")
    assert run(*shown, "--part", "subject", "--contact", "bob@example.com").strip() == "Hi you"
    assert "<p>Dear Anna" in run(*shown, "--part", "html")
    assert "no contact" in run(*shown, "--contact", "zoe@example.com", code=1)
    assert "Sent to me@example.com." in run("campaign", "test", str(number), "--to", "me@example.com")


@pytest.mark.parametrize(
    "words",
    [
        ("campaign", "create", "--name", "A", "--audience", "Nobody", "--template", "News"),
        ("campaign", "create", "--name", "A", "--audience", "Everybody", "--template", "None"),
        (
            "campaign",
            "create",
            "--name",
            "A",
            "--audience",
            "Everybody",
            "--template",
            "News",
            "--from",
            "x@y.example",
        ),
        ("campaign", "status", "99"),
    ],
)
def test_what_is_not_there_is_said(run, letter, words):
    run("template", "create", "News", "--subject", "S", "--html", letter)
    assert run(*words, code=1).startswith("There is no ")
