"""The pages about sending speed as people see them: for everybody, on every screen."""

import re

import pytest
from flask_security import hash_password

from campaigns.database import now, transaction
from campaigns.delivery import buckets, destinations, limits
from campaigns.delivery.models import DomainPace, SenderPace
from tests import factories
from tests.browser import listen, sign_in, wrong_in_any_look
from tests.delivery.launching import launch, plan

PASSWORD = "four unrelated words"


@pytest.fixture
def campaign(app, session):
    """A campaign that is held back in every way there is, and an administrator."""
    with app.app_context():
        factories.make_user(session, email="ann@example.com", name="Ann", password=hash_password(PASSWORD))
    for number in range(300):
        factories.make_contact(session, f"p{number}@{('gmail', 'slow', 'other')[number % 3]}.example")
    made = launch(session)
    plan(made)
    today = now().date()
    with transaction() as other:
        pace = {"letters": 300, "per": 3600, "burst": 1, "warm_from": today}
        other.add(SenderPace(sender_id=made.sender_id, **pace, warm_day=today, warm_taken=199))
        other.add(DomainPace(domain="gmail.example", chosen=True, letters=20, per=60, burst=4, at_once=2))
        other.add(DomainPace(domain=DomainPace.OTHERS, chosen=True, letters=1, per=3600, burst=1))
    with transaction() as other:
        destinations.hold(other, "slow.example", "421 4.7.0 Too many letters from you, come back later")
    limits.forget()
    with transaction() as other:
        buckets.take(other, made.sender_id, {"gmail.example": 1})
    return made


@pytest.fixture
def draft(campaign, session):
    made = factories.make_campaign(session)
    session.commit()
    return made


def test_the_pages_can_be_used_by_everybody(campaign, draft, live_server, page):
    sign_in(page, live_server, "ann@example.com", PASSWORD)
    page.emulate_media(reduced_motion="reduce")
    complaints, problems = listen(page), {}
    for address in (
        "/settings/pace/",
        "/settings/pace/domain?name=gmail.example",
        "/settings/pace/domain?name=*",
        f"/settings/pace/senders/{campaign.sender_id}?preset=warm-up",
        f"/campaigns/{campaign.id}",
        f"/campaigns/{draft.id}",
    ):
        page.goto(live_server + address)
        page.wait_for_load_state("networkidle")
        if (found := wrong_in_any_look(page)) or complaints:
            problems[address] = [*found, *complaints]
            complaints.clear()

    assert problems == {}


def test_a_campaign_shows_why_it_is_slow_and_a_draft_how_long_it_takes(campaign, draft, live_server, page):
    sign_in(page, live_server, "ann@example.com", PASSWORD)

    page.goto(f"{live_server}/campaigns/{campaign.id}")
    page.get_by_text("Held to 300 letters an hour from news@example.com.").wait_for()
    shown = page.inner_text("#progress")
    assert "slow.example asked to try later" in shown
    assert "200 letters may go today" in shown
    assert page.get_by_text("slow.example asked").count() == 1  # once, though figures are asked for again

    page.goto(f"{live_server}/campaigns/{draft.id}")
    page.get_by_text(re.compile("What slows it down: the limit for other.example")).wait_for()
    with transaction() as session:
        for row in session.query(DomainPace):
            row.chosen = False
        session.delete(session.get_one(SenderPace, campaign.sender_id))
    limits.forget()
    page.goto(f"{live_server}/campaigns/{draft.id}")
    page.wait_for_load_state("networkidle")
    assert page.locator("section[aria-label='Sending speed']").count() == 0
