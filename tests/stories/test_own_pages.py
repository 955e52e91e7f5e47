"""In a real browser, with scripts and without: pause, leave one topic, leave all and come back, be erased."""

import re
from datetime import timedelta

import pytest
import sqlalchemy as sa
from playwright.sync_api import expect

from campaigns.consent import gate, topics
from campaigns.contacts.models import Contact
from campaigns.database import now, reading, transaction
from campaigns.mail.capture import CapturedMail
from campaigns.mailings.models import Campaign
from campaigns.preferences import asking_out
from campaigns.rights import finishing
from campaigns.rights.models import Erasure
from tests import factories
from tests.delivery.launching import launch, plan, send

ANN = "ann@example.com"


@pytest.fixture
def letter(app, live_server, settings):
    """What Ann finds in a letter about offers: the addresses for her settings and for leaving."""
    with app.app_context(), transaction() as session:
        factories.make_organisation(session, language="en")
        factories.make_user(session)
        topics.create(session, "Offers")
        factories.make_contact(session, ANN, first_name="Ann", tracked=True)
        session.flush()
    with reading() as session:
        campaign = launch(session, html='<p><a href="{{ preferences_url }}">Settings</a></p>')
        session.execute(sa.update(Campaign).values(purpose="mail:offers"))
        session.commit()
    plan(campaign)
    send(campaign)
    return newest(settings, live_server)


def newest(settings, live_server) -> dict[str, str]:
    """The addresses in the newest letter, by the first word of their path."""
    mail = CapturedMail(settings.data_dir)
    raw = mail.read(mail.newest(1)[0].key).decode().replace("=\r\n", "").replace("=3D", "=")
    found = re.findall(r"https?://[^/\s\"<>]+(/(\w)/[\w-]+)", raw)
    return {kind: live_server + path for path, kind in found}


@pytest.fixture(params=[True, False], ids=["scripts", "none"])
def page(browser, request):
    """A phone of somebody who is not signed in."""
    context = browser.new_context(
        java_script_enabled=request.param, viewport={"width": 390, "height": 844}, locale="en-GB"
    )
    yield context.new_page()
    context.close()


def refused(purpose="mail"):
    with reading() as session:
        [number] = session.scalars(sa.select(Contact.id).where(Contact.email == ANN))
        return gate.refusals(session, [number], purpose).get(number)


def test_a_pause(letter, page):
    page.goto(letter["p"])
    page.get_by_label("Write nothing until").fill((now() + timedelta(days=30)).date().isoformat())
    page.get_by_role("button", name="Save").click()

    expect(page.get_by_text("Saved.")).to_be_visible()
    assert refused() == gate.Reason.PAUSED


def test_leaving_one_topic_and_then_everything_and_back(letter, page):
    page.goto(letter["u"])
    page.get_by_role("button", name="No more letters about “Offers”").click()
    expect(page.get_by_role("heading", name="No more letters about “Offers”")).to_be_visible()
    assert (refused("mail:offers"), refused()) == (gate.Reason.WITHDRAWN, None)

    page.get_by_role("button", name="No more letters at all").click()
    expect(page.get_by_role("heading", name="You are unsubscribed")).to_be_visible()
    assert refused() == gate.Reason.UNSUBSCRIBED

    page.get_by_role("button", name="Only pause for 3 months").click()
    assert refused() == gate.Reason.PAUSED


def test_being_erased(letter, page, settings, live_server):
    page.goto(letter["p"])
    page.get_by_role("button", name="Send me the link").click()
    expect(page.get_by_role("heading", name="Look into your mail")).to_be_visible()
    asking_out.send_waiting()
    page.goto(newest(settings, live_server)["d"])
    page.get_by_label("Yes, erase everything").check()
    page.get_by_role("button", name="Erase me").click()
    expect(page.get_by_role("heading").first).to_be_visible()

    with reading() as session:
        assert session.scalars(sa.select(Contact.email)).all() == []
        [number] = session.scalars(sa.select(Erasure.id))
    finishing.run(number)
    database = (settings.data_dir / "campaigns.db").read_bytes()
    assert ANN.encode() not in database
