"""Who comes by the link of a letter is asked only what is still open, one thing more each time."""

from datetime import timedelta

import pytest
import sqlalchemy as sa
import time_machine

from campaigns import tokens
from campaigns.consent import gate, ledger
from campaigns.consent.standing import Method
from campaigns.contacts import field_defining
from campaigns.contacts.models import Contact
from campaigns.database import now, reading
from campaigns.mail.capture import CapturedMail
from campaigns.tokens import Purpose
from tests import factories
from tests.signup.filling_in import firm, make_form


@pytest.fixture
def form(app, session):
    """A form that asks for the name, and later for two things more."""
    firm(session)
    field_defining.add(session, {"name": "Saw", "kind": "text"})
    asked = {"step.fields.saw": "1", "later.fields.saw": "1", "step.position": "1", "later.position": "1"}
    return make_form(session, **asked)


@pytest.fixture
def way(form, session):
    """The form's address in a letter that Ann, of whom we know the name, got just now."""
    ann = factories.make_contact(session, "ann@example.com", first_name="Ann")
    campaign = factories.make_campaign(session)
    message = factories.make_message(session, campaign, ann, status="sent", sent_at=now())
    session.commit()
    return f"/p/{tokens.sign(Purpose.PREFERENCES, ann.id, message.id)}/f/{form.key}"


def ann():
    with reading() as session:
        return session.scalars(sa.select(Contact).where(Contact.email == "ann@example.com")).one()


def inputs(client, way):
    page = client.get(way).text
    names = ("email", "first_name", "city", "position", "fields.saw", "mail", "mail:offers", "tracking")
    return [name for name in names if f'name="{name}"' in page]


def test_one_thing_more_each_time_and_nothing_twice(client, way, form):
    assert inputs(client, f"/f/{form.key}") == [
        "email", "first_name", "city", "mail", "mail:offers", "tracking",
    ]  # fmt: skip
    assert inputs(client, way) == ["city", "position", "mail:offers", "tracking"]

    client.post(way, data={"city": "Brno", "position": "Buyer", "mail:offers": "1"}, csrf=False)
    assert (ann().city, ann().position, ann().first_name) == ("Brno", "Buyer", "Ann")
    assert inputs(client, way) == ["fields.saw", "tracking"]

    client.post(way, data={"fields.saw": "Band saw"}, csrf=False)
    assert ann().fields == {"saw": "Band saw"}
    assert inputs(client, way) == ["tracking"]


def test_the_link_is_the_proof(client, way, settings):
    answer = client.post(way, data={"mail:offers": "1"}, csrf=False)

    assert answer.status_code == 303
    assert "You agreed to this" in client.get(answer.location).text
    with reading() as session:
        assert gate.refusals(session, [ann().id], "mail:offers") == {}
        [entry] = [one for one in ledger.evidence(session, ann().id) if one.purpose == "mail:offers"]
        assert (entry.act, entry.method) == ("granted", Method.PAGE)
        assert entry.wording.text.endswith("What is cheaper this month")
    assert CapturedMail(settings.data_dir).newest(5) == []


def test_an_old_letter_is_no_proof(client, way, form):
    with time_machine.travel(now() + timedelta(days=61), tick=False):
        assert client.get(way).location == f"/f/{form.key}"
        client.post(way, data={"city": "Brno", "mail:offers": "1"}, csrf=False)
    assert ann().city == ""


def test_a_mistake_is_shown_at_its_field(client, app, session, way):
    form = make_form(session, **{"required.city": "1"})
    answer = client.post(f"{way.rpartition('/')[0]}/{form.key}", data={}, csrf=False)

    assert answer.status_code == 422
    assert "This is needed." in answer.text


def test_made_up_links_lead_nowhere(client, form):
    assert client.get(f"/p/abc/f/{form.key}").status_code == 404
