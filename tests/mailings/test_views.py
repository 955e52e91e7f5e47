"""Pages of campaigns: from the form to the end, and who may open them."""

import re
from datetime import timedelta

import pytest
import sqlalchemy as sa

from campaigns.accounts.models import AuditEntry, Role
from campaigns.consent import topics
from campaigns.database import now, reading, transaction
from campaigns.mailings.models import Campaign, Status, Template
from tests import factories

BAD = '"><script>alert(1)</script>'


@pytest.fixture
def made(app):
    """An organisation, a contact and a draft."""
    with transaction() as session:
        factories.make_organisation(session, timezone="Europe/Prague")
        contact = factories.make_contact(session, "ann@example.com", first_name="Ann")
        campaign = factories.make_campaign(session, name="Spring")
        return {"campaign": campaign.id, "contact": contact.id, "url": f"/campaigns/{campaign.id}"}


def campaign(number):
    with reading() as session:
        return session.get_one(Campaign, number)


def test_the_list_is_filtered_searched_and_paged(made, marketer_client):
    with transaction() as session:
        template = factories.make_template(session)
        for number in range(60):
            status = Status.SENT if number % 2 else Status.DRAFT
            factories.make_campaign(session, name=f"Letter {number:02}", status=status, template=template)
    page = marketer_client.get("/campaigns/").text
    assert "Letter 59" in page
    assert "Letter 05" not in page
    second = re.search(r'href="(/campaigns/\?after=[^"]+)"', page)[1]
    assert "Letter 05" in marketer_client.get(second).text
    assert "Letter 58" not in marketer_client.get("/campaigns/?status=sent").text
    found = marketer_client.get("/campaigns/?q=letter%2007").text
    assert "Letter 07" in found
    assert "Letter 08" not in found
    assert "Nothing fits" in marketer_client.get("/campaigns/?q=%25").text


def test_an_empty_installation_says_what_to_do(app, marketer_client):
    assert "No campaigns yet" in marketer_client.get("/campaigns/").text
    page = marketer_client.get("/campaigns/new").text
    for first in ("make an audience", "make a template", "make a sender"):
        assert first in page


def test_a_draft_is_made_changed_and_duplicated(made, marketer_client):
    draft = campaign(made["campaign"])
    form = {
        "name": "  New   one ", "audience_id": draft.audience_id, "template_id": draft.template_id,
        "sender_id": draft.sender_id, "track_opens": "off", "track_clicks": "anonymous",
        "expires_at": "2027-03-01T09:30",
    }  # fmt: skip
    answer = marketer_client.post("/campaigns/", data=form)
    assert answer.status_code == 302
    number = int(answer.location.rsplit("/", 1)[1])
    kept = campaign(number)
    assert (kept.name, kept.status, kept.track_opens, kept.track_clicks) == (
        "New one",
        "draft",
        "off",
        "anonymous",
    )
    assert kept.expires_at.isoformat() == "2027-03-01T08:30:00+00:00"
    assert kept.user_id

    page = marketer_client.get(f"/campaigns/{number}/edit").text
    assert 'value="2027-03-01T09:30"' in page
    assert marketer_client.post(f"/campaigns/{number}/edit", data=form | {"name": "Other"}).status_code == 302
    assert campaign(number).name == "Other"
    answer = marketer_client.post(f"/campaigns/{number}/duplicate")
    assert "Other, again" in marketer_client.get(answer.location).text


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"name": " "}, "Give the campaign a name"),
        ({"audience_id": ""}, "Choose who gets the letter"),
        ({"template_id": "999"}, "Choose what is sent"),
        ({"sender_id": "x"}, "Choose who the letter comes from"),
        ({"track_opens": "all"}, "Choose how opens and clicks are counted"),
        ({"expires_at": "tomorrow"}, "Write a day and a time"),
    ],
)
def test_what_is_wrong_stands_beside_its_field(made, marketer_client, change, said):
    draft = campaign(made["campaign"])
    form = {
        "name": "x", "audience_id": draft.audience_id, "template_id": draft.template_id,
        "sender_id": draft.sender_id, "track_opens": "off", "track_clicks": "off",
    }  # fmt: skip
    answer = marketer_client.post("/campaigns/", data=form | change)
    assert answer.status_code == 422
    assert said in answer.text
    assert "is-invalid" in answer.text or "track" in str(change)


def test_the_overview_of_a_draft_offers_the_launch(made, marketer_client):
    page = marketer_client.get(made["url"]).text
    for part in ("Send now", "Schedule", "Pre-flight", "Send me a test", "Europe/Prague"):
        assert part in page
    fragment = marketer_client.get(f"{made['url']}/preflight", headers={"HX-Request": "true"}).text
    assert "1 contact gets the letter." in fragment
    assert "<html" not in fragment
    assert "1 contact gets the letter." in marketer_client.get(f"{made['url']}/preflight").text
    assert "Draft" in marketer_client.get(f"{made['url']}/status").text


def test_send_now_freezes_rings_and_does_it_once(made, marketer_client, queue):
    for _press in range(3):
        answer = marketer_client.post(f"{made['url']}/send")
        assert answer.status_code == 302
    assert queue.asked.count(("plan_campaign", (made["campaign"],))) == 1
    assert campaign(made["campaign"]).status == "sending"
    with reading() as session:
        sends = sa.select(AuditEntry.user_id).where(AuditEntry.act == "campaign.send")
        assert len(session.scalars(sends).all()) == 1
    page = marketer_client.get(made["url"]).text
    assert f"/delivery/campaigns/{made['campaign']}/progress" in page
    assert "Send now" not in page


def test_a_campaign_that_is_not_ready_says_all_that_is_missing(made, marketer_client):
    with transaction() as session:
        session.execute(sa.update(Template).values(subject="", source="{{ oops"))
    answer = marketer_client.post(f"{made['url']}/send")
    assert answer.status_code == 409
    assert "has no subject" in answer.text
    assert "Line 1" in answer.text
    assert campaign(made["campaign"]).status == "draft"


def test_scheduling_by_the_firms_clock_and_back(made, marketer_client):
    day = (now() + timedelta(days=40)).strftime("%Y-%m-%dT09:30")
    assert marketer_client.post(f"{made['url']}/schedule", data={"scheduled_at": day}).status_code == 302
    assert campaign(made["campaign"]).status == "scheduled"
    assert day.replace("T", " ") in marketer_client.get(made["url"]).text
    assert marketer_client.get(f"{made['url']}/edit").status_code == 200
    assert marketer_client.post(f"{made['url']}/unschedule").status_code == 302
    assert campaign(made["campaign"]).status == "draft"
    assert marketer_client.post(f"{made['url']}/schedule", data={"scheduled_at": "soon"}).status_code == 422
    past = marketer_client.post(f"{made['url']}/schedule", data={"scheduled_at": "2020-01-01T10:00"})
    assert past.status_code == 422


def test_pausing_resuming_and_cancelling(made, marketer_client):
    marketer_client.post(f"{made['url']}/send")
    for verb, status in (("pause", "paused"), ("resume", "sending"), ("cancel", "cancelled")):
        assert marketer_client.post(f"{made['url']}/{verb}").status_code == 302
        assert campaign(made["campaign"]).status == status
        assert marketer_client.get(made["url"]).status_code == 200
    assert marketer_client.post(f"{made['url']}/resume").status_code == 409
    changed = marketer_client.post(f"{made['url']}/edit", data={"name": "x"})
    assert changed.status_code in (409, 422)


def test_a_missed_schedule_is_asked_about(made, marketer_client):
    with transaction() as session:
        row = session.get_one(Campaign, made["campaign"])
        row.status, row.pause_reason = Status.PAUSED, "Its time came while nothing was running here."
    page = marketer_client.get(made["url"]).text
    assert "Its time came" in page
    assert f"{made['url']}/resume" in page


def test_the_letter_is_shown_as_a_contact_and_alone(made, marketer_client):
    page = marketer_client.get(f"{made['url']}/content?contact_id={made['contact']}").text
    assert "<iframe" in page
    assert "sandbox" in page
    letter = marketer_client.get(f"{made['url']}/letter?contact_id={made['contact']}")
    assert "Dear Ann" in letter.text
    assert letter.headers["Content-Security-Policy"].startswith("sandbox;")
    assert "script-src" not in letter.headers["Content-Security-Policy"]
    text = marketer_client.get(f"{made['url']}/content?view=text&contact_id={made['contact']}").text
    assert "Dear Ann" in text
    assert "Ann" in marketer_client.get(f"{made['url']}/content?as=ann").text


def test_a_broken_letter_is_said_not_shown(made, marketer_client):
    with transaction() as session:
        session.execute(sa.update(Template).values(source="a\n{{ oops"))
    assert "Line 2" in marketer_client.get(f"{made['url']}/content").text
    assert marketer_client.get(f"{made['url']}/letter").status_code == 422


def test_a_test_letter_goes_to_whoever_asks(made, marketer_client, settings):
    answer = marketer_client.post(
        f"{made['url']}/test", data={"contact_id": made["contact"]}, follow_redirects=True
    )
    assert "A test letter went to marketer" in answer.text


def test_nothing_stored_becomes_a_tag(made, marketer_client):
    with transaction() as session:
        row = session.get_one(Campaign, made["campaign"])
        row.name = row.pause_reason = BAD
        audience = factories.make_audience(session, "all", BAD)
        row.audience = audience
        row.template = factories.make_template(session, name=BAD, subject=BAD)
        row.sender = factories.make_sender(session, "bad@example.com", name=BAD)
    for path in ("", "/content", "/preflight", "/edit"):
        page = marketer_client.get(made["url"] + path).text
        assert "<script>alert" not in page
    assert "<script>alert" not in marketer_client.get("/campaigns/").text


POSTS = ("send", "schedule", "unschedule", "pause", "resume", "cancel", "duplicate", "test", "edit")


@pytest.mark.parametrize("verb", POSTS)
def test_a_salesperson_can_do_none_of_it(made, salesperson_client, verb, queue):
    before = campaign(made["campaign"]).updated_at
    assert salesperson_client.post(f"{made['url']}/{verb}").status_code == 403
    assert campaign(made["campaign"]).updated_at == before
    assert queue.asked == []


def test_pages_are_not_for_salespeople_or_strangers(made, salesperson_client, client):
    for path in (
        "/campaigns/",
        "/campaigns/new",
        made["url"],
        f"{made['url']}/content",
        f"{made['url']}/letter",
    ):
        assert salesperson_client.get(path).status_code == 403
        assert client.get(path).status_code == 302


def test_forms_need_their_token(made, sign_in):
    browser = sign_in(Role.MARKETER)
    for verb in POSTS:
        assert browser.post(f"{made['url']}/{verb}", csrf=False).status_code == 400
    assert campaign(made["campaign"]).status == "draft"


def test_what_is_not_there_is_said(made, marketer_client):
    for path in (
        "/campaigns/999",
        "/campaigns/999/content",
        "/campaigns/999/letter",
        "/campaigns/999/status",
    ):
        assert marketer_client.get(path).status_code == 404
    for verb in POSTS:
        assert marketer_client.post(f"/campaigns/999/{verb}").status_code in (404, 422)


def test_looking_changes_nothing(made, marketer_client, queue):
    before = campaign(made["campaign"])
    for path in ("", "/content", "/letter", "/preflight", "/status", "/edit"):
        marketer_client.get(made["url"] + path)
    after = campaign(made["campaign"])
    assert (before.status, before.updated_at) == (after.status, after.updated_at)
    assert queue.asked == []


def test_a_campaign_is_about_letters_in_general_or_one_topic(made, marketer_client):
    assert "What it is about" not in marketer_client.get("/campaigns/new").text  # nothing to choose from
    draft = campaign(made["campaign"])
    with transaction() as session:
        topics.create(session, "Special offers")
    form = {
        "name": "x", "audience_id": draft.audience_id, "template_id": draft.template_id,
        "sender_id": draft.sender_id, "purpose": "mail:special-offers",
    }  # fmt: skip
    answer = marketer_client.post(f"{made['url']}/edit", data=form, follow_redirects=True)
    assert "<dt>About</dt><dd>Special offers</dd>" in answer.text
    assert campaign(made["campaign"]).purpose == "mail:special-offers"
    assert 'value="mail:special-offers" selected' in marketer_client.get(f"{made['url']}/edit").text
    copy = marketer_client.post(f"{made['url']}/duplicate").location.split("/")[2]
    assert campaign(int(copy)).purpose == "mail:special-offers"

    for unknown in ("mail:other", "tracking", ""):
        answer = marketer_client.post(f"{made['url']}/edit", data=form | {"purpose": unknown})
        assert answer.status_code == 422
        assert "Choose what the letter is about" in answer.text
