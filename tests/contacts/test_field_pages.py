"""Fields and details in a real browser: by keyboard, at 320 px, light and dark, and without JavaScript."""

import pytest
from flask_security import hash_password
from playwright.sync_api import expect

from campaigns.accounts.models import Role
from campaigns.contacts import field_defining, fields
from campaigns.contacts.models import Contact
from campaigns.database import now, reading, transaction
from campaigns.delivery.single import LetterStatus
from campaigns.preferences import requesting
from campaigns.preferences.models import DetailsRequest
from tests import factories
from tests.browser import listen, sign_in, wrong_in_any_look

PASSWORD = "four unrelated words"
KINDS = ("text", "number", "money", "date", "day", "choice", "choices", "yes_no", "phone", "link")


@pytest.fixture
def filled(app):
    """A firm with a field of every kind, a contact who has them all, and a letter that asks her."""
    with app.app_context(), transaction() as session:
        factories.make_organisation(session)
        factories.make_user(session, Role.ADMIN, email="eva@example.com", password=hash_password(PASSWORD))
        factories.make_sender(session)
        for kind in KINDS:
            unit = {"money": "CZK", "number": "kg"}.get(kind, "")
            more = {"section": "Farm" if kind > "m" else "", "options": "Tea\nMilk", "shared": "1"}
            field_defining.add(session, {"name": f"A {kind}", "kind": kind, "unit": unit} | more)
        field_defining.add(session, {"name": "Founded", "kind": "date", "about": "company"})
        mills = factories.make_company(session, headcount=120, legal_form="a.s.")
        fields.write(session, mills, {"founded": "1990-01-02"})
        anna = factories.make_contact(
            session, "anna@example.com", first_name="Anna", company_id=mills.id, fields={"Old column": "12"},
            decision_role="decides", handles=[{"kind": "telegram", "name": "@anna"}], language="en",
        )  # fmt: skip
        anna.origins = {"phone": ["person", now().isoformat()], "fields.a_day": ["user:1", now().isoformat()]}
        some = {
            "a_text": "long", "a_number": "1200.5", "a_money": "3", "a_date": "2026-03-31", "a_day": "03-31",
            "a_choice": "Tea", "a_choices": ["Tea", "Milk"], "a_yes_no": "no", "a_phone": "+420777123456",
            "a_link": "https://example.com/anna",
        }  # fmt: skip
        fields.write(session, anna, some, language="en")
        asked = DetailsRequest(contact_id=anna.id, status=LetterStatus.SENT, sent_at=now())
        session.add(asked)
        session.flush()
        return {"contact": anna.id, "company": mills.id, "request": asked}


@pytest.fixture
def signed_in(filled, live_server, page):
    """A browser in which an administrator is signed in."""
    sign_in(page, live_server, "eva@example.com", PASSWORD)
    return page


def letter(filled):
    """The path of the page that the letter leads to."""
    return "/d/" + requesting.link(filled["request"]).partition("/d/")[2]


PAGES = [
    "/fields/", "/fields/?about=company", "/fields/new", "/fields/new?column=Old%20column", "/fields/1/edit",
    "/contacts/1", "/contacts/1/edit", "/contacts/to-confirm?days=90", "/companies/1", "/companies/1/edit",
    "/d/broken", "the letter's",
]  # fmt: skip


def test_all_pages_can_be_used_by_everybody(filled, signed_in, live_server):
    complaints, problems = listen(signed_in), {}
    signed_in.emulate_media(reduced_motion="reduce")
    for address in PAGES:
        complaints.clear()
        signed_in.goto(live_server + (letter(filled) if address == PAGES[-1] else address))
        found = wrong_in_any_look(signed_in) + [text for text in complaints if "404" not in text]
        if found:
            problems[address] = found

    assert problems == {}


def test_a_field_is_added_and_moved_by_keyboard(filled, signed_in, live_server):
    page = signed_in
    page.goto(f"{live_server}/fields/new")
    page.locator("#f-name").focus()
    page.keyboard.type("Colour")
    page.keyboard.press("Tab")
    assert not page.locator("#f-options").is_visible()
    page.locator("#f-kind").select_option("choice")
    assert page.locator("#f-options").is_visible()
    assert not page.locator("#f-unit").is_visible()
    page.locator("#f-options").focus()
    page.keyboard.type("Red\nBlue")
    page.get_by_role("button", name="Add field").focus()
    page.keyboard.press("Enter")
    page.wait_for_url("**/fields/?about=contact")

    page.get_by_role("button", name="Move “Colour” up").focus()
    for _time in range(2):
        with page.expect_navigation():
            page.keyboard.press("Enter")
        expect(page.get_by_role("button", name="Move “Colour” up")).to_be_focused()

    with reading() as session:
        assert list(fields.known(session)).index("colour") == len(KINDS) - 2


def test_details_are_corrected_without_javascript(filled, live_server, page):
    with page.context.browser.new_context(java_script_enabled=False) as plain:
        shown = plain.new_page()
        shown.goto(live_server + letter(filled))
        assert shown.get_by_label("A date", exact=True).input_value() == "2026-03-31"
        shown.get_by_label("First name").fill("Hana")
        shown.get_by_label("Milk").uncheck()
        shown.get_by_label("A yes_no").select_option("yes")
        shown.get_by_role("button", name="This is right").click()
        assert "Thank you" in shown.inner_text("main")

    with reading() as session:
        anna = session.get(Contact, filled["contact"])
        assert (anna.first_name, anna.fields["a_choices"], anna.fields["a_yes_no"]) == ("Hana", ["Tea"], True)
        assert (anna.fields["a_number"], anna.fields["a_money"]) == ("1200.5", "3.00")
