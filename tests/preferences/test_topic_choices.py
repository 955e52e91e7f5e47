"""Topics on the contact's own pages: a yes or no for each, and leaving one out of a letter about it."""

import re
from datetime import timedelta

import pytest
import sqlalchemy as sa

from campaigns.analytics import figures
from campaigns.consent import gate, ledger, topics
from campaigns.consent.models import ConsentEvent, Purpose, Wording
from campaigns.contacts.models import Contact
from campaigns.crm import logging
from campaigns.database import now, reading
from campaigns.delivery.models import Message
from campaigns.mailings.models import Campaign, Status
from campaigns.tokens import Purpose as Link
from campaigns.tokens import sign
from tests import factories

OFFERS, NEWS, OLD = "mail:offers", "mail:news", "mail:old"


@pytest.fixture
def letter(app, session) -> Message:
    """A letter about offers, sent a minute ago to a contact who agreed to letters in general."""
    factories.make_organisation(session)
    factories.make_user(session)
    topics.create(session, "Offers", "Once a month", {"cs": {"name": "Nabídky"}})
    topics.create(session, "News")
    topics.create(session, "Old").offered = False
    contact = factories.make_contact(session, "ann@example.com")
    campaign = factories.make_campaign(session, purpose=OFFERS, status=Status.SENT)
    made = factories.make_message(session, campaign, contact)
    session.commit()
    return made


def link_of(letter, kind=Link.PREFERENCES):
    return f"/{'p' if kind == Link.PREFERENCES else 'u'}/{sign(kind, letter.contact_id, letter.id)}"


def field(purpose, part="topic"):
    with reading() as session:
        [number] = [topic.id for topic in topics.listed(session) if topic.purpose == purpose]
        return f"{part}.{number}"


def save(client, letter, answers, **more):
    data = {field(purpose): answer for purpose, answer in answers.items()} | more
    return client.post(link_of(letter), data=data, csrf=False)


def leave(client, letter, where="", **data):
    return client.post(link_of(letter, Link.UNSUBSCRIBE) + where, data=data, csrf=False)


def refused(letter):
    """Why each purpose is refused, where it is."""
    with reading() as session:
        asked = {
            purpose: gate.refusals(session, [letter.contact_id], purpose).get(letter.contact_id)
            for purpose in (Purpose.MAIL, OFFERS, NEWS, OLD)
        }
    return {purpose: reason for purpose, reason in asked.items() if reason}


def entries():
    with reading() as session:
        return session.scalars(sa.select(ConsentEvent).order_by(ConsentEvent.id)).all()


@pytest.mark.both_databases
def test_a_no_to_one_topic_keeps_the_others_and_a_yes_takes_it_back(client, letter):
    assert save(client, letter, {OFFERS: "no", NEWS: "yes"}).status_code == 303
    assert refused(letter) == {OFFERS: "withdrawn"}
    assert [(one.purpose, one.act, one.method) for one in entries()[1:]] == [(OFFERS, "withdrawn", "page")]

    assert save(client, letter, {OFFERS: "yes", NEWS: "yes"}).status_code == 303
    assert refused(letter) == {}
    said = entries()[-1]
    assert (said.purpose, said.act, said.source) == (OFFERS, "granted", f"letter:{letter.id}")
    with reading() as session:
        text = session.get(Wording, said.wording_id).text
    assert text == "You may write to me about this, until I say otherwise:\nOffers\nOnce a month"
    assert "Letters about “Offers”" in client.get(link_of(letter)).text  # the receipt
    assert "Old" not in client.get(link_of(letter)).text


def test_saying_the_same_again_writes_nothing(client, letter):
    for _ in range(3):
        save(client, letter, {OFFERS: "no", NEWS: "yes"})
    assert len(entries()) == 2


def test_an_old_link_says_no_but_not_yes(client, session, letter):
    session.execute(sa.update(Message).values(sent_at=now() - timedelta(days=61)))
    session.commit()
    assert save(client, letter, {OFFERS: "no"}).status_code == 303
    answer = save(client, letter, {OFFERS: "yes", NEWS: "no"})
    assert answer.status_code == 422
    assert "too old to agree by" in answer.text
    assert f'id="f-{field(OFFERS)}-yes"' not in client.get(link_of(letter)).text
    assert refused(letter) == {OFFERS: "withdrawn"}  # of a form that can't be kept, nothing is
    assert save(client, letter, {OFFERS: "no", NEWS: "no"}).status_code == 303
    assert refused(letter) == {OFFERS: "withdrawn", NEWS: "withdrawn"}


def test_a_page_that_was_opened_before_leaving_says_no_yes(client, letter):
    leave(client, letter)
    save(client, letter, {OFFERS: "yes"}, **{field(OFFERS, "shown"): "yes"})
    assert set(refused(letter)) == {Purpose.MAIL, OFFERS, NEWS, OLD}


@pytest.mark.both_databases
def test_who_left_everything_and_says_yes_to_one_gets_that_only(client, session, letter):
    ledger.record(session, letter.contact_id, OLD, "granted", "consent", "test", "page")
    session.commit()
    leave(client, letter)
    assert save(client, letter, {OFFERS: "no", NEWS: "yes"}).status_code == 303
    assert refused(letter) == {Purpose.MAIL: "narrowed", OFFERS: "narrowed", OLD: "narrowed"}


@pytest.mark.both_databases
def test_one_topic_is_left_out_of_a_letter_about_it(client, letter):
    page = client.get(link_of(letter, Link.UNSUBSCRIBE)).text
    assert "No more letters about “Offers”" in page
    assert "No more letters at all" in page
    for _ in range(2):
        answer = leave(client, letter, "/topic")
        assert answer.status_code == 200
        assert "Set-Cookie" not in answer.headers
        assert "They go on as before" in answer.text
    assert refused(letter) == {OFFERS: "withdrawn"}
    assert len(entries()) == 2
    assert leave(client, letter).status_code == 200
    assert set(refused(letter)) == {Purpose.MAIL, OFFERS, NEWS, OLD}


def test_the_button_of_a_mail_program_ends_everything(client, letter):
    assert leave(client, letter, **{"List-Unsubscribe": "One-Click"}).data == b"Unsubscribed.\n"
    assert set(refused(letter)) == {Purpose.MAIL, OFFERS, NEWS, OLD}


def test_a_letter_in_general_has_one_button_and_its_topic_address_ends_everything(client, session, letter):
    contact = session.get_one(Contact, letter.contact_id)
    other = factories.make_message(session, factories.make_campaign(session, name="All"), contact)
    session.commit()
    page = client.get(link_of(other, Link.UNSUBSCRIBE)).text
    assert "No more letters about" not in page
    leave(client, other, "/topic")
    assert Purpose.MAIL in refused(other)


def test_topics_are_called_as_in_the_language_of_the_page(client, session, letter):
    save(client, letter, {}, language="cs")
    assert "Nabídky" in client.get(link_of(letter)).text
    assert "Nabídky" in client.get(link_of(letter, Link.UNSUBSCRIBE)).text


def told(letter):
    """How many the report says left by this letter, and what the timeline tells, the newest first."""
    with reading() as session:
        found = figures.figures(session, letter.campaign_id)
        timeline = logging.timeline(session, letter.contact_id)
        return found.unsubscribed, [(one.kind, one.summary, one.detail) for one in timeline]


@pytest.mark.both_databases
@pytest.mark.parametrize("by_link", [True, False])
def test_leaving_a_topic_counts_once_and_stands_on_the_timeline(client, letter, by_link):
    with reading() as session:
        campaign = session.get_one(Campaign, letter.campaign_id).name
    for _ in range(2):
        if by_link:
            leave(client, letter, "/topic")
        else:
            save(client, letter, {OFFERS: "no", NEWS: "yes"})
    left = ("leave_topic", "Offers", campaign)
    assert told(letter) == (1, [left])

    for _ in range(2):
        leave(client, letter)
    assert told(letter) == (1, [("unsubscribe", campaign, ""), left])


@pytest.mark.both_databases
def test_each_topic_is_left_by_the_letter_once(client, letter):
    save(client, letter, {OFFERS: "no", NEWS: "no"})

    number, timeline = told(letter)
    assert (number, {summary for _kind, summary, _detail in timeline}) == (1, {"Offers", "News"})

    save(client, letter, {OFFERS: "yes"})
    save(client, letter, {OFFERS: "no"})
    number, timeline = told(letter)
    assert (number, len(timeline)) == (1, 3)


def test_a_no_to_what_they_never_got_is_not_leaving(client, session, letter):
    leave(client, letter)
    save(client, letter, {NEWS: "no"})
    leave(client, letter, "/topic")
    assert [kind for kind, _summary, _detail in told(letter)[1]] == ["unsubscribe"]

    asked = factories.make_contact(session, consented=False)
    other = factories.make_message(session, session.get_one(Campaign, letter.campaign_id), asked)
    session.commit()
    save(client, other, {NEWS: "no"})
    assert refused(other)[NEWS] == "withdrawn"
    assert told(other) == (1, [])


def test_taking_all_back_leaves_the_topic_left(client, letter):
    leave(client, letter, "/topic")
    proof = re.search(r'name="proof" value="([^"]+)"', leave(client, letter).text).group(1)

    assert leave(client, letter, "/pause", proof=proof).status_code == 200

    assert told(letter)[0] == 1
    assert refused(letter) == {OFFERS: "withdrawn"} | dict.fromkeys((Purpose.MAIL, NEWS, OLD), "paused")


def test_the_page_of_the_contact_tells_the_topic(client, letter, marketer_client):
    leave(client, letter, "/topic")
    page = marketer_client.get(f"/crm/contacts/{letter.contact_id}/timeline").text
    assert "Left the topic" in page
    assert "“Offers”" in page
