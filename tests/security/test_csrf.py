"""No form is taken without the token of the session it was shown in."""

import pytest

from tests.security.rights import PEOPLE, RIGHTS
from tests.security.world import addresses

# Public pages reached by a signed link set no cookie, so there is nothing to ride on; the link is the proof.
# RFC 8058 demands it of the first.
EXEMPT = {
    "preferences.leave",
    "preferences.leave_topic",
    "preferences.pause_instead",
    "preferences.stop_following",
    "preferences.choose",
    "preferences.own_data",
    "details.correct",
    "own.copy",
    "own.erase",
    "own.again",
    "signup.enter",
    "signup.enter_known",
    "signup.confirm",
    "api_counter.buy",  # a key is no cookie, which a browser would send by itself
}


def test_only_signed_links_are_exempt(app):
    exempt = app.extensions["csrf"]._exempt_views

    assert {name.rpartition(".")[2] for name in exempt} == {name.rpartition(".")[2] for name in EXEMPT}
    public = (
        "campaigns.preferences.",
        "campaigns.rights.own_views.",
        "campaigns.signup.public_views.",
        "campaigns.api.",
    )
    assert all(name.startswith(public) for name in exempt)
    assert not app.extensions["csrf"]._exempt_blueprints


@pytest.mark.parametrize("who", ["nobody", "admin"])
def test_no_form_is_taken_without_a_token(app, browse, world, snapshot, who):
    taken = []
    for method in ("POST", "PUT", "PATCH", "DELETE"):
        for rule, address in addresses(app, method, world.values):
            if rule.endpoint in EXEMPT:
                continue
            client = browse(getattr(world, who))
            for form in ({}, {"csrf_token": "made-up"}):
                if client.open(address, method=method, data=form, csrf=False).status_code != 400:
                    taken.append((method, rule.endpoint))
    assert not taken
    assert not snapshot.changed()


def test_a_token_of_another_session_is_worth_nothing(browse, world, snapshot):
    others = browse(world.marketer).token()
    answer = browse(world.admin).post(
        "/settings/people", data={"csrf_token": others, "email": "x@example.com", "role": "admin"}, csrf=False
    )

    assert answer.status_code == 400
    assert not snapshot.changed()


def test_what_is_exempt_sets_no_cookie(app, browse, world):
    for rule, address in addresses(app, "POST", world.values):
        if rule.endpoint in EXEMPT:
            assert "Set-Cookie" not in browse(None).post(address, csrf=False).headers, rule.endpoint


def test_every_address_that_changes_something_takes_no_get(app):
    """A rule that takes both GET and POST is a form at its own address; those are named here."""
    both = {
        rule.endpoint
        for rule in app.url_map.iter_rules()
        if {"GET", "POST"} <= (rule.methods or set()) and not rule.endpoint.startswith("security.")
    }

    assert both == {"setup.first_run"}
    assert all(PEOPLE[RIGHTS[name]] for name in both)
