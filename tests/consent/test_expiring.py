"""A yes to letters runs out once nothing was heard of somebody for long; nobody's no does."""

from datetime import timedelta

import sqlalchemy as sa

from campaigns.consent import expiring, gate, ledger
from campaigns.consent.models import Act, Basis, ConsentEvent, Purpose
from campaigns.consent.standing import Method, State
from campaigns.database import now
from tests import factories

OLD = timedelta(days=1000)


def agreed(session, email, purpose=Purpose.MAIL, act=Act.GRANTED, basis=Basis.CONSENT, ago=OLD, **values):
    contact = factories.make_contact(session, email, consented=False, **values)
    ledger.record(
        session, contact.id, purpose, act, basis, "form:1", Method.FORM, at=now() - ago, evidence="told"
    )
    session.commit()
    return contact.id


def run(session):
    number = expiring.expire(now() - timedelta(days=730))
    session.rollback()
    return number


def test_old_and_silent_runs_out_once_and_only_that(session):
    gone = agreed(session, "gone@example.com")
    topic = agreed(session, "topic@example.com", "mail:news", Act.CONFIRMED)
    new = agreed(session, "new@example.com", ago=timedelta(days=10))
    heard = agreed(session, "heard@example.com", last_contact_at=now() - timedelta(days=5))
    customer = agreed(session, "customer@example.com", basis=Basis.EXISTING_CUSTOMER)
    said_no = agreed(session, "no@example.com", act=Act.WITHDRAWN)
    followed = agreed(session, "followed@example.com", Purpose.TRACKING)

    assert run(session) == 2
    assert run(session) == 0
    assert gate.refusals(session, [gone, new, heard, customer]) == {gone: gate.Reason.EXPIRED}
    assert ledger.state(session, topic, "mail:news").state == State.EXPIRED
    assert ledger.state(session, said_no, Purpose.MAIL).state == State.WITHDRAWN
    assert ledger.state(session, followed, Purpose.TRACKING).state == State.GRANTED
    assert ledger.rebuild(session) == 0


def test_more_than_fit_into_one_batch(session):
    people = [agreed(session, f"p{number}@example.com") for number in range(3)]
    for number in people:
        for topic in ("a", "b"):
            ledger.record(
                session, number, f"mail:{topic}", Act.GRANTED, Basis.CONSENT, "form:1", Method.FORM,
                at=now() - OLD,
            )  # fmt: skip
    session.commit()
    expired = sa.select(sa.func.count()).select_from(ConsentEvent).where(ConsentEvent.act == Act.EXPIRED)

    assert expiring.expire(now() - timedelta(days=730), at_once=4) == 9
    session.rollback()
    assert session.scalar(expired) == 9
