"""Signing in as people do it: with the form, a password, and sometimes a wrong one."""

import pytest

from campaigns import database
from campaigns.accounts import people
from campaigns.accounts.models import Role, User
from tests import factories

PASSWORD = "correct horse battery"


@pytest.fixture
def ada(app) -> User:
    with app.app_context(), database.transaction() as session:
        factories.make_organisation(session)
        return people.add(session, "ada@example.com", "Ada", Role.MARKETER, PASSWORD)


def sign_in(client, password: str = PASSWORD, email: str = "ada@example.com"):
    return client.post("/login", data={"email": email, "password": password})


def test_the_right_password_opens_the_application(client, ada):
    answer = sign_in(client)

    assert answer.status_code == 302
    assert client.get("/campaigns/").status_code == 200


@pytest.mark.parametrize(
    ("email", "password"), [("ada@example.com", "wrong"), ("nobody@example.com", PASSWORD)]
)
def test_a_wrong_password_and_an_unknown_address_get_the_same_answer(client, ada, email, password):
    answer = sign_in(client, password, email)

    assert answer.status_code == 200
    assert "Authentication failed" in answer.text or "identity" in answer.text.lower()
    assert client.get("/campaigns/").status_code == 302


def test_without_a_csrf_token_nobody_is_signed_in(client, ada):
    answer = client.post("/login", data={"email": "ada@example.com", "password": PASSWORD}, csrf=False)

    assert answer.status_code == 400
    assert client.get("/campaigns/").status_code == 302


def test_guessing_is_slowed_down_for_the_account(client, ada):
    answers = [sign_in(client, f"guess {n}").status_code for n in range(12)]

    assert 429 in answers
    assert sign_in(client).status_code == 429


def test_a_new_role_ends_open_sessions(client, ada, admin_client):
    sign_in(client)

    admin_client.post(f"/settings/people/{ada.id}/role", data={"role": "salesperson"})

    assert client.get("/campaigns/").status_code == 302


def test_a_closed_account_is_out_at_once_and_stays_out(client, ada, admin_client):
    sign_in(client)

    admin_client.post(f"/settings/people/{ada.id}/active")

    assert client.get("/campaigns/").status_code == 302
    sign_in(client)
    assert client.get("/campaigns/").status_code == 302


def test_a_new_password_ends_sessions_elsewhere(app, client, ada):
    elsewhere = app.test_client()
    sign_in(client)
    sign_in(elsewhere)
    new = "another long passphrase"

    answer = client.post(
        "/change", data={"password": PASSWORD, "new_password": new, "new_password_confirm": new}
    )

    assert answer.status_code == 302
    assert elsewhere.get("/campaigns/").status_code == 302


def test_the_session_cookie_is_kept_from_scripts_and_other_sites(client, ada):
    cookie = next(
        value for value in sign_in(client).headers.getlist("Set-Cookie") if value.startswith("campaigns=")
    )

    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie


def test_signed_in_pages_are_not_kept_by_the_browser(admin_client):
    answer = admin_client.get("/settings/")

    assert answer.headers["Cache-Control"] == "no-store"
    assert "script-src 'self'" in answer.headers["Content-Security-Policy"]
