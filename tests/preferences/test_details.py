"""Confirming details: the letter through the gate, and the page on which people correct what is known."""

import re
from datetime import timedelta

import pytest
import sqlalchemy as sa

from campaigns import jobs, settings, tokens
from campaigns.accounts.models import AuditEntry
from campaigns.consent.models import Purpose
from campaigns.contacts import field_defining, field_index, fields, origins
from campaigns.contacts.models import Company, Contact
from campaigns.crm.models import Activity, Kind
from campaigns.database import now, reading, transaction
from campaigns.delivery.single import LetterStatus
from campaigns.errors import NotReady
from campaigns.mail.capture import CapturedMail
from campaigns.preferences import asking_out, requesting
from campaigns.preferences.models import DetailsRequest
from campaigns.settings import Smtp
from tests import factories
from tests.mail.rude_server import CLOSE, rude_server


@pytest.fixture
def firm(app, session):
    """A firm with a sender, one field that people may correct and one that is ours."""
    factories.make_organisation(session, language="en")
    factories.make_user(session)
    factories.make_sender(session)
    field_defining.add(session, {"name": "Herd size", "kind": "number", "shared": "1", "section": "Farm"})
    field_defining.add(session, {"name": "Our guess", "kind": "text"})
    session.commit()


def person(session, email="ann@example.com", **values):
    made = factories.make_contact(session, email, fields={"our_guess": "grumpy"}, **values)
    fields.refresh(session, [made.id])
    session.commit()
    return made


def asked(session, *contacts):
    done = requesting.ask(session, [contact.id for contact in contacts])
    session.commit()
    return done


def link(contact):
    with reading() as session:
        request = requesting.of_contact(session, contact.id)[0]
        return requesting.link(request).removeprefix(settings.current().base_url)


def statuses():
    with reading() as session:
        rows = session.execute(
            sa.select(DetailsRequest.status, DetailsRequest.reason).order_by(DetailsRequest.id)
        )
        return [tuple(row) for row in rows]


def captured():
    mail = CapturedMail(settings.current().data_dir)
    return [(one.envelope_to, one.subject) for one in mail.newest(50)]


def everything():
    """All that the database holds, to see that nothing moved."""
    with reading() as session:
        from campaigns.tables import Base

        return {table.name: session.execute(sa.select(table)).all() for table in Base.metadata.sorted_tables}


@pytest.mark.both_databases
def test_only_those_who_may_be_written_to_get_the_letter_each_in_their_language(firm, session, queue):
    ann, eva = person(session, language="cs", first_name="Anna"), person(session, "eva@example.com")
    no = person(session, "no@example.com", consented=False)

    done = asked(session, ann, eva, no)
    assert (done.asked, done.refused, done.lately) == (2, 1, 0)
    assert (jobs.ASK_DETAILS.name, ()) in queue.asked
    left = person(session, "left@example.com")
    asked(session, left)
    factories.suppress(session, "left@example.com")
    session.commit()
    queue.work(jobs.ASK_DETAILS)
    asking_out.send_waiting()

    assert statuses() == [("sent", ""), ("sent", ""), ("skipped", "no_consent"), ("skipped", "unsubscribed")]
    assert sorted(to for to, _subject in captured()) == ["ann@example.com", "eva@example.com"]
    assert asked(session, ann).lately == 1


def test_the_letter_bears_the_link_and_the_way_to_leave(firm, session):
    ann = person(session, first_name="Anna")
    asked(session, ann)
    request = requesting.of_contact(session, ann.id)[0]

    envelope_from, _to, raw = requesting.write(session, request, ann)

    text = raw.decode().replace("=\r\n", "").replace("=3D", "=")
    assert envelope_from == "news@example.com"
    assert requesting.link(request) in text
    assert "List-Unsubscribe-Post: List-Unsubscribe=One-Click" in text
    assert "/u/" in text


def test_without_a_sender_nobody_is_asked(app, session):
    with pytest.raises(NotReady):
        requesting.ask(session, [factories.make_contact(session).id])


def through(port):
    """Letters go to the mail server on this port from now on."""
    smtp = Smtp(host="127.0.0.1", port=port, tls="none")
    settings.use(settings.current().model_copy(update={"smtp": smtp}))


@pytest.mark.parametrize(
    ("reply", "status", "later"),
    [
        ("450 4.2.1 busy", "waiting", "sent"),
        ("550 5.1.1 nobody", "failed", "failed"),
        ("421 away", "waiting", "sent"),
    ],
)
def test_it_is_tried_again_only_where_nothing_was_taken(firm, session, smtp_server, reply, status, later):
    asked(session, person(session))
    through(smtp_server.port)
    smtp_server.at_rcpt = {"*": reply}

    asking_out.send_waiting()
    assert statuses()[0][0] == status
    smtp_server.at_rcpt = {}
    for _time in range(2):
        asking_out.send_waiting()

    assert statuses()[0][0] == later
    assert len(smtp_server.letters) == (later == "sent")


def test_a_letter_of_which_nobody_knows_is_never_sent_again(firm, session, smtp_server):
    asked(session, person(session))
    with rude_server(dot=CLOSE) as rude:
        through(rude.port)
        asking_out.send_waiting()
    through(smtp_server.port)
    asking_out.send_waiting()

    assert statuses() == [("sending", "")]
    assert smtp_server.letters == []


def test_a_server_that_says_not_now_for_days_is_given_up(firm, session, smtp_server):
    asked(session, person(session))
    session.execute(sa.update(DetailsRequest).values(asked_at=now() - timedelta(days=4)))
    session.commit()
    through(smtp_server.port)
    smtp_server.at_rcpt = {"*": "450 4.2.1 busy"}

    asking_out.send_waiting()
    assert statuses()[0][0] == "failed"


@pytest.mark.both_databases
def test_the_person_sees_and_corrects_what_is_theirs(client, firm, session):
    ann = person(session, first_name="Ana", phone="+420777123456", source="Fair", city="Brno", language="en")
    asked(session, ann)
    page = client.get(link(ann)).text

    assert 'value="Ana"' in page
    assert "Herd size" in page
    assert "Our guess" not in page
    assert "grumpy" not in page
    form = {
        "first_name": "Anna", "last_name": "", "phone": "+420777123456", "language": "cs", "company": "Mills",
        "position": "Buyer", "fields.herd_size": "1,200", "fields.our_guess": "nice",
        "email": "x@example.com",
    }  # fmt: skip
    answer = client.post(link(ann), data=form, csrf=False)

    assert answer.status_code == 303
    assert "Set-Cookie" not in answer.headers
    with reading() as after:
        kept = after.get(Contact, ann.id)
        assert (kept.first_name, kept.language, kept.position) == ("Anna", "cs", "Buyer")
        assert kept.email == "ann@example.com"
        assert kept.fields == {"our_guess": "grumpy", "herd_size": "1200"}
        assert after.get(Company, kept.company_id).name == "Mills"
        assert kept.name_key == "anna"
        assert kept.verified_at is not None
        assert origins.one(kept, "phone").source == origins.PERSON
        assert origins.one(kept, "fields.herd_size").verified_at is not None
        assert origins.one(kept, "city").source == "Fair"
        assert origins.one(kept, "city").verified_at is None
        assert list(field_index.differing(after)) == []
        entry = after.scalars(sa.select(AuditEntry).where(AuditEntry.act == "contact.correct")).one()
        changed = {"first_name", "language", "company", "position", "fields.herd_size"}
        assert set(entry.detail["changed"]) == changed
        assert after.scalar(sa.select(Activity.kind).where(Activity.contact_id == ann.id)) == Kind.REPLY
        assert after.scalars(sa.select(DetailsRequest)).one().answered_at is not None
    assert 'lang="cs"' in client.get(f"{link(ann)}?saved=1").text


def test_looking_changes_nothing(client, firm, session):
    ann = person(session)
    asked(session, ann)
    before = everything()

    for _time in range(2):
        assert client.get(link(ann)).status_code == 200
    assert client.head(link(ann)).status_code == 200
    assert everything() == before


def test_what_does_not_fit_is_told_and_nothing_is_kept(client, firm, session):
    ann = person(session, phone="ask the porter")
    asked(session, ann)
    form = {"first_name": "Anna", "phone": "123", "language": "xx", "fields.herd_size": "many"}

    answer = client.post(link(ann), data=form, csrf=False)

    assert answer.status_code == 422
    assert answer.text.count("invalid-feedback") == 3
    with reading() as after:
        kept = after.get(Contact, ann.id)
        assert (kept.first_name, kept.verified_at) == ("", None)
    client.post(link(ann), data={"phone": "ask the porter"}, csrf=False)
    with reading() as after:
        assert after.get(Contact, ann.id).phone == "ask the porter"


def test_a_link_that_is_old_foreign_or_of_somebody_erased_shows_nothing(client, firm, session):
    ann, eva = person(session), person(session, "eva@example.com")
    asked(session, ann, eva)
    old, gone = link(ann), link(eva)
    long_ago = now() - timedelta(days=61)
    with transaction() as writing:
        hers = sa.update(DetailsRequest).where(DetailsRequest.contact_id == ann.id)
        writing.execute(hers.values(asked_at=long_ago))
        writing.execute(sa.delete(Contact).where(Contact.id == eva.id))
    preferences = tokens.sign(tokens.Purpose.PREFERENCES, ann.id, 0)

    for address in (old, gone, "/d/broken", f"/d/{preferences}"):
        assert client.get(address).status_code == 404
        assert client.post(address, data={"first_name": "Eve"}, csrf=False).status_code == 404
        assert "ann@example.com" not in client.get(address).text


def test_colleagues_ask_from_the_page_and_from_the_queue(marketer_client, firm, session):
    ann, eva = person(session), person(session, "eva@example.com", consented=False)
    session.execute(sa.update(Contact).values(created_at=now() - timedelta(days=500)))
    session.commit()

    queue = marketer_client.get("/contacts/to-confirm").text
    assert 'formaction="/contacts/ask-details"' in queue
    answer = marketer_client.post(
        "/contacts/ask-details", data={"id": [ann.id, eva.id]}, follow_redirects=True
    )
    said = re.sub(r"\s+", " ", answer.text)
    assert "1 letter is on its way. 1 may not be written to." in said
    assert "Waiting to be sent" in marketer_client.get(f"/contacts/{ann.id}").text
    assert "Never agreed" in marketer_client.get(f"/contacts/{eva.id}").text
    assert marketer_client.post("/contacts/ask-details").status_code == 422


def test_gate_and_purpose_are_those_of_letters(firm, session):
    ann = person(session)
    factories.grant_consent(session, ann, Purpose.TRACKING)
    session.commit()
    assert asked(session, ann).asked == 1
    assert LetterStatus(statuses()[0][0]) == LetterStatus.WAITING
    assert fields.known(session)["herd_size"].shared
