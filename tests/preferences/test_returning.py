"""Taking leaving back: for an hour, by who did it, and never more than there was."""

from datetime import timedelta

import pytest
import sqlalchemy as sa
from campaigns.preferences.visiting import Visitor

from campaigns.consent import leaving, ledger
from campaigns.consent.models import Act, Consent, ConsentEvent, Purpose
from campaigns.database import now, transaction
from campaigns.delivery.models import Message
from campaigns.preferences import returning
from tests.preferences.test_wishes import acts, age, letter, page, refusals, way_out  # noqa: F401


def proof_in(answer) -> str:
    return answer.text.split('name="proof" value="')[1].split('"')[0]


@pytest.mark.both_databases
@pytest.mark.parametrize("days", [0, 2000])
def test_a_mistake_is_undone_by_any_letter(client, letter, days):  # noqa: F811
    age(letter, days)
    done = client.post(way_out(letter), csrf=False)
    answer = client.post(f"{way_out(letter)}/undo", data={"proof": proof_in(done)}, csrf=False)

    assert "Letters come as before" in answer.text
    assert refusals(letter) == [None] * 3
    assert acts() == ["contact.unsubscribe", "contact.come_back"]
    with transaction() as session:
        assert session.get_one(Message, letter.id).unsubscribed_at is None
        said = session.scalars(sa.select(ConsentEvent).order_by(ConsentEvent.id.desc())).first()
        assert (said.act, said.wording_id is not None) == ("granted", True)


@pytest.mark.parametrize("days", [0, 2000])
def test_a_no_to_a_topic_is_undone(client, letter, days):  # noqa: F811
    age(letter, days)
    done = client.post(f"{way_out(letter)}/topic", csrf=False)
    form = {"proof": proof_in(done), "topic": "1"}
    answer = client.post(f"{way_out(letter)}/undo", data=form, csrf=False)

    assert "come as before" in answer.text
    assert refusals(letter) == [None] * 3


@pytest.mark.parametrize("way", ["undo", "pause"])
@pytest.mark.parametrize("earlier", ["the other day", "by another letter", "never agreed"])
def test_an_old_link_undoes_nothing_but_its_own_no_after_a_yes(client, letter, way, earlier):  # noqa: F811
    """Though each press of the button gives a proof."""
    age(letter, 2000)
    with transaction() as session:
        if earlier == "never agreed":
            session.execute(sa.delete(ConsentEvent))
            session.execute(sa.delete(Consent))
        else:
            source = "letter:99" if earlier == "by another letter" else f"letter:{letter.id}"
            leaving.unsubscribe(session, letter.contact_id, source, "page")
            at = now() - timedelta(hours=0 if earlier == "by another letter" else 2)
            session.execute(sa.update(Consent).values(at=at))
    proof = proof_in(client.post(way_out(letter), csrf=False))
    answer = client.post(f"{way_out(letter)}/{way}", data={"proof": proof}, csrf=False)

    assert "You are unsubscribed" in answer.text
    assert refusals(letter) == ["unsubscribed"] * 3


def test_without_the_proof_nothing_is_undone(client, letter):  # noqa: F811
    client.post(way_out(letter), csrf=False)
    for form in ({}, {"proof": "made-up"}, {"proof": "made-up", "topic": "1"}):
        client.post(f"{way_out(letter)}/undo", data=form, csrf=False)
    assert refusals(letter) == ["unsubscribed"] * 3


def test_an_old_letter_still_unsubscribes(client, letter):  # noqa: F811
    age(letter, 3000)
    client.post(way_out(letter), data={"List-Unsubscribe": "One-Click"}, csrf=False)
    assert refusals(letter) == ["unsubscribed"] * 3


def test_a_longer_pause_is_not_cut_short_by_a_pause_instead(client, session, letter):  # noqa: F811
    day = (now().date() + timedelta(days=400)).isoformat()
    client.post(page(letter), data={"until": day}, csrf=False)
    done = client.post(way_out(letter), csrf=False)
    client.post(f"{way_out(letter)}/pause", data={"proof": proof_in(done)}, csrf=False)
    with transaction() as fresh:
        until = fresh.scalar(sa.text("SELECT paused_until FROM contact"))
    assert str(until).startswith(day)


def test_a_topic_refused_before_is_not_brought_back_by_an_old_link(session, letter):  # noqa: F811
    who = Visitor(letter.contact_id, letter.id, None, now() - timedelta(days=2000))
    for _time in range(2):
        ledger.record(
            session, letter.contact_id, "mail:offers", Act.DECLINED, "consent", who.source, "page",
            at=now() - timedelta(hours=3),
        )  # fmt: skip
    assert not returning.may(session, who, returning.proof(who), "mail:offers")
    assert not returning.may(session, who, returning.proof(who), Purpose.MAIL)
