"""Saying no takes hold at once and everywhere; coming back needs the person."""

import sqlalchemy as sa

from campaigns.consent import gate, leaving, ledger, suppression
from campaigns.consent.gate import Reason
from campaigns.consent.models import ConsentEvent, Purpose, Suppression, SuppressionReason
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
