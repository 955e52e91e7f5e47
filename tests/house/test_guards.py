"""Every address says who may open it."""

import inspect

from flask import Flask
from werkzeug.routing import Rule


def _views(app: Flask) -> dict[str, object]:
    """Endpoint → view of every address that this product itself answers."""
    others = ("static", "security.", "_debug")  # Flask's own files; sign-in pages guard themselves
    return {name: view for name, view in app.view_functions.items() if not name.startswith(others)}


def test_every_view_wears_a_guard(app):
    unguarded = [name for name, view in _views(app).items() if not getattr(view, "__guard__", None)]

    assert not unguarded


def test_public_views_are_the_ones_we_mean(app):
    public = {name.partition(".")[0] for name, view in _views(app).items() if view.__guard__ == "public"}

    assert public <= {
        "health",
        "setup",
        "preferences",
        "details",
        "own",
        "tracking",
        "signup",
        "feedback",
        "archive",
        "api",  # its description
    }


def test_views_are_thin(app):
    long = {
        name: lines
        for name, view in _views(app).items()
        if (lines := len(inspect.getsource(inspect.unwrap(view)).splitlines())) > 40
    }

    assert not long


def _some(rule: Rule, name: str) -> object:
    """A value that fits that place of the address."""
    return next(iter(getattr(rule._converters[name], "items", [1])))


def test_an_address_for_signed_in_people_leads_to_the_sign_in(app, client):
    for rule in app.url_map.iter_rules():
        view = _views(app).get(rule.endpoint)
        if view is None or view.__guard__ == "public" or "GET" not in rule.methods:
            continue
        values = {name: _some(rule, name) for name in rule.arguments}
        address = rule.build(values, append_unknown=False)
        assert address
        assert client.get(address[1]).status_code in (302, 401), rule.rule
