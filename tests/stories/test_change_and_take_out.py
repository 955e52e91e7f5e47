"""In a real browser: many contacts changed, counted before, undone after; then taken out as a file."""

import csv
import re

import pytest
import sqlalchemy as sa
from flask_security import hash_password
from playwright.sync_api import Page, expect

from campaigns.contacts import bulk_running
from campaigns.contacts.models import Contact, contact_tag
from campaigns.database import reading, transaction
from campaigns.exports import asking, running
from tests import factories
from tests.browser import sign_in, wrong_in_any_look

PASSWORD = "four unrelated words"
_PATIENCE = 60_000  # ms; the machine may be busy


@pytest.fixture
def marketer(app, live_server, page) -> Page:
    """A browser signed in as a marketer who has some contacts."""
    with app.app_context(), transaction() as session:
        factories.make_organisation(session)
        factories.make_user(session, email="mia@example.com", name="Mia", password=hash_password(PASSWORD))
        for number in range(5):
            contact = factories.make_contact(
                session, f"person{number}@example.com", first_name=f"Person {number}", city="Brno"
            )
            factories.grant_consent(session, contact, "ad_platforms")
        factories.make_audience(session, "city:Brno", "People of Brno")
    page.set_default_timeout(_PATIENCE)
    expect.set_options(timeout=_PATIENCE)
    sign_in(page, live_server, "mia@example.com", PASSWORD)
    page.emulate_media(reduced_motion="reduce")
    return page


def tagged() -> int:
    with reading() as session:
        return session.scalar(sa.select(sa.func.count()).select_from(contact_tag))


def test_a_bulk_edit_is_counted_done_and_undone(marketer, live_server):
    page = marketer
    page.goto(f"{live_server}/contacts/")
    page.get_by_label("Tick Person 1").check()
    page.get_by_label("Tick Person 3").check()
    page.get_by_label("What to do").select_option("tag")
    page.get_by_role("combobox", name="Tag").last.fill("spring")
    page.get_by_role("combobox", name="Tag").last.blur()
    expect(page.locator(".bulk-count")).to_have_text("This changes all 2.")
    assert wrong_in_any_look(page) == []
    page.get_by_role("button", name="Do it").click()

    expect(page.get_by_text("“spring” was put on 2 contacts.")).to_be_visible()
    assert tagged() == 2
    page.get_by_role("link", name="Look at it or undo it").click()
    assert wrong_in_any_look(page) == []
    page.get_by_role("button", name="Undo").click()
    page.get_by_role("dialog").get_by_role("button", name="Undo").click()
    expect(page.get_by_text("2 of 2 put back")).to_be_visible()
    assert tagged() == 0
    page.goto(f"{live_server}/contacts/edits/")
    expect(page.get_by_text("Undone", exact=True)).to_be_visible()
    assert wrong_in_any_look(page) == []


def test_an_audience_gets_a_field_in_the_background(marketer, live_server, monkeypatch):
    monkeypatch.setattr(bulk_running, "AT_ONCE", 1)
    page = marketer
    page.goto(f"{live_server}/contacts/all?chosen=audience:1")
    page.get_by_label("What to do").select_option("field")
    page.get_by_label("Field").select_option("country")
    page.locator("select#f-set_value").select_option("CZ")
    expect(page.locator(".bulk-count")).to_contain_text("This changes all 5.")
    assert wrong_in_any_look(page) == []
    page.get_by_role("button", name="Do it").click()
    expect(page.get_by_text("waiting for a worker")).to_be_visible()
    assert wrong_in_any_look(page) == []

    bulk_running.run(1)

    expect(page.get_by_role("button", name="Undo")).to_be_visible()
    with reading() as session:
        assert set(session.scalars(sa.select(Contact.country))) == {"CZ"}


def test_contacts_are_taken_out_as_a_file(marketer, live_server, tmp_path, monkeypatch):
    page = marketer
    page.goto(f"{live_server}/contacts/?q=person")
    page.get_by_role("link", name="Export").click()
    page.get_by_role("checkbox", name="First name").check()
    page.get_by_role("checkbox", name="Last name").uncheck()
    page.get_by_role("button", name="Move “First name” up").click()
    assert wrong_in_any_look(page) == []
    page.get_by_role("button", name="Make the file").click()
    assert wrong_in_any_look(page) == []
    with page.expect_download() as waiting:
        page.get_by_role("link", name="Download").click()
    waiting.value.save_as(tmp_path / "people.csv")

    rows = list(csv.reader((tmp_path / "people.csv").read_text("utf-8-sig").splitlines()))
    assert rows[0][:3] == ["First name", "Email", "Phone"]
    assert [row[1] for row in rows[1:]] == [f"person{number}@example.com" for number in range(5)]
    monkeypatch.setattr(asking, "AT_ONCE", 1)
    page.goto(f"{live_server}/exports/new?chosen=audience:1")
    page.get_by_label("Workbook (Excel)").check()
    page.get_by_role("button", name="Make the file").click()
    expect(page.get_by_text("waiting for a worker")).to_be_visible()
    running.run(2)
    expect(page.get_by_role("link", name="Download")).to_be_visible()
    page.goto(f"{live_server}/exports/")
    expect(page.get_by_role("link", name=re.compile("People of Brno"))).to_be_visible()
    assert wrong_in_any_look(page) == []


def test_a_list_for_an_ad_platform_and_one_for_the_printer(marketer, live_server):
    page = marketer
    page.goto(f"{live_server}/exports/ads/new?chosen=audience:1")
    assert wrong_in_any_look(page) == []
    page.get_by_role("button", name="Make the files").click()
    expect(page.get_by_text("everybody who was in an earlier file")).to_be_visible()
    assert wrong_in_any_look(page) == []
    page.goto(f"{live_server}/exports/new?chosen=audience:1")
    page.get_by_role("checkbox", name="City").check()
    page.get_by_role("link", name="Print instead").click()
    expect(page.get_by_role("columnheader", name="City")).to_be_visible()
    assert wrong_in_any_look(page) == []
