"""The frame around every page, in a real browser: keys, theme, drawer, confirmations, and axe."""

import pytest
import sqlalchemy as sa

from campaigns.accounts.models import Role, User
from campaigns.database import reading, transaction
from tests import factories
from tests.browser import PHONE, sign_in, wrong_in_any_look

PASSWORD = "four unrelated words"


@pytest.fixture
def colleague(app):
    """A salesperson to act upon."""
    with transaction() as writing:
        factories.make_organisation(writing)
        return factories.make_user(writing, Role.SALESPERSON, email="petr@example.com", name="Petr").id


@pytest.fixture
def admin_page(app, live_server, colleague, page):
    """A browser in which an administrator has signed in through the form."""
    from flask_security import hash_password

    with app.app_context(), transaction() as writing:
        factories.make_user(writing, email="ann@example.com", name="Ann", password=hash_password(PASSWORD))
    sign_in(page, live_server, "ann@example.com", PASSWORD)
    return page


def _active(user_id):
    with reading() as session:
        return session.scalar(sa.select(User.active).where(User.id == user_id))


def test_a_wrong_password_says_so(app, live_server, colleague, page):
    with pytest.raises(RuntimeError, match="did not work"):
        sign_in(page, live_server, "petr@example.com", "not this one")


def test_what_cannot_be_undone_lightly_asks_first(admin_page, live_server, colleague):
    admin_page.goto(live_server + "/settings/people")

    admin_page.get_by_role("button", name="Close account").click()
    admin_page.get_by_role("dialog").get_by_role("button", name="Cancel").click()
    assert _active(colleague) is True

    admin_page.get_by_role("button", name="Close account").click()
    admin_page.get_by_role("dialog").get_by_role("button", name="Close account").click()
    admin_page.wait_for_load_state("networkidle")
    assert _active(colleague) is False


def test_the_theme_is_kept(admin_page, live_server):
    theme = "document.documentElement.dataset.bsTheme"
    assert admin_page.evaluate(theme) == "light"

    admin_page.get_by_role("button", name="Switch between light and dark").click()
    admin_page.goto(live_server + "/settings/people")

    assert admin_page.evaluate(theme) == "dark"


def test_the_keyboard_can_skip_the_menu_and_search(admin_page, live_server):
    admin_page.goto(live_server + "/settings/people")
    admin_page.keyboard.press("Tab")
    assert admin_page.evaluate("document.activeElement.className") == "skip-link"

    admin_page.keyboard.press("Enter")
    assert admin_page.evaluate("document.activeElement.id") == "content"
    if admin_page.locator("[data-search-key]").count():
        admin_page.keyboard.press("/")
        assert admin_page.evaluate("document.activeElement.id") == "global-search"


def test_the_drawer_opens_on_a_phone_and_closes_with_escape(admin_page, live_server):
    admin_page.set_viewport_size(PHONE)
    admin_page.goto(live_server + "/settings/people")
    settings = admin_page.locator("#side").get_by_role("link", name="Settings")
    assert not settings.is_visible()

    admin_page.get_by_role("button", name="Menu").click()
    settings.wait_for(state="visible")
    admin_page.keyboard.press("Escape")
    settings.wait_for(state="hidden")

    assert admin_page.evaluate("document.activeElement.hasAttribute('data-side-open')")


PAGES = [
    "/welcome",
    "/settings/",
    "/settings/people",
    "/settings/mail",
    "/settings/audit",
    "/change",
    "/tf-setup",
    "/nowhere",
]


def test_axe_finds_nothing_on_a_phone(admin_page, live_server):
    admin_page.emulate_media(reduced_motion="reduce")
    admin_page.set_viewport_size(PHONE)
    problems = {}
    for path in PAGES:
        admin_page.goto(live_server + path)
        if found := wrong_in_any_look(admin_page):
            problems[path] = found

    assert problems == {}
