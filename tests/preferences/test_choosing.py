"""The preferences page: pause, language, following, and the receipt of what was agreed to."""

import re
from datetime import timedelta

import pytest
import sqlalchemy as sa

from campaigns.accounts.models import AuditEntry, Role
from campaigns.consent import gate, ledger, topics
from campaigns.consent.models import ConsentEvent, Purpose, Wording
from campaigns.contacts.models import Contact
from campaigns.database import now, reading
from campaigns.delivery.models import Message
from campaigns.tokens import Purpose as Link
from campaigns.tokens import sign
from tests import factories


@pytest.fixture
def letter(app, session) -> Message:
    """A letter sent a minute ago to a contact who agreed to mail only."""
    factories.make_organisation(session)
    factories.make_user(session)
    contact = factories.make_contact(session, "ann@example.com")
    made = factories.make_message(session, factories.make_campaign(session), contact)
    session.commit()
    return made


def link_of(letter: Message) -> str:
    return f"/p/{sign(Link.PREFERENCES, letter.contact_id, letter.id)}"


def tomorrow(days: int = 1) -> str:
    return (now().date() + timedelta(days=days)).isoformat()


def tracking(letter: Message) -> str | None:
    with reading() as session:
        standing = ledger.state(session, letter.contact_id, Purpose.TRACKING)
        return standing.state if standing else None


@pytest.mark.both_databases
def test_all_choices_at_once(client, letter):
    form = {"until": tomorrow(30), "language": "sk", "tracking": "yes"}
    answer = client.post(link_of(letter), data=form, csrf=False, follow_redirects=True)

    assert answer.status_code == 200
    assert "Set-Cookie" not in answer.headers
    with reading() as session:
        contact = session.get(Contact, letter.contact_id)
        assert contact.language == "sk"
        assert contact.paused_until.date().isoformat() == tomorrow(30)
        said = session.scalars(sa.select(ConsentEvent).order_by(ConsentEvent.id.desc())).first()
        assert (said.method, said.source) == ("page", f"letter:{letter.id}")
        assert session.get(Wording, said.wording_id).text.startswith("You may see whether I open")
    assert tracking(letter) == "granted"


def test_a_pause_can_end_early(client, letter):
    client.post(link_of(letter), data={"until": tomorrow(30)}, csrf=False)
    client.post(link_of(letter), data={"until": ""}, csrf=False)
    with reading() as session:
        assert session.get(Contact, letter.contact_id).paused_until is None


@pytest.mark.parametrize("until", ["yesterday", "2020-01-01", tomorrow(0), tomorrow(800), "0000-99-99"])
def test_a_day_that_can_not_be_is_explained(client, letter, until):
    answer = client.post(link_of(letter), data={"until": until, "language": "cs"}, csrf=False)
    assert answer.status_code == 422
    assert "invalid-feedback" in answer.text
    with reading() as session:
        contact = session.get(Contact, letter.contact_id)
        assert (contact.paused_until, contact.language) == (None, "")  # nothing of the form was taken


def test_saying_the_same_again_adds_nothing_to_the_ledger(client, letter):
    for _ in range(3):
        client.post(link_of(letter), data={"tracking": "no"}, csrf=False)
    with reading() as session:
        said = sa.select(sa.func.count()).where(ConsentEvent.purpose == Purpose.TRACKING)
        assert session.scalar(said) == 1
    assert tracking(letter) == "withdrawn"


def test_an_old_link_says_no_but_not_yes(client, session, letter):
    session.execute(sa.update(Message).values(sent_at=now() - timedelta(days=61)))
    session.commit()
    assert client.post(link_of(letter), data={"tracking": "yes"}, csrf=False).status_code == 422
    assert tracking(letter) is None
    assert 'value="yes"' not in client.get(link_of(letter)).text
    assert client.post(link_of(letter), data={"tracking": "no"}, csrf=False).status_code == 303
    assert tracking(letter) == "withdrawn"


def test_a_language_that_we_do_not_speak_changes_nothing(client, letter):
    client.post(link_of(letter), data={"language": "<script>"}, csrf=False)
    with reading() as session:
        assert session.get(Contact, letter.contact_id).language == ""


def test_the_receipt_shows_what_was_agreed_to_and_how(client, letter):
    client.post(link_of(letter), data={"tracking": "yes"}, csrf=False)
    page = client.get(link_of(letter)).text
    assert "What you agreed to" in page
    assert "You may see whether I open your letters" in page
    assert "Chosen on this page" in page


def trail(letter: Message) -> list[tuple]:
    """What the audit log has of this contact's own acts."""
    with reading() as session:
        return [
            (entry.act.removeprefix("contact."), entry.detail, entry.user_id)
            for entry in session.scalars(sa.select(AuditEntry).order_by(AuditEntry.id))
            if entry.subject == f"contact:{letter.contact_id}"
        ]


@pytest.mark.both_databases
def test_the_audit_log_has_what_people_do_here_once_and_not_what_they_said(client, session, letter):
    news = topics.create(session, "News")
    session.commit()
    form = {"until": tomorrow(30), "language": "sk", "tracking": "no", f"topic.{news.id}": "no"}
    for _ in range(2):
        assert client.post(link_of(letter), data=form, csrf=False).status_code == 303
    who = {"by": "person"}
    done = [(act, who, None) for act in ("pause", "language", "topics", "tracking")]
    assert trail(letter) == done

    client.post(link_of(letter), data={"until": ""}, csrf=False)
    client.post(link_of(letter), data={"until": tomorrow(-2)}, csrf=False)  # is refused
    assert trail(letter) == [*done, ("pause", who, None)]


@pytest.mark.both_databases
@pytest.mark.parametrize(("data", "how"), [({}, "page"), ({"List-Unsubscribe": "One-Click"}, "one_click")])
def test_the_audit_log_has_that_somebody_left_and_came_back(client, letter, data, how):
    leave = f"/u/{sign(Link.UNSUBSCRIBE, letter.contact_id, letter.id)}"
    for _ in range(2):
        client.post(leave, data=data, csrf=False)
    left = ("unsubscribe", {"by": "person", "how": how}, None)
    assert trail(letter) == [left]

    proof = client.post(leave, csrf=False).text.split('name="proof" value="')[1].split('"')[0]
    client.post(f"{leave}/pause", data={"proof": proof}, csrf=False)
    assert trail(letter) == [left, ("come_back", {"by": "person"}, None)]


def refused(letter: Message, purpose: str = Purpose.MAIL) -> str | None:
    with reading() as session:
        return gate.refusals(session, [letter.contact_id], purpose).get(letter.contact_id)


@pytest.mark.both_databases
def test_how_often_is_chosen_and_the_gate_keeps_to_it(client, session, letter):
    for wish, reason in (("weekly", "too_often"), ("monthly", "too_often"), ("occasions", "occasions")):
        assert client.post(link_of(letter), data={"rhythm": wish}, csrf=False).status_code == 303
        assert f'value="{wish}" checked' in client.get(link_of(letter)).text
        assert refused(letter) == reason
        assert refused(letter, "mail:occasions") is None
    session.execute(sa.update(Message).values(sent_at=now() - timedelta(days=20)))
    session.commit()
    client.post(link_of(letter), data={"rhythm": "weekly"}, csrf=False)
    assert refused(letter) is None
    client.post(link_of(letter), data={"rhythm": "monthly"}, csrf=False)
    assert refused(letter) == "too_often"
    client.post(link_of(letter), data={"rhythm": "hourly"}, csrf=False)
    assert refused(letter) == "too_often"
    client.post(link_of(letter), data={"rhythm": ""}, csrf=False)
    assert refused(letter) is None
    assert [act for act, *_rest in trail(letter)] == ["rhythm"] * 6


@pytest.mark.both_databases
def test_a_letter_that_may_have_gone_counts_as_one(client, session, letter):
    client.post(link_of(letter), data={"rhythm": "weekly"}, csrf=False)
    for status, days, reason in (
        ("uncertain", 2, "too_often"),
        ("uncertain", 8, None),
        ("deferred", 2, None),
    ):
        at = now() - timedelta(days=days)
        session.execute(sa.update(Message).values(status=status, sent_at=None, handed_over_at=at))
        session.commit()
        assert refused(letter) == reason


def test_an_old_link_wishes_for_less_but_not_for_more(client, session, letter):
    session.execute(sa.update(Message).values(sent_at=now() - timedelta(days=61)))
    session.commit()
    assert client.post(link_of(letter), data={"rhythm": "monthly"}, csrf=False).status_code == 303
    answer = client.post(link_of(letter), data={"rhythm": "weekly"}, csrf=False)
    assert answer.status_code == 422
    assert "too old to agree by" in answer.text
    with reading() as session:
        assert session.get(Contact, letter.contact_id).rhythm == "monthly"


def test_what_was_told_to_a_colleague_stands_on_their_own_page_and_the_other_way(client, letter, sign_in):
    marketer = sign_in(Role.MARKETER)
    marketer.post(f"/consent/contacts/{letter.contact_id}/often", data={"rhythm": "monthly"})
    own = client.get(link_of(letter)).text
    assert re.search(r'value="monthly"\s+checked', own)

    client.post(link_of(letter), data={"rhythm": "occasions"}, csrf=False)
    panel = marketer.get(f"/consent/contacts/{letter.contact_id}/panel").text
    assert "Only on my birthday and about my orders" in panel
    assert "chosen by themselves" in panel
