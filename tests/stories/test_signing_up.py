"""In a real browser, with scripts and without: sign up, confirm, get a coupon, redeem it, bring a friend."""

import re
import threading
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer

import pytest
import sqlalchemy as sa
from flask_security import hash_password
from playwright.sync_api import expect

from campaigns.accounts.models import Role
from campaigns.consent import gate, topics
from campaigns.contacts.models import Contact
from campaigns.crm.models import Purchase
from campaigns.database import reading, transaction
from campaigns.processes import free_port
from tests import factories
from tests.browser import sign_in, wrong_in_any_look
from tests.signup.filling_in import link, mailed

PASSWORD = "four unrelated words"
_AS_LONG_AS_A_PERSON = 2_100  # ms; what is filled in faster is shown once more


@pytest.fixture
def firm(app, live_server):
    """A firm with a marketer, a salesperson and a topic."""
    with app.app_context(), transaction() as session:
        hashed = hash_password(PASSWORD)
        factories.make_organisation(session)
        factories.make_sender(session)
        factories.make_user(session, Role.MARKETER, email="mia@example.com", name="Mia", password=hashed)
        factories.make_user(session, Role.SALESPERSON, email="sam@example.com", name="Sam", password=hashed)
        topics.create(session, "Offers")
    return live_server


@contextmanager
def somebody(browser, *, scripts=True, size=(1280, 900)):
    """A browser of somebody who is not signed in."""
    context = browser.new_context(
        java_script_enabled=scripts, viewport={"width": size[0], "height": size[1]}, locale="en-GB"
    )
    page = context.new_page()
    yield page
    context.close()


@contextmanager
def site(folder):
    """Somebody else's site: to a browser “localhost” is another one than 127.0.0.1."""
    handler = partial(SimpleHTTPRequestHandler, directory=str(folder))
    server = ThreadingHTTPServer(("127.0.0.1", free_port()), handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://localhost:{server.server_port}"
    server.shutdown()
    server.server_close()


def letter(to):
    """The confirming page that the newest letter leads to."""
    return next(link(raw) for address, raw in reversed(mailed()) if address == to and b"/s/" in raw)


def make_form(browser, firm) -> str:
    """What the marketer does; returns the form's address."""
    with somebody(browser) as page:
        sign_in(page, firm, "mia@example.com", PASSWORD)
        for name, worth in (("Blades", "10 % off a saw blade"), ("Friends", "A free pencil")):
            page.goto(f"{firm}/rewards/")
            page.get_by_label("Name").fill(name)
            page.get_by_label("Worth").fill(worth)
            page.get_by_role("button", name="Add").click()
        page.goto(f"{firm}/forms/new")
        page.get_by_label("Name", exact=False).first.fill("Fair in Brno")
        page.get_by_label("Step of “City”").select_option("2")
        page.get_by_label("Offers", exact=True).check()
        page.get_by_label("A coupon", exact=True).select_option(label="Blades")
        page.get_by_label("A coupon for each friend they bring").select_option(label="Friends")
        page.get_by_role("button", name="Make the form").click()
        page.get_by_role("button", name="Open").click()
        expect(page.get_by_role("button", name="Close")).to_be_visible()
        found = page.locator("a", has_text=re.compile(r"/f/\w+$")).inner_text()
    with reading() as session:
        base = re.sub(r"/f/.*", "", found)
        assert session.scalar(sa.select(sa.func.count()).select_from(Contact)) == 0
    return found.replace(base, firm)


def fill_in(page, address, email, *, scripts):
    """Sign up as a person does; with scripts step by step."""
    page.goto(address)
    page.get_by_label("Email address").fill(email)
    page.get_by_label("First name").fill("Ann")
    if scripts:
        expect(page.get_by_label("City")).to_be_hidden()
        page.get_by_role("button", name="Next").click()
    page.get_by_label("City").fill("Brno")
    page.get_by_label("Offers", exact=True).check()
    assert wrong_in_any_look(page) == [] if scripts else True
    page.wait_for_timeout(_AS_LONG_AS_A_PERSON)
    page.get_by_role("button", name="Sign up").click()
    expect(page.get_by_role("heading", name="Look into your mail")).to_be_visible()


@pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "none"])
def test_from_the_form_to_the_counter_and_a_friend(browser, firm, scripts):
    address = make_form(browser, firm)

    with somebody(browser, scripts=scripts, size=(390, 844)) as page:
        fill_in(page, address, "ann@example.com", scripts=scripts)
        page.goto(firm + letter("ann@example.com"))
        page.get_by_role("button", name="Yes, confirm").click()
        expect(page.get_by_text("Your coupon: 10 % off a saw blade")).to_be_visible()
        code = page.locator(".coupon").inner_text()
        way = re.sub(r"^https?://[^/]+", firm, page.locator("a", has_text="?by=").inner_text())

    with somebody(browser, scripts=scripts) as page:
        fill_in(page, way, "bob@example.org", scripts=scripts)
        page.goto(firm + letter("bob@example.org"))
        page.get_by_role("button", name="Yes, confirm").click()
        expect(page.get_by_text("Your coupon")).to_be_visible()

    with somebody(browser) as page:
        sign_in(page, firm, "sam@example.com", PASSWORD)
        page.goto(f"{firm}/rewards/counter")
        page.get_by_label("Code of a coupon").fill(code)
        page.get_by_role("button", name="Look").click()
        page.get_by_label("What was bought").fill("Saw blade")
        page.get_by_label("Paid, in EUR").fill("24.90")
        page.get_by_role("button", name="Redeem").click()
        expect(page.get_by_text("Noted.")).to_be_visible()

    with reading() as session:
        [ann] = session.scalars(sa.select(Contact).where(Contact.email == "ann@example.com"))
        assert gate.refusals(session, [ann.id], "mail:offers") == {}
        assert [(one.contact_id, one.amount) for one in session.scalars(sa.select(Purchase))] == [
            (ann.id, 2490)
        ]

    with somebody(browser) as page:
        sign_in(page, firm, "mia@example.com", PASSWORD)
        page.goto(f"{firm}/contacts/{ann.id}")
        panel = page.locator("#part-rewards")
        expect(panel.get_by_text("A free pencil")).to_be_visible()
        expect(
            panel.get_by_text("bob@example.org").or_(panel.get_by_role("link", name="Ann"))
        ).to_be_visible()


def test_the_form_in_a_frame_of_another_site_and_a_plain_form_there(browser, firm, tmp_path):
    address = make_form(browser, firm)
    key = address.rpartition("/")[2]
    (tmp_path / "frame.html").write_text(
        f'<iframe src="{address}?framed=1" width="600" height="700"></iframe>'
    )
    (tmp_path / "plain.html").write_text(
        f'<form method="post" action="{firm}/f/{key}"><input name="email"><button>Go</button></form>'
    )
    with site(tmp_path) as other, somebody(browser) as page:
        page.goto(f"{other}/frame.html")
        frame = page.frame_locator("iframe")
        frame.get_by_label("Email address").fill("ann@example.com")
        frame.get_by_role("button", name="Next").click()
        page.wait_for_timeout(_AS_LONG_AS_A_PERSON)
        frame.get_by_role("button", name="Sign up").click()
        expect(frame.get_by_role("heading", name="Look into your mail")).to_be_visible()
        assert page.context.cookies() == []

    with site(tmp_path) as other, somebody(browser) as page:
        page.goto(f"{other}/plain.html")
        page.locator("input").fill("bob@example.org")
        page.get_by_role("button", name="Go").click()
        expect(page.get_by_label("Email address")).to_have_value("bob@example.org")
        page.get_by_role("button", name="Next").click()
        page.wait_for_timeout(_AS_LONG_AS_A_PERSON)
        page.get_by_role("button", name="Sign up").click()
        expect(page.get_by_role("heading", name="Look into your mail")).to_be_visible()

    assert sorted(to for to, _raw in mailed()) == ["ann@example.com", "bob@example.org"]
