"""The first run: it makes everything, once, and only for whom it belongs to."""

import sqlalchemy as sa

from campaigns.accounts.models import Organisation, User
from campaigns.mailings.models import Sender
from campaigns.setup import founding

ANSWERS = {
    "admin_name": "Ada", "admin_email": "ada@example.com", "admin_password": "correct horse battery",
    "firm_name": "Example Tools", "postal_address": "1 Long Lane", "language": "en",
    "timezone": "Europe/Prague",
    "sender_name": "Example Tools", "sender_address": "news@example.com", "tracking": "anonymous",
}  # fmt: skip


def test_everything_leads_there_until_it_is_done(client):
    assert client.get("/contacts/").location == "/setup"


def test_it_makes_the_admin_the_firm_and_a_sender_that_signs(client, session):
    answer = client.post("/setup", data=ANSWERS)

    assert answer.location == "/welcome"
    assert client.get("/welcome").status_code == 200
    assert session.scalars(sa.select(User.email)).all() == ["ada@example.com"]
    assert session.scalars(sa.select(Organisation)).one().timezone == "Europe/Prague"
    sender = session.scalars(sa.select(Sender)).one()
    assert (sender.address, sender.is_default) == ("news@example.com", True)
    assert "PRIVATE KEY" not in sender.dkim_key


def test_it_is_done_only_once(client, app, session):
    client.post("/setup", data=ANSWERS)

    answer = app.test_client().post("/setup", data=ANSWERS | {"admin_email": "eve@example.com"})

    assert answer.location == "/login"
    assert session.scalars(sa.select(User.email)).all() == ["ada@example.com"]


def test_a_missing_answer_is_named_and_the_others_stay(client, session):
    answer = client.post("/setup", data=ANSWERS | {"admin_password": "short", "firm_name": "Kept Ltd"})

    assert answer.status_code == 422
    assert "at least 10 characters" in answer.text
    assert "Kept Ltd" in answer.text
    assert session.scalar(sa.select(sa.func.count()).select_from(User)) == 0


def test_a_stranger_from_another_machine_needs_the_code(client, session):
    elsewhere = {"REMOTE_ADDR": "192.0.2.7"}

    refused = client.post("/setup", data=ANSWERS, environ_overrides=elsewhere)
    let_in = client.post("/setup", data=ANSWERS | {"code": founding.code()}, environ_overrides=elsewhere)

    assert refused.status_code == 422
    assert let_in.location == "/welcome"
