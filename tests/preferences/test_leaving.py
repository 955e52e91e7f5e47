"""Unsubscribing: one button for people, one POST for mail programs, nothing for those who only look."""

from datetime import timedelta

import pytest
import sqlalchemy as sa
import time_machine

from campaigns import tables, tokens
from campaigns.consent import gate
from campaigns.consent.models import Act, ConsentEvent, Purpose, Suppression, SuppressionReason
from campaigns.contacts.models import Contact
from campaigns.crm.models import Activity, Kind
from campaigns.database import now, reading
from campaigns.delivery.models import Message
from campaigns.tokens import Purpose as Link
from campaigns.tokens import sign
from tests import factories

ONE_CLICK = {"List-Unsubscribe": "One-Click"}


@pytest.fixture
def letter(app, session) -> Message:
    """A letter sent a minute ago to a contact who agreed to mail and to being followed."""
    factories.make_organisation(session)
    factories.make_user(session)
    contact = factories.make_contact(session, "ann.example@example.com", tracked=True)
    made = factories.make_message(session, factories.make_campaign(session, name="Spring"), contact)
    session.commit()
    return made


def link_of(letter: Message, purpose: Link = Link.UNSUBSCRIBE) -> str:
    return f"/{'u' if purpose == Link.UNSUBSCRIBE else 'p'}/{sign(purpose, letter.contact_id, letter.id)}"


def everything() -> dict[str, list]:
    """All rows of all tables."""
    with reading() as session:
        return {
            table.name: sorted(map(repr, session.execute(sa.select(table)).all()))
            for table in tables.Base.metadata.sorted_tables
        }


def may_be_mailed(letter: Message) -> bool:
    with reading() as session:
        return letter.contact_id not in gate.refusals(session, [letter.contact_id])


@pytest.mark.both_databases
@pytest.mark.parametrize("multipart", [False, True], ids=["urlencoded", "multipart"])
def test_one_click_of_a_mail_program(client, letter, multipart):
    content_type = "multipart/form-data" if multipart else "application/x-www-form-urlencoded"
    answer = client.post(link_of(letter), data=ONE_CLICK, content_type=content_type, csrf=False)

    assert answer.status_code == 200
    assert answer.mimetype == "text/plain"
    assert "Location" not in answer.headers
    assert "Set-Cookie" not in answer.headers
    assert not may_be_mailed(letter)
    with reading() as session:
        said = session.scalars(sa.select(ConsentEvent).order_by(ConsentEvent.id.desc())).first()
        assert (said.purpose, said.act, said.method) == (Purpose.MAIL, Act.WITHDRAWN, "one_click")
        assert said.source == f"letter:{letter.id}"
        assert session.scalar(sa.select(Suppression.reason)) == SuppressionReason.UNSUBSCRIBED
        assert session.get(Message, letter.id).unsubscribed_at is not None
        [activity] = session.scalars(sa.select(Activity))
        assert (activity.kind, activity.summary) == (Kind.UNSUBSCRIBE, "Spring")


def test_once_more_changes_nothing(client, letter):
    client.post(link_of(letter), data=ONE_CLICK, csrf=False)
    before = everything()
    assert client.post(link_of(letter), data=ONE_CLICK, csrf=False).status_code == 200
    assert client.post(link_of(letter), csrf=False).status_code == 200
    assert everything() == before


@pytest.mark.parametrize("purpose", [Link.UNSUBSCRIBE, Link.PREFERENCES])
def test_looking_changes_nothing(client, letter, purpose):
    before = everything()
    for method in (client.get, client.head):
        answer = method(link_of(letter, purpose))
        assert answer.status_code == 200
        assert "Set-Cookie" not in answer.headers
    assert client.get(link_of(letter) + "/pause").status_code == 405
    assert client.get(link_of(letter) + "/alone").status_code == 405
    assert everything() == before


def test_a_person_presses_the_button(client, letter):
    page = client.get(link_of(letter))
    assert "will stop writing to an…@example.com" in page.text
    assert "ann.example@example.com" not in page.text
    done = client.post(link_of(letter), csrf=False)

    assert "You are unsubscribed" in done.text
    assert "Set-Cookie" not in done.headers
    assert not may_be_mailed(letter)


def proof_in(page) -> str:
    return page.text.split('name="proof" value="')[1].split('"')[0]


def test_a_pause_instead(client, letter):
    done = client.post(link_of(letter), csrf=False)
    answer = client.post(link_of(letter) + "/pause", data={"proof": proof_in(done)}, csrf=False)

    assert "Nobody writes to you until" in answer.text
    with reading() as session:
        assert gate.refusals(session, [letter.contact_id]) == {letter.contact_id: "paused"}
        later = now() + timedelta(days=92)
        assert gate.refusals(session, [letter.contact_id], at=later) == {}
        assert session.get(Message, letter.id).unsubscribed_at is None
        said = session.scalars(sa.select(ConsentEvent).order_by(ConsentEvent.id.desc())).first()
        assert said.wording_id is not None


def test_an_old_link_can_not_bring_anybody_back(client, letter):
    client.post(link_of(letter), csrf=False)
    earlier = int(now().timestamp()) - 3601
    for proof in ("", "forged", sign(Link.PREFERENCES, letter.contact_id, letter.id, earlier),
                  sign(Link.PREFERENCES, letter.contact_id, letter.id),
                  sign(Link.PREFERENCES, 99, letter.id, int(now().timestamp()))):  # fmt: skip
        answer = client.post(link_of(letter) + "/pause", data={"proof": proof}, csrf=False)
        assert "You are unsubscribed" in answer.text
    assert not may_be_mailed(letter)


def test_a_complaint_is_not_taken_back_by_a_pause(client, session, letter):
    factories.suppress(session, letter.address, SuppressionReason.COMPLAINED)
    session.commit()
    done = client.post(link_of(letter), csrf=False)
    client.post(link_of(letter) + "/pause", data={"proof": proof_in(done)}, csrf=False)
    assert not may_be_mailed(letter)


def test_no_following_of_letters_already_there(client, letter):
    client.post(link_of(letter), csrf=False)
    answer = client.post(link_of(letter) + "/alone", csrf=False)
    assert "not looked at" in answer.text
    with reading() as session:
        said = session.scalars(sa.select(ConsentEvent).order_by(ConsentEvent.id.desc())).first()
        assert (said.purpose, said.act) == (Purpose.TRACKING, Act.WITHDRAWN)


@pytest.mark.parametrize("path", ["/u/forged", "/p/forged", "/u/" + "A" * 3000, "/p/%00", "/u/čeština"])
def test_forged_links_all_get_the_same_page(client, letter, path):
    before = everything()
    answer = client.get(path)
    assert answer.status_code == 404
    assert "This link is not complete" in answer.text
    assert client.post(path, data=ONE_CLICK, csrf=False).status_code == 404
    assert client.post(path, csrf=False).status_code == 404
    assert everything() == before


def test_a_link_for_one_thing_does_not_do_another(client, letter):
    for purpose in (Link.PREFERENCES, Link.ARCHIVE, Link.BOUNCE, Link.CLICK):
        token = tokens.sign(purpose, letter.contact_id, letter.id)
        assert client.post(f"/u/{token}", data=ONE_CLICK, csrf=False).status_code == 404
    assert may_be_mailed(letter)


def test_who_was_erased_sees_what_anybody_sees(client, session, letter):
    session.execute(sa.delete(Contact).where(Contact.id == letter.contact_id))
    session.commit()
    assert client.get(link_of(letter)).status_code == 200
    assert client.post(link_of(letter), data=ONE_CLICK, csrf=False).status_code == 200
    assert client.post(link_of(letter), csrf=False).status_code == 200
    assert client.get(link_of(letter, Link.PREFERENCES)).status_code == 200
    assert (
        client.post(link_of(letter, Link.PREFERENCES), data={"tracking": "no"}, csrf=False).status_code == 303
    )


def test_a_link_without_a_letter_works_too(client, letter):
    token = sign(Link.UNSUBSCRIBE, letter.contact_id, 0)
    assert client.post(f"/u/{token}", data=ONE_CLICK, csrf=False).status_code == 200
    assert not may_be_mailed(letter)


def test_the_page_speaks_the_contact_s_language(client, session, letter):
    session.execute(sa.update(Contact).values(language="cs"))
    session.commit()
    assert '<html lang="cs"' in client.get(link_of(letter), headers={"Accept-Language": "ro"}).text


def test_an_old_link_can_not_bring_back_who_left_long_ago(session, client, letter):
    with time_machine.travel(now() - timedelta(days=700), tick=False):
        client.post(link_of(letter), csrf=False)

    again = client.post(link_of(letter), csrf=False)  # as whoever found the letter would

    assert 'name="proof"' not in again.text
    made = sign(Link.PREFERENCES, letter.contact_id, letter.id, int(now().timestamp()))
    client.post(link_of(letter) + "/pause", data={"proof": made}, csrf=False)
    assert not may_be_mailed(letter)


def test_an_old_link_ends_no_pause(session, client, letter):
    client.post(link_of(letter, Link.PREFERENCES), data={"until": later(30)}, csrf=False)
    with time_machine.travel(now() + timedelta(days=3), tick=False):
        session.execute(sa.update(Message).values(sent_at=now() - timedelta(days=400)))
        session.commit()
        for until in ("", later(10)):
            answer = client.post(link_of(letter, Link.PREFERENCES), data={"until": until}, csrf=False)
            assert (answer.status_code, may_be_mailed(letter)) == (422, False)
        longer = client.post(link_of(letter, Link.PREFERENCES), data={"until": later(60)}, csrf=False)
        assert longer.status_code == 303


def later(days) -> str:
    return (now() + timedelta(days=days)).date().isoformat()


def test_nobody_agrees_by_leaving(session, client):
    never = factories.make_contact(session, "never@example.com", consented=False)
    message = factories.make_message(session, factories.make_campaign(session), never)
    session.commit()

    assert 'name="proof"' not in client.post(link_of(message), csrf=False).text
