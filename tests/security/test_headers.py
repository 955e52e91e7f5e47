"""What every kind of answer tells the browser: what may run, who may frame it, whether it is kept."""

import pytest

from campaigns import tokens
from campaigns.tokens import Purpose


@pytest.fixture
def answers(app, browse, world, settings):
    """One answer of each kind, by a name for it."""
    app.config["PROPAGATE_EXCEPTIONS"] = False
    app.add_url_rule("/breaks", "breaks", lambda: 1 / 0)
    admin, nobody = browse(world.admin), browse(None)
    hit = tokens.sign(Purpose.CLICK, world.message.id, 1)
    return {
        "page": admin.get("/contacts/"),
        "public page": nobody.get(f"/u/{world.values['token']['preferences.leave']}"),
        "sign in": nobody.get("/login"),
        "to the sign-in": nobody.get("/contacts/"),
        "redirect": admin.get("/"),
        "fragment": admin.get(f"/crm/contacts/{world.own.id}/timeline", headers={"HX-Request": "true"}),
        "file": admin.get(f"/reports/{world.campaign.id}/links.csv"),
        "letter": admin.get(f"/campaigns/{world.campaign.id}/letter"),
        "captured": admin.get(f"/mailbox/{world.values['key']['']}.eml"),
        "static": nobody.get("/static/css/app.css"),
        "health": nobody.get("/health"),
        "not there": admin.get("/nowhere"),
        "not allowed": browse(world.salesperson).get("/settings/"),
        "no token": admin.post("/contacts/new", csrf=False),
        "wrong way": admin.get("/campaigns/1/send"),
        "too much": admin.post("/contacts/new", data={"note": "x" * 5_000_000}),
        "failed": nobody.get("/breaks"),
        "json": admin.get("/nowhere", headers={"Accept": "application/json"}),
        "pixel": nobody.get("/o/made-up.gif"),
        "click": nobody.get(f"/c/{hit}"),
        "bad click": nobody.get("/c/made-up"),
    }


def test_every_answer_is_what_it_should_be(answers):
    expected = {"not there": 404, "not allowed": 403, "no token": 400, "wrong way": 405, "too much": 413,
                "failed": 500, "json": 404, "redirect": 302, "click": 302, "bad click": 404,
                "to the sign-in": 302}  # fmt: skip

    assert {name: answer.status_code for name, answer in answers.items()} == dict.fromkeys(
        answers, 200
    ) | expected


def test_every_answer_protects_itself(answers):
    for name, answer in answers.items():
        headers = answer.headers
        policy = headers.get("Content-Security-Policy", "")
        scripts = ("script-src 'self';", "default-src 'none'")
        assert any(part in policy for part in scripts), name
        assert "unsafe-eval" not in policy, name
        assert "script-src 'self' 'unsafe-inline'" not in policy, name
        assert headers["X-Content-Type-Options"] == "nosniff", name
        assert headers["X-Frame-Options"] in ("SAMEORIGIN", "DENY"), name
        assert headers["Referrer-Policy"] in ("same-origin", "no-referrer"), name


def test_nothing_of_people_is_kept_by_browsers_or_proxies(answers):
    for name, answer in answers.items():
        if name != "static":
            assert "no-store" in answer.headers["Cache-Control"], name


def test_a_failure_tells_nothing_of_the_inside(answers):
    for word in ("ZeroDivisionError", "Traceback", ".py", "sqlalchemy"):
        assert word not in answers["failed"].text


@pytest.mark.parametrize(
    ("base", "secure"), [("https://mail.example.com", True), ("http://localhost", False)]
)
def test_the_session_cookie_stays_with_us(settings, queue, session, base, secure):
    from campaigns.app import create_app
    from tests import factories
    from tests.fixtures.application import Browser

    factories.make_organisation(session)
    factories.make_user(session)
    session.commit()
    settings.base_url = base
    app = create_app()
    app.test_client_class = Browser
    answer = app.test_client().get("/login", base_url=base)

    cookie = answer.headers["Set-Cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie
    assert ("Secure" in cookie) == secure
    assert "Domain" not in cookie
    assert ("Strict-Transport-Security" in answer.headers) == secure
    assert app.config["REMEMBER_COOKIE_SECURE"] == secure
