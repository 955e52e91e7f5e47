"""What happened is written down once, and moves the last contact only forward."""

from datetime import timedelta

import sqlalchemy as sa

from campaigns.contacts.models import Contact
from campaigns.crm import logging
from campaigns.crm.logging import Happened
from campaigns.crm.models import Activity, Kind
from campaigns.database import now
from tests import factories


def last(session, contact) -> tuple:
    session.expire_all()
    found = session.get_one(Contact, contact.id)
    return found.last_contact_at, found.last_contact_how, found.last_contact_by


def test_a_call_moves_the_last_contact_with_who_and_how(session):
    contact, user = factories.make_contact(session), factories.make_user(session)
    at = now()

    logging.log(session, contact.id, Kind.CALL, at, summary="Asked for an offer", user_id=user.id)

    assert last(session, contact) == (at, Kind.CALL, user.id)


def test_something_older_does_not_move_it_back(session):
    contact = factories.make_contact(session)
    newer = now()
    logging.log(session, contact.id, Kind.MEETING, newer)

    logging.log(session, contact.id, Kind.CALL, newer - timedelta(days=2))

    assert last(session, contact)[:2] == (newer, Kind.MEETING)


def test_of_many_at_once_the_newest_counts_whatever_their_order(session):
    contact = factories.make_contact(session)
    at = now()

    logging.log_many(
        session,
        [
            Happened(contact.id, Kind.CLICK, at),
            Happened(contact.id, Kind.OPEN, at - timedelta(minutes=1)),
            Happened(contact.id, Kind.NOTE, at + timedelta(minutes=1)),
        ],
    )

    assert last(session, contact)[:2] == (at, Kind.CLICK)


def test_a_note_is_no_contact(session):
    contact = factories.make_contact(session)

    logging.log(session, contact.id, Kind.NOTE, summary="Prefers the phone")

    assert last(session, contact) == (None, "", None)


def test_once_means_once(session):
    contact = factories.make_contact(session)
    opened = [Happened(contact.id, Kind.OPEN, once="open:1")]

    logging.log_many(session, opened)
    logging.log_many(session, opened)

    assert session.scalar(sa.select(sa.func.count()).select_from(Activity)) == 1


def test_who_is_gone_is_passed_over(session):
    contact = factories.make_contact(session)

    logging.log_many(session, [Happened(contact.id + 1, Kind.OPEN), Happened(contact.id, Kind.OPEN)])

    assert session.scalars(sa.select(Activity.contact_id)).all() == [contact.id]
