"""The settings pages, and who may open them."""

import pytest
import sqlalchemy as sa

from campaigns.accounts.models import AuditEntry, Organisation, Role, User

ADDRESSES = ("/settings/", "/settings/people", "/settings/mail", "/settings/audit")


@pytest.mark.parametrize("address", ADDRESSES)
def test_admins_see_the_settings(admin_client, address):
    assert admin_client.get(address).status_code == 200


@pytest.mark.parametrize("role", [Role.MARKETER, Role.SALESPERSON])
@pytest.mark.parametrize("address", ADDRESSES)
def test_nobody_else_does(sign_in, role, address):
    assert sign_in(role).get(address).status_code == 403


def test_what_an_admin_changes_is_kept_and_written_down(admin_client, session):
    answer = admin_client.post(
        "/settings/",
        data={"name": "New Name", "postal_address": "Street 2", "language": "cs", "timezone": "Europe/Prague",
              "track_opens": "off", "track_clicks": "anonymous"},
    )  # fmt: skip

    ours = session.scalars(sa.select(Organisation)).one()
    assert answer.status_code == 302
    assert (ours.name, ours.timezone, ours.track_opens) == ("New Name", "Europe/Prague", "off")
    assert "organisation.change" in session.scalars(sa.select(AuditEntry.act)).all()


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"postal_address": " "}, "postal address"),
        ({"timezone": "Mars/Base"}, "time zones"),
        ({"track_opens": "identified", "tracking_reason": ""}, "never asked"),
    ],
)
def test_what_is_wrong_is_said_and_nothing_is_kept(admin_client, session, change, said):
    answer = admin_client.post("/settings/", data={"name": "New Name", **change})

    assert answer.status_code == 422
    assert said in answer.text
    assert session.scalars(sa.select(Organisation.name)).one() != "New Name"


def test_whoever_is_invited_gets_a_letter_and_the_role(admin_client, session, settings):
    admin_client.post(
        "/settings/people", data={"name": "Bo", "email": "bo@example.com", "role": "salesperson"}
    )

    assert (
        session.scalars(sa.select(User).where(User.email == "bo@example.com")).one().role == Role.SALESPERSON
    )
    letters = list((settings.data_dir / "captured").rglob("*.eml"))
    assert len(letters) == 1
    assert b"/reset" in letters[0].read_bytes()


def test_an_address_has_one_account(admin_client):
    data = {"name": "Bo", "email": "bo@example.com", "role": "salesperson"}
    admin_client.post("/settings/people", data=data)

    assert admin_client.post("/settings/people", data=data).status_code == 409


def test_the_last_admin_stays_one(admin_client, session):
    admin = next(user for user in session.scalars(sa.select(User)) if user.role == Role.ADMIN)
    session.commit()

    answer = admin_client.post(f"/settings/people/{admin.id}/role", data={"role": "marketer"})

    assert answer.status_code == 409
    session.expire_all()
    assert session.get_one(User, admin.id).role == Role.ADMIN
