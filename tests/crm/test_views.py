"""The panels of a contact's page: logged in two presses, planned, bought; with and without JavaScript."""

import re

import pytest
import sqlalchemy as sa

from campaigns.accounts.models import AuditEntry, Role
from campaigns.contacts.models import Contact
from campaigns.crm import logging, steps
from campaigns.crm.models import Activity, Kind, NextStep, Purchase
from campaigns.database import now, reading, transaction
from tests import factories

HX = {"HX-Request": "true"}


def text(answer):
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", answer.get_data(as_text=True)))


def count(table):
    with reading() as session:
        return session.scalar(sa.select(sa.func.count()).select_from(table))


@pytest.fixture
def anna(app):
    with transaction() as session:
        factories.make_organisation(session)
        return factories.make_contact(session, "anna@example.com", first_name="Anna")


@pytest.mark.both_databases
def test_a_call_is_logged_in_two_presses(salesperson_client, anna):
    answer = salesperson_client.post(f"/crm/contacts/{anna.id}/log", data={"kind": "call", "summary": ""})
    assert answer.status_code == 302
    fragment = salesperson_client.post(
        f"/crm/contacts/{anna.id}/log", data={"kind": "meeting", "summary": "Saw the shop"}, headers=HX
    )

    assert "Saw the shop" in text(fragment)
    assert fragment.headers["HX-Trigger-After-Swap"] == "timelineChanged"
    assert "Meeting , " in text(salesperson_client.get(f"/contacts/{anna.id}"))
    with reading() as session:
        assert session.get(Contact, anna.id).last_contact_how == Kind.MEETING


@pytest.mark.parametrize(
    "form",
    [
        {"kind": "open"},
        {"kind": ""},
        {"kind": "call", "at": "soon"},
        {"kind": "call", "at": "2099-01-01T10:00"},
    ],
)
def test_what_can_not_have_happened_is_not_logged(salesperson_client, anna, form):
    assert salesperson_client.post(f"/crm/contacts/{anna.id}/log", data=form, headers=HX).status_code == 422
    assert count(Activity) == 0


def test_finishing_the_last_step_asks_for_the_next_at_once(salesperson_client, anna):
    path = f"/crm/contacts/{anna.id}/next"
    set_ = salesperson_client.post(
        path, data={"what": "Call", "due_on": "2026-11-30", "kind": "call"}, headers=HX
    )
    assert "Call" in text(set_)
    with reading() as session:
        step = session.scalars(sa.select(NextStep)).one()

    done = salesperson_client.post(f"/crm/steps/{step.id}/finish", data={"outcome": "Buys"}, headers=HX)

    assert "Done. What comes next?" in text(done)
    assert "autofocus" in done.get_data(as_text=True)
    assert count(Activity) == 1
    assert salesperson_client.post(f"/crm/steps/{step.id}/finish", headers=HX).status_code == 409
    plain = salesperson_client.post(
        path, data={"what": "Visit", "due_on": "2026-12-01"}, follow_redirects=True
    )
    assert "The next step is set." in text(plain)


def test_a_step_is_put_off_and_dropped(salesperson_client, anna):
    with transaction() as session:
        step = steps.set_step(session, anna.id, "Call", now().date())

    assert salesperson_client.post(f"/crm/steps/{step.id}/postpone", data={"due_on": "x"}).status_code == 422
    moved = salesperson_client.post(
        f"/crm/steps/{step.id}/postpone", data={"due_on": "2030-05-06"}, headers=HX
    )
    assert "May 6, 2030" in text(moved)
    assert salesperson_client.post(f"/crm/steps/{step.id}/drop").status_code == 302
    assert count(NextStep) == 0
    assert salesperson_client.post(f"/crm/steps/{step.id}/drop").status_code == 404


@pytest.mark.parametrize("form", [{"what": "", "due_on": "2026-12-01"}, {"what": "Call", "due_on": ""}])
def test_a_step_needs_a_word_and_a_day(salesperson_client, anna, form):
    answer = salesperson_client.post(f"/crm/contacts/{anna.id}/next", data=form, headers=HX)
    again = salesperson_client.post(f"/crm/contacts/{anna.id}/next", data=form, follow_redirects=True)

    assert answer.status_code == 422
    assert "is-invalid" in answer.get_data(as_text=True)
    assert "to be done" in text(again)
    assert count(NextStep) == 0


def test_a_purchase_is_noted(salesperson_client, anna):
    path = f"/crm/contacts/{anna.id}/bought"
    answer = salesperson_client.post(
        path, data={"product": "Saw", "quantity": "2", "amount": "1 249,50"}, headers=HX
    )

    assert "€1,249.50" in text(answer)
    assert (
        salesperson_client.post(path, data={"product": "Saw", "quantity": "0"}, headers=HX).status_code == 422
    )
    assert salesperson_client.post(path, data={"product": "", "quantity": "1"}, headers=HX).status_code == 422
    assert (
        salesperson_client.post(
            path, data={"product": "Saw", "quantity": "1", "amount": "x"}, headers=HX
        ).status_code
        == 422
    )
    assert count(Purchase) == 1


def test_older_activities_are_shown_when_asked_for(salesperson_client, anna):
    with transaction() as session:
        for number in range(40):
            logging.log(session, anna.id, Kind.NOTE, summary=f"note-{number}-")

    seen, address = "", f"/crm/contacts/{anna.id}/timeline"
    while address:
        page = salesperson_client.get(address).get_data(as_text=True)
        seen += page
        found = re.search(r'hx-get="([^"]+beyond[^"]+)"', page)
        address = found and found[1]

    assert [int(number) for number in re.findall(r"note-(\d+)-", seen)] == list(range(39, -1, -1))
    assert salesperson_client.get(f"/crm/contacts/{anna.id}/timeline?beyond=rubbish").status_code == 200


def test_a_colleagues_contact_is_as_if_not_there(sign_in, anna):
    with transaction() as session:
        other = factories.make_user(session, Role.SALESPERSON)
        session.get(Contact, anna.id).owner_id = other.id
        step = steps.set_step(session, anna.id, "Call", now().date())
    client = sign_in(Role.SALESPERSON)

    for part in ("touch", "timeline", "next", "bought"):
        assert client.get(f"/crm/contacts/{anna.id}/{part}").status_code == 404
    for part in ("log", "next", "bought"):
        form = {"kind": "call", "what": "x", "due_on": "2026-12-01", "product": "Saw", "quantity": "1"}
        assert client.post(f"/crm/contacts/{anna.id}/{part}", data=form).status_code == 404
    for act in ("finish", "postpone", "drop"):
        assert client.post(f"/crm/steps/{step.id}/{act}", data={"due_on": "2026-12-01"}).status_code == 404
    assert (count(Activity), count(NextStep), count(Purchase), count(AuditEntry)) == (0, 1, 0, 0)


def test_what_people_type_is_never_markup(salesperson_client, anna):
    evil = "<script>alert(1)</script>"
    salesperson_client.post(f"/crm/contacts/{anna.id}/log", data={"kind": "call", "summary": evil})
    salesperson_client.post(f"/crm/contacts/{anna.id}/next", data={"what": evil, "due_on": "2026-12-01"})
    salesperson_client.post(f"/crm/contacts/{anna.id}/bought", data={"product": evil, "quantity": "1"})

    page = salesperson_client.get(f"/contacts/{anna.id}").get_data(as_text=True)
    assert evil not in page
    assert page.count("&lt;script&gt;alert(1)&lt;/script&gt;") >= 4
