"""Pages carry no script of their own, load nothing from elsewhere, and prove where their forms come from."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2] / "templates"
PAGES = {
    path.relative_to(ROOT).as_posix(): path
    for folder in ("pages", "public", "security")
    for path in (ROOT / folder).rglob("*.html")
}
SCRIPT_INSIDE = re.compile(r"<script(?![^>]*\bsrc=)[^>]*>", re.IGNORECASE)
ON_EVENT = re.compile(r"<[a-z][^>{]*\son[a-z]+\s*=", re.IGNORECASE)
LOADED_FROM_ELSEWHERE = re.compile(
    r"""<(?:script|link|img|iframe|source)\b[^>]*(?:src|href)=["']?(?:https?:)?//""", re.I
)
POST_FORM = re.compile(r"""<form\b[^>]*method=["']post["'].*?</form>""", re.IGNORECASE | re.DOTALL)
TOKEN = re.compile(r"csrf|hidden_tag")


@pytest.mark.parametrize("name", PAGES)
def test_a_page_has_no_script_inside(name):
    text = PAGES[name].read_text()

    assert not SCRIPT_INSIDE.findall(text)
    assert not ON_EVENT.findall(text)


@pytest.mark.parametrize("name", PAGES)
def test_a_page_loads_nothing_from_elsewhere(name):
    assert not LOADED_FROM_ELSEWHERE.findall(PAGES[name].read_text())


@pytest.mark.parametrize("name", [name for name in PAGES if not name.startswith("public/")])
def test_every_form_that_changes_something_carries_a_token(name):
    forms = POST_FORM.findall(PAGES[name].read_text())

    assert [form for form in forms if not TOKEN.search(form)] == []
