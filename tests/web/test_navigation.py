"""The menu shows what the person may open, and nothing that would answer “not yours”."""

import re

import pytest

from campaigns.accounts.models import Role


def _menu(page: str) -> list[str]:
    aside = re.search(r'<aside class="side".*?</aside>', page, re.DOTALL).group()
    return re.findall(r'<a class="side-link" href="([^"]+)"', aside)


@pytest.mark.parametrize("role", list(Role))
def test_every_item_of_the_menu_opens(sign_in, role):
    browser = sign_in(role)
    items = _menu(browser.get("/contacts/").text)

    assert "/contacts/" in items
    answers = {address: browser.get(address, follow_redirects=True).status_code for address in items}

    assert answers == dict.fromkeys(items, 200)


def test_a_salesperson_is_not_shown_what_sends(salesperson_client):
    items = _menu(salesperson_client.get("/contacts/").text)

    assert not {"/campaigns/", "/templates/", "/imports/", "/audiences/", "/mailbox/"} & set(items)
    assert not [item for item in items if item.startswith("/settings")]


def test_a_marketer_finds_senders_and_labels_but_not_the_organisation(marketer_client):
    items = _menu(marketer_client.get("/contacts/").text)
    page = marketer_client.get(items[-1]).text

    tabs = re.search(r'<nav class="tabs" aria-label="Settings">.*?</nav>', page, re.DOTALL).group()
    assert "/labels/" in tabs
    assert 'href="/settings/"' not in tabs
