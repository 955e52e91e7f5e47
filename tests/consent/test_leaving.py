"""Saying no takes hold at once and everywhere; coming back needs the person."""

import pytest
import sqlalchemy as sa

from campaigns import tokens
from campaigns.cleaning import merging, unmerging
from campaigns.consent import gate, leaving, ledger, suppression, wordings
from campaigns.consent.gate import Reason
from campaigns.consent.models import Act, ConsentEvent, Purpose, Suppression, SuppressionReason
from campaigns.consent.standing import Method, State
from tests import factories


def entries(session):
    return session.scalar(sa.select(sa.func.count()).select_from(ConsentEvent))


def test_unsubscribing_writes_ledger_and_list_in_one_go_and_only_once(session):
    contact = factories.make_contact(session)

    assert leaving.unsubscribe(session, contact.id, "campaign:3", Method.ONE_CLICK, "192.0.2.9", "Mail")
    assert not leaving.unsubscribe(session, contact.id, "campaign:3", Method.ONE_CLICK)

    assert entries(session) == 2  # the grant and the withdrawal
    assert ledger.state(session, contact.id, Purpose.MAIL).state == State.WITHDRAWN
    assert suppression.is_suppressed(session, contact.email) == SuppressionReason.UNSUBSCRIBED
    assert gate.refusals(session, [contact.id]) == {contact.id: Reason.UNSUBSCRIBED}


def test_nobody_can_unsubscribe_who_is_gone(session):
    assert not leaving.unsubscribe(session, 4711, "campaign:3", Method.ONE_CLICK)
    assert not leaving.come_back(session, 4711, "page", Method.PAGE)


def test_an_objection_stops_everything_even_after_unsubscribing(session):
    contact = factories.make_contact(session, tracked=True)
    leaving.unsubscribe(session, contact.id, "page", Method.PAGE)

    assert leaving.object_(session, contact.id, "page", Method.PAGE)
    assert not leaving.object_(session, contact.id, "page", Method.PAGE)

    states = {purpose: standing.state for purpose, standing in ledger.states(session, contact.id).items()}
    assert states == dict.fromkeys(Purpose, State.OBJECTED)
    assert suppression.is_suppressed(session, contact.email) == SuppressionReason.OBJECTED
    assert gate.track_now(session, contact.id, "identified", "identified") == "off"


def test_the_person_comes_back_and_nobody_else_brings_them(session):
    contact = factories.make_contact(session)
    leaving.unsubscribe(session, contact.id, "campaign:3", Method.ONE_CLICK)

    assert not leaving.come_back(session, contact.id, "form:1", Method.FORM)
    assert suppression.is_suppressed(session, contact.email)

    assert leaving.come_back(session, contact.id, "page", Method.PAGE)
    assert gate.refusals(session, [contact.id]) == {}


def test_a_complaint_keeps_its_hold_when_the_person_comes_back(session):
    contact = factories.make_contact(session)
    suppression.suppress(session, contact.email, SuppressionReason.COMPLAINED, "feedback loop")

    leaving.come_back(session, contact.id, "page", Method.PAGE)

    assert gate.refusals(session, [contact.id]) == {contact.id: Reason.COMPLAINED}
    assert session.scalar(sa.select(sa.func.count()).select_from(Suppression)) == 1


@pytest.mark.parametrize("reason", [SuppressionReason.BOUNCED, SuppressionReason.MANUAL])
@pytest.mark.parametrize("first", [True, False])
def test_what_held_the_address_before_they_left_holds_it_when_they_are_back(session, reason, first):
    contact = factories.make_contact(session)
    steps = [
        lambda: suppression.suppress(session, contact.email, reason, "user:1"),
        lambda: leaving.unsubscribe(session, contact.id, "page", Method.PAGE),
    ]
    for step in steps if first else reversed(steps):
        step()
    assert gate.refusals(session, [contact.id]) == {contact.id: Reason.UNSUBSCRIBED}

    leaving.agree(
        session, contact, {Purpose.MAIL: wording(session)}, "form:1", Method.CONFIRMATION, Act.CONFIRMED
    )

    assert ledger.state(session, contact.id, Purpose.MAIL).state == Act.CONFIRMED
    assert gate.refusals(session, [contact.id]) == {contact.id: Reason(reason)}


def wording(session):
    return wordings.wording(session, Purpose.MAIL, "en", "You may write to me.").id


def test_a_merge_takes_along_what_is_beneath_and_gives_it_back(session):
    one, other = (factories.make_contact(session) for _number in range(2))
    for reason in (SuppressionReason.MANUAL, SuppressionReason.UNSUBSCRIBED):
        suppression.suppress(session, one.email, reason, "test")
    emails = [contact.email for contact in (one, other)]

    merge = merging.merge(session, one.id, other.id)
    for email in emails:
        with session.begin_nested() as trying:
            suppression.take_back(session, tokens.address_hash(email))
            assert suppression.is_suppressed(session, email) == SuppressionReason.MANUAL
            trying.rollback()
    unmerging.unmerge(session, merge.id)

    assert [suppression.is_suppressed(session, email) for email in emails] == ["unsubscribed", None]
    suppression.take_back(session, tokens.address_hash(emails[0]))
    assert suppression.is_suppressed(session, emails[0]) == SuppressionReason.MANUAL
