"""The main path as a marketer and a salesperson walk it, in a real browser, from the first page on."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.stories.installation import ADMIN, PASSWORD, Installation, installation

_PEOPLE = [
    ("Email Address", "First Name", "Last Name", "Company", "TAGS"),
    ("anna@example.com", "Anna", "Nováková", "Pila s.r.o.", '"""basic"""'),
    ("petr@example.com", "Petr", "Říha", "", '"""vip"",""basic"""'),
    ("bo@example.com", "<script>alert(1)</script>", "Lee", "", ""),
    ("no address", "Bad", "", "", ""),
]
# A person's browser: the headless one's own name would rightly be taken for a machine's.
_AGENT = (
    "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/156.0.0.0 Safari/537.36"
)
_PATIENCE = 30_000  # ms; the machine may be busy


@pytest.fixture
def here(tmp_path: Path):
    with installation(tmp_path, set_up=False) as made:
        made.start()
        yield made


@pytest.fixture
def page(browser, here: Installation):
    context = browser.new_context(
        base_url=here.url, viewport={"width": 1280, "height": 900}, user_agent=_AGENT, locale="en-GB"
    )
    context.set_default_timeout(_PATIENCE)
    yield context.new_page()
    context.close()


def test_from_the_first_page_to_who_opened(page: Page, tmp_path: Path):
    expect.set_options(timeout=_PATIENCE)
    _set_up(page)
    _import(page, tmp_path)
    _choose(page)
    _write(page)
    _send(page)
    _read_the_letter(page)
    _see_who_opened(page)
    _plan_the_next_step(page)


def _set_up(page: Page) -> None:
    page.goto("/")
    page.fill("[name=admin_name]", "Ada")
    page.fill("[name=admin_email]", ADMIN)
    page.fill("[name=admin_password]", PASSWORD)
    page.fill("[name=firm_name]", "Example Tools")
    page.fill("[name=postal_address]", "1 Long Lane, Brno")
    page.fill("[name=sender_name]", "Example Tools")
    page.fill("[name=sender_address]", "news@example.com")
    page.get_by_role("button", name="Start").click()
    expect(page).to_have_url(re.compile("/welcome"))


def _import(page: Page, folder: Path) -> None:
    file = folder / "people.csv"
    rows = [",".join(row) for row in _PEOPLE]
    file.write_text("\n".join(rows), encoding="utf-8-sig")
    page.goto("/imports/")
    page.set_input_files("input[type=file]", file)
    page.get_by_role("button", name="Look at it").click()
    expect(page.locator("#look").get_by_text("anna@example.com")).to_be_visible()
    page.check("[name=basis][value=consent]")
    page.fill("[name=source]", "Sign-up at the fair")
    page.check("[name=tracking][value=granted]")
    page.fill("[name=new_categories]", "Cutters")
    page.get_by_role("button", name="Start the import").click()
    expect(page.locator("main").get_by_text("Done", exact=True).first).to_be_visible()
    expect(page.get_by_role("link", name="Download the refused rows")).to_be_visible()


def _choose(page: Page) -> None:
    page.goto("/audiences/new")
    page.fill("[name=name]", "Cutters")
    page.get_by_text("As text", exact=True).click()
    page.fill("[name=rule]", 'category:"Cutters"')
    expect(page.locator("#preview .stat-value")).to_have_text("3")
    page.get_by_role("button", name="Keep").click()
    expect(page.get_by_role("heading", name="Cutters")).to_be_visible()


def _write(page: Page) -> None:
    page.goto("/templates/new")
    page.get_by_role("button", name="Begin with this").first.click()
    expect(page.locator("[name=source]")).to_be_visible()
    page.fill("[name=name]", "Autumn letter")
    page.fill("[name=subject]", "Hello {{ contact.first_name|default('friend') }}")
    page.select_option("[name=kind]", "markdown")
    page.fill(
        "[name=source]",
        "Dear {{ contact.first_name|default('friend') }},\n\n[look at the offer](https://example.com/offer)",
    )
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text(re.compile("Kept|Saved")).first).to_be_visible()


def _send(page: Page) -> None:
    page.goto("/campaigns/new")
    page.fill("[name=name]", "Autumn")
    for name, label in (("audience_id", "Cutters"), ("template_id", "Autumn letter")):
        value = page.locator(f"[name={name}] option", has_text=label).get_attribute("value")
        page.select_option(f"[name={name}]", value)
    page.get_by_role("button", name="Continue").click()
    page.get_by_role("button", name="Send now").click()
    page.locator("dialog[open]").get_by_role("button", name="Send now").click()
    expect(page.locator("main .badge", has_text="Sent").first).to_be_visible()


def _read_the_letter(page: Page) -> None:
    """Open the letter in Captured mail and follow its link, as its reader would."""
    page.wait_for_timeout(2500)  # whoever is quicker than that is a machine
    page.goto("/mailbox/?q=anna@example.com")
    page.locator("main table a, main li a").first.click()
    letter = page.frame_locator("iframe").first
    expect(letter.get_by_text("Dear Anna")).to_be_visible()
    with page.context.expect_page() as opened:
        letter.get_by_role("link", name="look at the offer").click()
    opened.value.close()


def _see_who_opened(page: Page) -> None:
    engaged = page.locator("section", has=page.get_by_role("heading", name="Engaged lately"))
    for _try in range(20):
        page.goto("/today/")
        if engaged.get_by_text("Anna Nováková").count() and engaged.get_by_text("clicked").count():
            break
        page.wait_for_timeout(1000)
    expect(engaged.get_by_text("clicked")).to_be_visible()
    page.goto("/reports/1")
    expect(page.get_by_text("Autumn").first).to_be_visible()
    page.goto("/today/")
    engaged.get_by_role("link", name="Anna Nováková").click()
    expect(page.get_by_role("heading", name="Anna Nováková")).to_be_visible()


def _plan_the_next_step(page: Page) -> None:
    """Two clicks log a call; the next step is set beside it."""
    expect(page.get_by_text("Autumn").first).to_be_visible()
    page.locator("summary", has_text="Log a call").click()
    page.get_by_role("button", name="Write it down").click()
    expect(page.locator("#panel-timeline .timeline").get_by_text("Call").first).to_be_visible()
    page.locator("summary", has_text="Set the next step").click()
    page.fill("#step-what", "Send the offer")
    page.get_by_role("button", name="Set it").click()
    expect(page.locator("#panel-next").get_by_text("Send the offer")).to_be_visible()
