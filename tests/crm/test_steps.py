"""A contact always knows its earliest open next step."""

from datetime import timedelta

import pytest
import sqlalchemy as sa

from campaigns.contacts.models import Contact
from campaigns.crm import purchases, steps
from campaigns.crm.models import Activity, Kind
from campaigns.database import now
from campaigns.errors import BadInput, Conflict
from tests import factories

TODAY = now().date()


def known(session, contact):
    session.expire_all()
    return session.get_one(Contact, contact.id).next_step_on


def test_the_earliest_of_several_counts(session):
    contact = factories.make_contact(session)
    steps.add(session, contact.id, "Visit", TODAY + timedelta(days=9))
    steps.add(session, contact.id, "Call", TODAY + timedelta(days=2))

    assert known(session, contact) == TODAY + timedelta(days=2)


def test_finishing_the_only_one_leaves_none_and_is_logged(session):
    contact = factories.make_contact(session)
    step = steps.add(session, contact.id, "Call about the grinder", TODAY)

    steps.finish(session, step, "Wants two")

    assert known(session, contact) is None
    activity = session.scalars(sa.select(Activity)).one()
    assert (activity.kind, activity.summary) == (Kind.CALL, "Call about the grinder – Wants two")
    assert [found.id for found in session.scalars(steps.without())] == [contact.id]


def test_a_step_is_finished_once(session):
    step = steps.add(session, factories.make_contact(session).id, "Call", TODAY)
    steps.finish(session, step)

    with pytest.raises(Conflict):
        steps.finish(session, step)


def test_moving_and_dropping_are_known_to_the_contact(session):
    contact = factories.make_contact(session)
    step = steps.add(session, contact.id, "Call", TODAY)
    steps.move(session, step, TODAY + timedelta(days=5))
    assert known(session, contact) == TODAY + timedelta(days=5)

    steps.drop(session, steps.one(session, step.id))
    assert known(session, contact) is None


def test_a_step_says_something(session):
    with pytest.raises(BadInput):
        steps.add(session, factories.make_contact(session).id, "  ", TODAY)


def test_the_queue_holds_what_is_due_of_one_person(session):
    contact, eva, bo = (
        factories.make_contact(session),
        factories.make_user(session),
        factories.make_user(session),
    )
    late = steps.add(session, contact.id, "Call", TODAY - timedelta(days=1), user_id=eva.id)
    steps.add(session, contact.id, "Call", TODAY, user_id=bo.id)
    steps.add(session, contact.id, "Call", TODAY + timedelta(days=1), user_id=eva.id)

    assert [step.id for step in session.scalars(steps.due(TODAY, eva.id))] == [late.id]
    assert len(session.scalars(steps.due(TODAY)).all()) == 2


def test_a_purchase_is_a_contact_too(session):
    contact = factories.make_contact(session)

    purchases.add(session, contact.id, "Cutter set", quantity=2, amount=9_800)

    session.expire_all()
    assert session.get_one(Contact, contact.id).last_contact_how == Kind.PURCHASE
    assert [bought.product.name for bought in purchases.of(session, contact.id)] == ["Cutter set"]
