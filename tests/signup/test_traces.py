"""What stays of where a sign-up came from: in the ledger as evidence, in the form's own row nothing."""

from datetime import timedelta

import pytest
import sqlalchemy as sa
import time_machine

from campaigns.consent import ledger, suppression
from campaigns.consent.models import SuppressionReason
from campaigns.contacts.models import Contact
from campaigns.database import now, reading
from campaigns.signup import guarding
from campaigns.signup.models import SignUp
from tests.signup.filling_in import fill_in, firm, link, mailed, make_form


@pytest.fixture
def form(app, session):
    """A firm's open form."""
    firm(session)
    return make_form(session)


def kept():
    """The only sign-up, all its columns."""
    with reading() as session:
        return dict(session.execute(sa.select(SignUp.__table__)).mappings().one())


def test_once_confirmed_from_where_it_came_is_in_the_ledger_only(form, client):
    fill_in(client, form, mail="1", ip="192.0.2.7")
    assert kept()["ip"] == "192.0.2.7"
    assert kept()["user_agent"]

    [(_to, raw)] = mailed()
    client.post(link(raw))

    assert kept()["user_agent"] == ""
    assert not any("192.0.2.7" in str(value) for value in kept().values())
    with reading() as session:
        ann = session.scalars(sa.select(Contact)).one()
        assert ledger.evidence(session, ann.id)[-1].ip == "192.0.2.7"


def test_a_network_counts_whether_or_not_its_forms_were_confirmed(form, session, client, settings):
    settings.signup.a_day = 3
    for number in range(3):
        fill_in(client, form, f"p{number}@example.com")
    for _to, raw in mailed():
        client.post(link(raw))

    assert fill_in(client, form, "p9@example.com").status_code == 429


@pytest.mark.both_databases
def test_networks_are_forgotten_when_they_are_not_counted_any_more(form, session, client):
    for email in ("ann@example.com", "bob@example.com"):
        fill_in(client, form, email)
    [ann, bob] = session.scalars(sa.select(SignUp).order_by(SignUp.id)).all()
    ann.confirmed_at = now()  # as older versions left it, with its address
    session.commit()

    assert guarding.forget_networks() == 0
    with time_machine.travel(now() + timedelta(hours=25), tick=False):
        assert guarding.forget_networks() == 2
        assert guarding.forget_networks() == 0

    session.expire_all()
    assert [one.network for one in (ann, bob)] == ["", ""]
    assert [one.ip for one in (ann, bob)] == ["", "192.0.2.7"]


@pytest.mark.parametrize("reason", [SuppressionReason.MANUAL, SuppressionReason.BOUNCED])
def test_what_held_the_address_before_they_left_lets_no_letter_go(form, session, client, reason):
    for why in (reason, SuppressionReason.UNSUBSCRIBED):
        suppression.suppress(session, "ann@example.com", why, "test")
    session.commit()

    fill_in(client, form, mail="1")

    assert mailed() == []
