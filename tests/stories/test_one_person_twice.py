"""In a real browser: somebody who is in the list twice is found, merged, and taken apart again."""

import pytest
from flask_security import hash_password
from playwright.sync_api import Page, expect

from campaigns.cleaning import running
from campaigns.cleaning.models import Scope
from campaigns.consent import gate, leaving
from campaigns.consent.standing import Method
from campaigns.contacts.models import Contact
from campaigns.database import reading, transaction
from tests import factories
from tests.browser import sign_in, wrong_in_any_look

PASSWORD = "four unrelated words"


@pytest.fixture
def marketer(app, live_server, page) -> Page:
    """A browser signed in as a marketer; Anna is in the list twice, and left the letters under one name."""
    with app.app_context(), transaction() as session:
        factories.make_organisation(session)
        factories.make_user(session, email="mia@example.com", name="Mia", password=hash_password(PASSWORD))
        company = factories.make_company(session, "Mills")
        anna = {"first_name": "Anna", "last_name": "Malá"}
        factories.make_contact(session, "anna@mills.cz", phone="+420601000001", company_id=company.id, **anna)
        other = factories.make_contact(
            session, "mala.anna@gmial.com", company_id=company.id, city="Brno", **anna
        )
        factories.make_activity(session, other, summary="Spoke at the fair")
        leaving.unsubscribe(session, other.id, "page", Method.PAGE)
        factories.make_contact(session, "petr@mills.cz", first_name="Petr", company_id=company.id)
    sign_in(page, live_server, "mia@example.com", PASSWORD)
    page.emulate_media(reduced_motion="reduce")
    return page


def refused() -> set[str]:
    with reading() as session:
        emails = {contact.id: contact.email for contact in session.query(Contact)}
        return {emails[number] for number in gate.refusals(session, list(emails))}


def test_somebody_who_is_in_the_list_twice(marketer, live_server):
    page = marketer
    page.goto(f"{live_server}/cleaning/")
    expect(page.get_by_role("heading", name="No duplicates are known")).to_be_visible()
    page.get_by_role("button", name="Look through all contacts").click()
    expect(page.get_by_text("Waiting for a worker")).to_be_visible()
    with reading() as session:
        run = running.newest(session, Scope.ALL)
    running.run(run.id)  # what a worker does

    expect(page.get_by_role("link", name="Compare Anna Malá and Anna Malá")).to_be_visible(timeout=10_000)
    assert wrong_in_any_look(page) == []
    page.get_by_role("link", name="Compare Anna Malá and Anna Malá").click()
    expect(page.get_by_role("radio", name="anna@mills.cz")).to_be_checked()
    assert wrong_in_any_look(page) == []
    page.get_by_role("button", name="Merge the two").press("Enter")

    expect(page.get_by_text("The two are one contact now.")).to_be_visible()
    expect(page.get_by_text("Also known as mala.anna@gmial.com")).to_be_visible()
    expect(page.get_by_text("Spoke at the fair")).to_be_visible()
    assert refused() == {"anna@mills.cz"}
    assert wrong_in_any_look(page) == []

    page.get_by_role("link", name="Anna Malá <mala.anna@gmial.com>").click()
    assert wrong_in_any_look(page) == []
    page.get_by_role("button", name="Take it back").click()
    page.get_by_role("dialog").get_by_role("button", name="Take it back").click()
    expect(page.get_by_text("They are two contacts again.")).to_be_visible()
    assert refused() == {"mala.anna@gmial.com"}
    page.goto(f"{live_server}/cleaning/?status=not_same")
    expect(page.get_by_role("button", name="Propose Anna Malá and Anna Malá again")).to_be_visible()
    assert wrong_in_any_look(page) == []


def test_a_mistyped_address_is_corrected(marketer, live_server):
    page = marketer
    with transaction() as session:
        run = running.start(session, Scope.ALL)
    running.run(run.id)
    page.goto(f"{live_server}/cleaning/addresses")
    assert wrong_in_any_look(page) == []
    page.get_by_role("link", name="Likely mistyped").click()
    page.get_by_role("link", name="Anna Malá").click()
    expect(page.get_by_text("Likely mala.anna@gmail.com")).to_be_visible()
    assert wrong_in_any_look(page) == []
    page.get_by_role("button", name="Use that").click()
    page.get_by_role("dialog").get_by_role("button", name="Use that").click()

    expect(page.get_by_text("The address is mala.anna@gmail.com now.")).to_be_visible()
    assert refused() == {"mala.anna@gmail.com"}
