"""Topics and how often, on the page of settings; what an old link may do; what the audit log has of it."""

from datetime import timedelta

import pytest
import sqlalchemy as sa

from campaigns.accounts.models import AuditEntry
from campaigns.consent import gate, ledger, topics
from campaigns.consent.models import ConsentEvent, Purpose, Wording
from campaigns.contacts.models import Contact
from campaigns.database import now, reading, transaction
from campaigns.delivery.models import Message
from campaigns.tokens import Purpose as Link
from campaigns.tokens import sign
from tests import factories

OFFERS, NEWS = "mail:offers", "mail:news"


@pytest.fixture
def letter(app, session) -> Message:
    """A letter about offers, sent a minute ago to a contact who agreed to mail."""
    factories.make_organisation(session)
    factories.make_user(session)
    topics.create(session, "Offers", "Once a month", {"cs": {"name": "Nabídky"}})
    topics.create(session, "News")
    contact = factories.make_contact(session, "ann@example.com")
    made = factories.make_message(session, factories.make_campaign(session, purpose=OFFERS), contact)
    session.commit()
    return made


def page(letter: Message) -> str:
    return f"/p/{sign(Link.PREFERENCES, letter.contact_id, letter.id)}"


def way_out(letter: Message) -> str:
    return f"/u/{sign(Link.UNSUBSCRIBE, letter.contact_id, letter.id)}"


def age(letter: Message, days: int) -> None:
    with transaction() as session:
        session.execute(sa.update(Message).values(sent_at=now() - timedelta(days=days)))


def refusals(letter: Message, *purposes: str) -> list[str | None]:
    with reading() as session:
        return [
            gate.refusals(session, [letter.contact_id], one).get(letter.contact_id)
            for one in purposes or (Purpose.MAIL, OFFERS, NEWS)
        ]


def ann(letter: Message) -> Contact:
    with reading() as session:
        return session.get_one(Contact, letter.contact_id)


def entries(letter: Message) -> int:
    with reading() as session:
        return session.scalar(sa.select(sa.func.count()).select_from(ConsentEvent))


def acts() -> list[str]:
    """What the audit log has, each entry of it about the contact alone."""
    with reading() as session:
        found = session.scalars(sa.select(AuditEntry).order_by(AuditEntry.id)).all()
        assert {entry.subject for entry in found} <= {"contact:1"}
        assert all(entry.detail == {"by": "person"} and entry.user_id is None for entry in found)
        return [entry.act for entry in found]


ASKED = {"asked": ["offers", "news"]}


@pytest.mark.both_databases
def test_topics_are_chosen_one_by_one(client, letter):
    shown = client.get(page(letter)).text
    assert shown.count('name="topic"') == 2
    assert shown.count(" checked") >= 2  # who wants letters gets those about topics, too

    client.post(page(letter), data=ASKED | {"topic": ["news"]}, csrf=False)
    assert refusals(letter) == [None, "withdrawn", None]

    client.post(page(letter), data=ASKED | {"topic": ["news", "offers"]}, csrf=False)
    assert refusals(letter) == [None, None, None]
    with reading() as session:
        said = session.scalars(sa.select(ConsentEvent).order_by(ConsentEvent.id.desc())).first()
        assert (said.purpose, said.act, said.method) == (OFFERS, "granted", "page")
        words = session.get_one(Wording, said.wording_id)
        assert (words.text, words.language) == ("Write to me about “Offers”. Once a month", "en")
    assert acts() == ["contact.topic_no", "contact.topic_yes"]
    receipt = client.get(page(letter)).text.split("What you agreed to")[1]
    assert "Letters about “Offers”" in receipt
    assert OFFERS not in receipt


def test_saying_the_same_again_writes_nothing(client, letter):
    before = entries(letter)
    form = ASKED | {"topic": ["news", "offers"], "how_often": "", "until": "", "language": ""}
    assert client.post(page(letter), data=form, csrf=False).status_code == 303
    assert (entries(letter), acts()) == (before, [])


def test_a_form_that_does_not_ask_about_a_topic_leaves_it(client, letter):
    client.post(page(letter), data={"asked": "news", "tracking": "no"}, csrf=False)
    assert refusals(letter) == [None, None, "withdrawn"]


def test_names_are_in_their_language(client, session, letter):
    session.execute(sa.update(Contact).values(language="cs"))
    session.commit()
    assert "Nabídky" in client.get(page(letter)).text
    client.post(page(letter), data={"asked": "offers"}, csrf=False)
    client.post(page(letter), data={"asked": "offers", "topic": "offers"}, csrf=False)
    with reading() as fresh:
        words = fresh.scalars(sa.select(Wording).where(Wording.purpose == OFFERS)).one()
        assert "Nabídky" in words.text
        assert words.language == "cs"


def test_what_is_no_longer_offered_is_shown_to_who_answered_about_it(client, letter):
    client.post(page(letter), data={"asked": "offers"}, csrf=False)
    with transaction() as session:
        for topic in topics.listed(session):
            topic.offered = False
    shown = client.get(page(letter)).text
    assert 'value="offers"' in shown
    assert 'value="news"' not in shown


def test_how_often_is_kept_and_holds(client, letter):
    assert "At most once a week" in client.get(page(letter)).text
    client.post(page(letter), data={"how_often": "weekly"}, csrf=False)
    assert refusals(letter) == ["too_often"] * 3
    client.post(page(letter), data={"how_often": "occasions"}, csrf=False)
    assert refusals(letter) == ["occasions"] * 3
    assert refusals(letter, topics.OCCASIONS) == [None]
    assert client.post(page(letter), data={"how_often": "hourly"}, csrf=False).status_code == 422
    client.post(page(letter), data={"how_often": ""}, csrf=False)
    assert refusals(letter) == [None] * 3
    assert acts() == ["contact.how_often"] * 3


def test_an_old_link_makes_letters_fewer_and_never_more(client, letter):
    later = [(now().date() + timedelta(days=days)).isoformat() for days in (30, 60)]
    client.post(page(letter), data={"asked": "offers", "how_often": "monthly", "until": later[1]}, csrf=False)
    age(letter, 2000)
    for form, field in (
        ({"asked": "offers", "topic": "offers"}, "topics"), ({"how_often": "weekly"}, "how_often"),
        ({"how_often": ""}, "how_often"), ({"until": ""}, "until"), ({"until": later[0]}, "until"),
    ):  # fmt: skip
        answer = client.post(page(letter), data=form, csrf=False)
        assert answer.status_code == 422, form
        assert f'id="f-{field}-error"' in answer.text
    assert (ann(letter).how_often, ann(letter).paused_until.date().isoformat()) == ("monthly", later[1])
    shown = client.get(page(letter)).text
    assert 'value="weekly"' not in shown
    assert "this link is some months old" in shown.lower()

    form = {"asked": ["offers", "news"], "how_often": "occasions", "until": later[1], "language": "sk"}
    assert client.post(page(letter), data=form, csrf=False).status_code == 303
    assert (ann(letter).how_often, ann(letter).language) == ("occasions", "sk")
    assert refusals(letter, NEWS) == ["withdrawn"]


def test_a_pause_that_is_not_on_the_form_goes_on(client, letter):
    client.post(page(letter), data={"until": (now().date() + timedelta(9)).isoformat()}, csrf=False)
    client.post(page(letter), data={"language": "cs"}, csrf=False)
    assert ann(letter).paused_until is not None
    assert acts() == ["contact.pause", "contact.language"]


def test_no_more_letters_about_the_topic_of_the_letter(client, letter):
    shown = client.get(way_out(letter)).text
    assert "No more letters about “Offers”" in shown
    assert "No more letters at all" in shown

    done = client.post(f"{way_out(letter)}/topic", csrf=False)
    assert "Set-Cookie" not in done.headers
    assert refusals(letter) == [None, "withdrawn", None]
    assert "No more letters about" not in client.get(way_out(letter)).text
    before = entries(letter)
    client.post(f"{way_out(letter)}/topic", csrf=False)
    assert (entries(letter), acts()) == (before, ["contact.topic_no"])


def test_one_click_of_a_letter_about_a_topic_ends_all_letters(client, letter):
    client.post(way_out(letter), data={"List-Unsubscribe": "One-Click"}, csrf=False)
    assert refusals(letter) == ["unsubscribed"] * 3
    assert acts() == ["contact.unsubscribe"]


def test_a_letter_in_general_knows_no_topic(client, session, letter):
    session.execute(sa.text("UPDATE campaign SET purpose = 'mail'"))
    session.commit()
    assert "about" not in client.get(way_out(letter)).text.split("<h1>")[1].split("</form>")[0]
    client.post(f"{way_out(letter)}/topic", csrf=False)
    assert refusals(letter) == ["unsubscribed"] * 3


def test_birthdays_and_orders_can_be_done_without_too(client, session, letter):
    session.execute(sa.text("UPDATE campaign SET purpose = 'mail:occasions'"))
    session.commit()
    assert "birthdays and orders" in client.get(way_out(letter)).text
    client.post(f"{way_out(letter)}/topic", csrf=False)
    assert refusals(letter, Purpose.MAIL, topics.OCCASIONS) == [None, "withdrawn"]


def test_tracking_is_in_the_audit_log_as_well(client, letter):
    client.post(page(letter), data={"tracking": "yes"}, csrf=False)
    client.post(f"{way_out(letter)}/alone", csrf=False)
    assert acts() == ["contact.tracking_yes", "contact.tracking_no"]
    with reading() as session:
        assert ledger.state(session, letter.contact_id, Purpose.TRACKING).state == "withdrawn"
