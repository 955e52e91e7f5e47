"""The wizard in a browser: a workbook is chosen, looked at ahead, imported, and taken back."""

import pytest
from flask_security import hash_password

from campaigns.accounts.models import Role
from campaigns.contacts.models import Contact
from campaigns.database import reading, transaction
from campaigns.imports import running
from tests import factories
from tests.browser import DESKTOP, NARROW, axe_problems, sideways_pixels, sign_in
from tests.imports.test_workbooks import PEOPLE, workbook

PASSWORD = "four unrelated words"


@pytest.fixture
def wizard(app, live_server, page):
    """A marketer's browser on the page of imports."""
    with app.app_context(), transaction() as session:
        factories.make_organisation(session)
        factories.make_user(session, Role.MARKETER, email="m@example.com", password=hash_password(PASSWORD))
    sign_in(page, live_server, "m@example.com", PASSWORD)
    page.set_default_timeout(60_000)  # ms; the machine may be busy
    page.goto(f"{live_server}/imports/")
    return page


def people() -> int:
    """How many contacts there are."""
    with reading() as session:
        return session.query(Contact).count()


def is_fine(page) -> None:
    """Axe finds nothing, and nothing scrolls sideways at 320 px."""
    assert axe_problems(page) == []
    page.set_viewport_size(NARROW)
    assert sideways_pixels(page) == 0
    page.set_viewport_size(DESKTOP)


def test_from_the_workbook_to_the_contacts_and_back(wizard, tmp_path):
    book = tmp_path / "people.xlsx"
    book.write_bytes(workbook(("People", PEOPLE), ("Notes", [["Call them", "soon"]])))
    wizard.set_input_files("input[name=file]", book)
    wizard.click("text=Look at it")
    wizard.wait_for_selector("text=What the columns are")
    assert "People, 3 rows" in wizard.content()
    is_fine(wizard)

    wizard.check("input[name=basis][value=consent]")
    wizard.fill("input[name=source]", "Trade fair in Brno")
    wizard.click("button:has-text('Show what would change')")
    wizard.wait_for_selector("#difference")
    assert people() == 0
    is_fine(wizard)

    wizard.click("button:has-text('Start the import')")
    wizard.wait_for_selector("text=rows read")
    running.run(1)
    wizard.wait_for_selector("text=Undo this import")
    assert people() == 2
    is_fine(wizard)

    wizard.click("button:has-text('Undo this import')")
    wizard.click("dialog[open] [data-confirm-yes]")
    wizard.wait_for_selector("text=Deleted again")
    assert people() == 0
    is_fine(wizard)
