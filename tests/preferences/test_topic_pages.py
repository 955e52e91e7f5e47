"""Topics and the contact's own pages in a real browser: every look, a narrow screen, and no JavaScript."""

import pytest
from flask_security import hash_password
from playwright.sync_api import expect

from campaigns.consent import gate, topics
from campaigns.database import reading, transaction
from campaigns.tokens import Purpose, sign
from tests import factories
from tests.browser import listen, sign_in, wrong_in_any_look

PASSWORD = "four unrelated words"


@pytest.fixture
def links(app) -> tuple[str, str]:
    """The links of a letter about offers: to the settings, and to leave."""
    with app.app_context(), transaction() as session:
        factories.make_organisation(session)
        factories.make_user(session, email="eva@example.com", password=hash_password(PASSWORD))
        for name in ("Offers", "News"):
            topics.create(
                session, name, "Once a month, and never on a Sunday", {"cs": {"name": f"{name} cs"}}
            )
        ann = factories.make_contact(session, "ann@example.com")
        letter = factories.make_message(session, factories.make_campaign(session, purpose="mail:offers"), ann)
        who = (ann.id, letter.id)
    return f"/p/{sign(Purpose.PREFERENCES, *who)}", f"/u/{sign(Purpose.UNSUBSCRIBE, *who)}"


def test_all_pages_can_be_used_by_everybody(links, page, live_server):
    sign_in(page, live_server, "eva@example.com", PASSWORD)
    complaints, problems = listen(page), {}
    page.emulate_media(reduced_motion="reduce")
    for address in (
        "/topics/",
        "/topics/new",
        "/topics/1/edit",
        "/campaigns/new",
        "/campaigns/1/edit",
        *links,
    ):
        complaints.clear()
        page.goto(live_server + address)
        if found := wrong_in_any_look(page) + complaints:
            problems[address] = found
    page.goto(live_server + links[1])
    page.get_by_role("button", name="No more letters about").click()
    if found := wrong_in_any_look(page):
        problems["left"] = found

    assert problems == {}


def test_choices_are_made_without_javascript(links, browser, live_server):
    page = browser.new_context(java_script_enabled=False, locale="en").new_page()
    page.goto(live_server + links[0])
    page.get_by_role("group", name="Offers").get_by_label("No").check()
    page.get_by_label("Once a month at most").check()
    page.get_by_role("button", name="Save").click()

    expect(page.get_by_text("Saved.")).to_be_visible()
    expect(page.get_by_role("group", name="Offers").get_by_label("No")).to_be_checked()
    expect(page.get_by_role("group", name="News").get_by_label("Yes")).to_be_checked()
    with reading() as session:
        assert gate.refusals(session, [1], "mail:offers") == {1: "withdrawn"}
        assert gate.refusals(session, [1], "mail:news") == {1: "too_often"}
