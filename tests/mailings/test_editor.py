"""The template editor and the launch in a real browser: typing, saving by itself, sending with one press."""

import pytest
import sqlalchemy as sa
from flask_security import hash_password

from campaigns.accounts.models import Role
from campaigns.database import reading, transaction
from campaigns.mailings.models import Campaign, Template
from tests import factories
from tests.browser import NARROW, axe_problems, sideways_pixels, sign_in

PASSWORD = "a long one for tests"


@pytest.fixture
def marketer(app, live_server, page):
    with app.app_context(), transaction() as session:
        factories.make_organisation(session)
        user = factories.make_user(session, Role.MARKETER, password=hash_password(PASSWORD))
        factories.make_contact(session, "ann@example.com", first_name="Ann", last_name="Zeman")
        factories.make_campaign(session, name="Spring")
    sign_in(page, live_server, user.email, PASSWORD)
    return page


def test_the_editor_keeps_previews_and_points_at_problems(marketer, live_server):
    page = marketer
    page.goto(live_server + "/templates/new")
    page.get_by_role("button", name="Begin with this").first.click()
    page.wait_for_url("**/templates/*")
    frame = page.frame_locator("#preview iframe")
    frame.get_by_text("Dear Anna").wait_for()
    assert axe_problems(page) == []

    page.fill("#f-subject", "For ")
    page.locator("#f-subject").press("End")
    page.select_option("#picked", "contact.company")
    page.click("[data-insert-field]")
    page.get_by_text("For Example Mills").wait_for()
    page.click("#as-contact summary")
    page.fill("#as", "zem")
    page.get_by_text("Ann Zeman").click()
    frame.get_by_text("Dear Ann,").wait_for()
    page.get_by_text("For your firm").wait_for()

    source = page.input_value("#f-source")
    page.fill("#f-source", source + "\n{{ oops() }}")
    page.get_by_role("button", name="Go to line").click()
    assert page.evaluate("getSelection().toString()") == "{{ oops() }}"
    assert axe_problems(page) == []
    page.fill("#f-source", source)
    page.get_by_role("radio", name="Text").check()
    page.locator("pre.letter-text", has_text="Dear Ann,").wait_for()
    with reading() as session:
        kept = session.scalar(sa.select(Template).where(Template.name == "Newsletter"))
        assert kept.subject == 'For {{ contact.company|default("your firm") }}'
        assert kept.source == source.strip("\n") or kept.source == source


def test_a_campaign_is_sent_with_one_press_and_one_yes(marketer, live_server):
    page = marketer
    page.goto(live_server + "/campaigns/")
    page.get_by_role("link", name="Spring").click()
    page.get_by_text("1 contact gets the letter.").wait_for()
    assert axe_problems(page) == []
    page.set_viewport_size(NARROW)
    assert sideways_pixels(page) == 0
    page.get_by_role("button", name="Send now").click()
    page.locator("#confirm").get_by_role("button", name="Send now").click()
    page.locator("#progress").wait_for()
    assert axe_problems(page) == []
    with reading() as session:
        assert session.scalar(sa.select(Campaign.status)) == "sending"
