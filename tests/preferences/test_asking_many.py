"""Many are asked to confirm their details: counted before, through the gate, nobody twice."""

import dataclasses
import json
from datetime import timedelta

import pytest
import sqlalchemy as sa
from click.testing import CliRunner

from campaigns.accounts.models import Role
from campaigns.cli import verbs
from campaigns.consent.models import SuppressionReason
from campaigns.contacts import bulk, bulk_running
from campaigns.contacts.change_models import BulkEdit
from campaigns.contacts.models import Contact
from campaigns.database import now, reading, transaction
from campaigns.delivery.single import LetterStatus
from campaigns.errors import BadInput, NotReady
from campaigns.longwork import WorkStatus
from campaigns.mail.capture import CapturedMail
from campaigns.preferences import asking_many, asking_out, requesting
from campaigns.preferences.models import DetailsRequest
from tests import factories

EVERYBODY = {"filters": ""}


@pytest.fixture
def people(session, queue):
    """Three who may be asked, and one for each reason why not."""
    factories.make_organisation(session, language="en")
    factories.make_sender(session)
    made = {name: factories.make_contact(session, f"{name}@example.com") for name in ("ann", "bob", "cyn")}
    made["lately"] = factories.make_contact(session, "lately@example.com")
    factories.make_contact(session, "never@example.com", consented=False)
    listed = factories.make_contact(session, "listed@example.com")
    factories.suppress(session, listed.email, SuppressionReason.UNSUBSCRIBED)
    kept = factories.make_contact(session, "kept@example.com")
    kept.restricted_at, kept.restricted_why = now(), "accuracy"
    session.add(DetailsRequest(contact_id=made["lately"].id, status=LetterStatus.SENT))
    old = now() - requesting.AGAIN_AFTER - timedelta(days=1)
    session.add(DetailsRequest(contact_id=made["ann"].id, status=LetterStatus.SENT, asked_at=old))
    session.commit()
    return made


def asked():
    """Whom a letter waits for."""
    with reading() as session:
        waiting = sa.select(Contact.email).join(DetailsRequest, DetailsRequest.contact_id == Contact.id)
        waiting = waiting.where(DetailsRequest.status == LetterStatus.WAITING)
        return sorted(email.partition("@")[0] for email in session.scalars(waiting))


def letters(settings):
    return [one.envelope_to for one in CapturedMail(settings.data_dir).newest(50)]


def ask(choice, user=None):
    with transaction() as session:
        edit = asking_many.start(session, choice, user)
    bulk_running.run(edit.id)
    with reading() as session:
        return session.get_one(BulkEdit, edit.id)


def test_who_would_be_asked_and_who_not_is_counted_before(people, session):
    found = asking_many.look(session, EVERYBODY, None)

    assert (found.chosen, found.asked) == (7, 3)
    assert found.left_out == {"lately": 1, "no_consent": 1, "unsubscribed": 1, "restricted": 1}
    assert asked() == []


def test_a_letter_to_each_waits_and_nobody_is_asked_twice(people, session, monkeypatch):
    few = dataclasses.replace(bulk.finals[asking_many.ACT], portion=2)
    monkeypatch.setitem(bulk.finals, asking_many.ACT, few)
    done = ask(EVERYBODY)

    assert (done.status, done.changed, done.looked_at, done.matching) == (WorkStatus.DONE, 3, 6, 6)
    assert bulk_running.said(done) == "3 letters are on their way."
    assert asked() == ["ann", "bob", "cyn"]
    with transaction() as other:  # the same work once more, as when a worker was cut off
        again = other.get_one(BulkEdit, done.id)
        again.status, again.after, again.changed = WorkStatus.QUEUED, 0, 0
    bulk_running.run(done.id)
    assert asked() == ["ann", "bob", "cyn"]
    with pytest.raises(BadInput, match="None of them would be asked"):
        ask(EVERYBODY)


def test_letters_go_through_the_gate_once_more(people, session, settings):
    ask({"ids": [people["ann"].id, people["bob"].id]})
    factories.suppress(session, "bob@example.com", SuppressionReason.UNSUBSCRIBED)
    session.commit()

    assert asking_out.send_waiting() == 1
    assert letters(settings) == ["ann@example.com"]


def test_who_asks_for_their_own_data_does_not_wait_for_them(people, session, settings):
    ask(EVERYBODY)
    with transaction() as other:
        requesting.ask_for_own(other, other.get_one(Contact, people["cyn"].id))

    asking_out.send_waiting(1)

    assert letters(settings) == ["cyn@example.com"]
    assert asked() == ["ann", "bob", "cyn"]


def test_without_a_sender_nobody_is_asked(session):
    factories.make_contact(session)
    with pytest.raises(NotReady):
        asking_many.start(session, EVERYBODY, None)


def test_who_may_not_any_more_asks_nobody(people, session):
    olga = factories.make_user(session, Role.MARKETER)
    session.commit()
    with transaction() as other:
        edit = asking_many.start(other, EVERYBODY, olga)
    olga.active = False
    session.commit()

    bulk_running.run(edit.id)

    with reading() as seen:
        assert seen.get_one(BulkEdit, edit.id).status == WorkStatus.FAILED
    assert asked() == []


def test_the_page_counts_and_asks(marketer_client, people):
    ids = [people["ann"].id, people["lately"].id]
    listed = marketer_client.get("/contacts/")
    looked = marketer_client.post("/contacts/ask-many/look?ticked=1", data={"id": ids})

    assert "Ask to confirm their details …" in listed.text
    assert "Ask 1 person to confirm their details?" in looked.text
    assert "Was asked within a month" in looked.text
    assert asked() == []
    done = marketer_client.post("/contacts/ask-many/?ticked=1", data={"id": ids}, follow_redirects=True)
    assert "1 letter is on its way." in done.text
    assert asked() == ["ann"]

    assert marketer_client.post("/contacts/ask-many/look?ticked=1").status_code == 422
    everybody = marketer_client.post("/contacts/ask-many/look?sort=name")
    assert "Ask 2 people to confirm their details?" in everybody.text


def test_salespeople_ask_one_at_a_time(salesperson_client, people):
    assert "Ask to confirm their details …" not in salesperson_client.get("/contacts/").text
    assert salesperson_client.post("/contacts/ask-many/look").status_code == 403


def test_they_are_asked_on_the_command_line(people):
    def run(*words):
        return CliRunner().invoke(verbs, ["contact", "ask-details", *words], standalone_mode=False)

    looked = run("--everybody", "--dry-run")
    assert looked.stdout.startswith("3 of 7 would be asked.\n  1 × ")
    assert json.loads(run("--everybody", "--dry-run", "--json").stdout)["asked"] == 3
    assert asked() == []

    assert json.loads(run("--email", "ann@example.com", "--json").stdout)["asked"] == 1
    assert "2 letters are on their way." in run("--everybody").stdout
    assert asked() == ["ann", "bob", "cyn"]
    assert run("--everybody").exit_code != 0
