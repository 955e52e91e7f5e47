"""The editor's rows and groups in a real browser: the same rule as the text, by mouse, keyboard and phone."""

import re

import pytest
from flask_security import hash_password
from playwright.sync_api import expect

from campaigns import database
from campaigns.audiences import rules
from campaigns.contacts import field_defining
from tests import factories
from tests.browser import NARROW, axe_problems, listen, sideways_pixels, sign_in

PASSWORD = "four unrelated words"
RULE = (
    'category:"Cutters" and (tag in ("basic", "a, b") or not (city ~ "Brno" or birthday <= +7d)) and '
    'bought("Glue", since -12m, sum > 100 CZK) and last_contact < -90d and role:"decides" and '
    'fields."turnover" > 50 and fields."Old column":"x" and opened(last 3 campaigns) and consent:"granted"'
)


@pytest.fixture
def editor(app, live_server, page):
    """A browser, signed in, with somebody to be found."""
    with app.app_context(), database.transaction() as session:
        factories.make_organisation(session)
        factories.make_user(session, email="ann@example.com", name="Ann", password=hash_password(PASSWORD))
        for number in range(3):
            factories.make_contact(
                session, f"p{number}@example.com", categories=("Cutters",), tags=("basic",)
            )
        factories.make_contact(session, "other@example.com", tags=("basic",))
        field_defining.add(session, {"name": "Turnover", "kind": "number", "about": "contact"})
    sign_in(page, live_server, "ann@example.com", PASSWORD)
    complaints = listen(page)
    yield page
    assert complaints == []


def _rule(page):
    return page.locator("textarea[name=rule]")


def _text(page) -> str:
    return _rule(page).input_value()


def _count(page, number: int) -> None:
    expect(page.locator("#preview .stat-value")).to_have_text(str(number))


def test_rows_are_put_together_into_a_rule_and_counted(editor, live_server):
    editor.goto(f"{live_server}/audiences/new")
    editor.wait_for_selector("[data-builder-root] [data-act=add-row]")
    editor.locator("[data-act=add-row]").first.click()
    editor.locator("[data-row] [data-field]").select_option("category")
    editor.locator("[data-row] [data-text]").fill("Cutters")
    _count(editor, 3)
    editor.locator("[data-act=add-group]").first.click()
    editor.locator(".rule-group .rule-group [data-join]").select_option("none")
    editor.locator(".rule-group .rule-group [data-field]").select_option("email")
    editor.locator(".rule-group .rule-group [data-op]").select_option("~")
    editor.locator(".rule-group .rule-group [data-text]").fill("p1")
    _count(editor, 2)

    assert _text(editor) == 'category:"Cutters" and not email ~ "p1"'
    editor.locator("input[name=name]").fill("Made of rows")
    editor.get_by_role("button", name="Keep").click()
    editor.wait_for_url("**/audiences/1")
    assert 'not email ~ "p1"' in editor.locator("pre.rule-place").text_content()


def test_a_rule_goes_to_rows_and_back_without_loss(editor, live_server):
    editor.goto(f"{live_server}/audiences/new")
    editor.locator("[data-rule-text] summary").click()
    editor.locator("textarea[name=rule]").fill(RULE)
    expect(editor.locator("[data-row]")).to_have_count(11)
    expect(editor.locator("[data-row]").first).to_be_visible()
    editor.locator("[data-row] [data-act=down]").first.press("Enter")  # up again at once
    editor.locator("[data-row] [data-act=down]:focus").wait_for()
    editor.locator(
        "[data-builder-root] > [data-group] > [data-parts] > :nth-child(2) [data-act=up]"
    ).first.press("Enter")
    expect(_rule(editor)).to_have_value(re.compile("^category"))
    editor.wait_for_timeout(800)

    assert rules.parse(_text(editor)) == rules.parse(RULE)
    assert axe_problems(editor) == []


def test_what_no_row_can_hold_stays_text(editor, live_server):
    editor.goto(f"{live_server}/audiences/new")
    editor.locator("[data-rule-text] summary").click()
    _rule(editor).fill('note:"one\ntwo"')
    expect(editor.locator("[data-builder-note]")).to_be_visible()
    expect(editor.locator("[data-builder-root]")).to_be_hidden()
    _rule(editor).fill("note:one")
    expect(editor.locator("[data-row]")).to_be_visible()


def test_what_is_wrong_stands_beside_its_row(editor, live_server):
    editor.goto(f"{live_server}/audiences/new?rule=tag:basic+and+headcount+>+5")
    expect(editor.locator("[data-row]")).to_have_count(2)
    editor.locator("[data-row] [data-text]").nth(1).fill("many")
    editor.locator("[data-problem]:visible").wait_for()

    assert "not a number" in editor.locator("[data-problem]:visible").text_content()
    assert _text(editor) == "tag:basic and headcount > 5"
    editor.locator("[data-row] [data-text]").nth(1).fill("7")
    expect(_rule(editor)).to_have_value(re.compile("> 7$"))


def test_rows_are_removed_by_keyboard_and_the_focus_stays(editor, live_server):
    editor.goto(f"{live_server}/audiences/new?rule=tag:a+and+tag:b+and+tag:basic")
    expect(editor.locator("[data-row]")).to_have_count(3)
    for _time in range(2):
        editor.locator("[data-row] [data-act=remove]").first.press("Enter")
    _count(editor, 4)

    assert _text(editor) == 'tag:"basic"'
    assert editor.evaluate("!!document.activeElement.closest('[data-row]')")


def test_on_a_phone_nothing_is_cut_off(editor, live_server):
    editor.set_viewport_size(NARROW)
    editor.goto(f"{live_server}/audiences/new")
    editor.locator("[data-rule-text] summary").click()
    editor.locator("textarea[name=rule]").fill(RULE)
    expect(editor.locator("[data-row]")).to_have_count(11)

    assert sideways_pixels(editor) <= 0
    assert axe_problems(editor) == []
