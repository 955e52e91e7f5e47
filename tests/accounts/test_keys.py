"""Keys of other programs: made by administrators, shown once, taken back."""

import json
import re
from datetime import timedelta

import pytest
import sqlalchemy as sa
import time_machine
from click.testing import CliRunner

from campaigns.accounts import keys
from campaigns.accounts.models import ApiKey, AuditEntry, Role
from campaigns.cli.key import key as command
from campaigns.database import now, transaction
from campaigns.errors import BadInput, NotFound


def test_what_it_says_is_shown_once_and_never_kept(app, session, sign_in, settings):
    admin = sign_in(Role.ADMIN)
    page = admin.post("/settings/keys/", data={"name": "Till", "scopes": "counter"}).text

    [said] = set(re.findall(r"ck_[\w-]{43}", page))
    assert "ck_" not in admin.get("/settings/keys/").text
    [key] = session.scalars(sa.select(ApiKey))
    assert said not in json.dumps([key.name, key.hash, key.scopes])
    [entry] = session.scalars(sa.select(AuditEntry).where(AuditEntry.act == "key.create"))
    assert said not in json.dumps(entry.detail)
    number = key.id
    session.rollback()
    assert keys.find(said).id == number

    admin.post(f"/settings/keys/{number}/revoke")
    assert keys.find(said) is None
    assert "Taken back" in admin.get("/settings/keys/").text


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"name": " ", "scopes": "counter"}, "Say which program"),
        ({"name": "Till"}, "Choose what the program may do"),
        ({"name": "x" * 121, "scopes": "counter"}, "no more than 120"),
        ({"name": "Till", "scopes": "everything"}, "Choose what the program may do"),
    ],
)
def test_what_is_wrong_is_said_and_no_key_is_made(app, session, sign_in, given, said):
    answer = sign_in(Role.ADMIN).post("/settings/keys/", data=given)

    assert answer.status_code == 422
    assert said in answer.text
    assert session.scalars(sa.select(ApiKey)).all() == []


def test_the_day_of_the_last_use_is_written_once_a_day(session):
    _key, said = keys.make(session, "Till", ["counter"], None)
    session.commit()
    for days in (0, 0, 1):
        with time_machine.travel(now() + timedelta(days=days), tick=False):
            assert keys.find(said).last_used_on == now().date()


def test_taken_back_twice_keeps_the_first_moment(session):
    key, _said = keys.make(session, "Till", ["counter"], None)
    first = keys.revoke(session, key.id).revoked_at
    assert keys.revoke(session, key.id).revoked_at == first
    with pytest.raises(NotFound):
        keys.revoke(session, key.id + 1)
    with pytest.raises(BadInput):
        keys.make(session, "", ["counter"], None)


def test_by_command(session):
    made = json.loads(CliRunner().invoke(command, ["create", "Till", "--scope", "counter", "--json"]).output)
    assert keys.find(made["key"]).id == made["id"]
    [listed] = json.loads(CliRunner().invoke(command, ["list", "--json"]).output)
    assert (listed["name"], listed["scopes"], listed["revoked"]) == ("Till", ["counter"], False)
    assert CliRunner().invoke(command, ["revoke", str(made["id"])]).exit_code == 0
    assert "taken back" in CliRunner().invoke(command, ["list"]).output
    assert keys.find(made["key"]) is None
    with transaction() as writing:
        assert writing.scalar(sa.select(sa.func.count()).select_from(ApiKey)) == 1
