"""The invented crowd obeys the rules of the rooms that would have written it."""

import pytest
import sqlalchemy as sa

from campaigns import tables
from campaigns.accounts.models import Role, User
from campaigns.consent import ledger, suppression
from campaigns.contacts import addresses, names
from campaigns.contacts.models import Contact
from campaigns.crm import logging, steps
from campaigns.crm.models import Activity
from campaigns.database import reading, transaction
from campaigns.delivery import accounting
from campaigns.delivery.models import Message
from campaigns.mail import compile
from campaigns.mail.capture import CapturedMail
from campaigns.mailings.models import Campaign
from campaigns.tracking import counting, reclassifying
from campaigns.tracking.models import Hit, HitCount
from tests import factories
from tests.bench import crowd, walk
from tests.fixtures.application import sign_in_as
from tests.mail.letters import letter

pytestmark = pytest.mark.both_databases


@pytest.fixture
def crowded(settings, session):
    """A small crowd in this test's database."""
    factories.make_organisation(session)
    for role in Role:
        factories.make_user(session, role)
    factories.make_sender(session)
    session.execute(sa.text('DELETE FROM "user" WHERE id > 1'))
    session.commit()
    crowd.build(settings.database_url, 600, 6000, tell=lambda *said, **how: None)
    return settings


def _counts(session) -> dict:
    columns = list(HitCount.__table__.columns)
    return {tuple(row[:5]): tuple(row[5:]) for row in session.execute(sa.select(*columns))}


def test_the_crowd_is_as_the_rooms_would_have_made_it(crowded, session):
    _keys_are_those_of_the_names(session)
    _last_contact_and_next_step_follow_from_what_happened(session)
    _counts_are_those_of_the_hits(session)
    assert ledger.rebuild(session) == 0
    assert session.scalar(sa.select(sa.func.count()).select_from(Hit)) == pytest.approx(6000, rel=0.1)
    _nothing_names_a_row_that_is_not_there(session)
    whole = [accounting.account(session, number) for number in session.scalars(sa.select(Campaign.id))]
    assert sum(account.audience for account in whole) == session.scalar(
        sa.select(sa.func.count()).select_from(Message)
    )


def _keys_are_those_of_the_names(session) -> None:
    for contact in session.scalars(sa.select(Contact)):
        known = addresses.canonical(contact.email)
        assert (known.email, known.domain, known.hash) == (
            contact.email,
            contact.domain,
            contact.address_hash,
        )
        made = names.keys(contact.first_name, contact.last_name, contact.email)
        assert made == {"name_key": contact.name_key, "first_key": contact.first_key}
    assert suppression.suppressed(session, session.scalars(sa.select(Contact.address_hash)).all())


def _last_contact_and_next_step_follow_from_what_happened(session) -> None:
    def kept() -> list:
        columns = (
            Contact.last_contact_at,
            Contact.last_contact_by,
            Contact.last_contact_how,
            Contact.next_step_on,
        )
        return session.execute(sa.select(Contact.id, *columns).order_by(Contact.id)).all()

    before = kept()
    ids = [row[0] for row in before]
    logging.recall_last_contact(session, ids)
    for number in ids:
        steps.keep(session, number)
    assert kept() == before


def _counts_are_those_of_the_hits(session) -> None:
    before = _counts(session)
    found = counting.firsts(session, session.scalars(sa.select(Hit.message_id).distinct()).all())
    found = {place: firsts for place, firsts in found.items() if place.message_id}
    persons = counting.people(found, dict(session.execute(sa.select(Message.id, Message.campaign_id)).all()))
    hits: dict = {}
    for row in session.execute(sa.select(Hit.campaign_id, Hit.at, Hit.kind, Hit.position, Hit.label)):
        for key in counting.keys(*row):
            hits[key] = hits.get(key, 0) + 1
    assert before == {key: (hits.get(key, 0), persons.get(key, 0)) for key in {*hits, *persons}}
    times = sa.select(Message.id, Message.opened_at, Message.clicked_at).order_by(Message.id)
    kept, engaged = session.execute(times).all(), session.scalar(sa.select(sa.func.count(Activity.once)))
    changed = [
        reclassifying.reclassify(session, number) for number in session.scalars(sa.select(Campaign.id))
    ]
    session.flush()
    assert sum(changed) == 0
    assert _counts(session) == before
    assert session.execute(times).all() == kept
    opened_or_clicked = sum((row[1] is not None) + (row[2] is not None) for row in kept)
    assert engaged == opened_or_clicked


def _nothing_names_a_row_that_is_not_there(session) -> None:
    for table in tables.Base.metadata.sorted_tables:
        for key in table.foreign_keys:
            other = key.column.table.alias()
            lost = sa.select(sa.func.count()).select_from(table).where(
                key.parent.is_not(None), ~sa.exists().where(other.c[key.column.name] == key.parent)
            )  # fmt: skip
            assert session.scalar(lost) == 0, key


def test_new_rows_get_numbers_of_their_own(crowded):
    with transaction() as session:
        contact = factories.make_contact(session)
        factories.make_activity(session, contact)


@pytest.mark.sqlite_only
def test_every_page_that_is_measured_answers(crowded, app):
    CapturedMail(crowded.data_dir).send("b+1@example.com", "ann@example.org", compile.build(letter()))
    with reading() as session:
        admin = sign_in_as(app.test_client(), session.get_one(User, 1))
    answers = {path: admin.get(path).status_code for path in walk.beginnings(app)}
    assert len(answers) > 300
    assert {path: code for path, code in answers.items() if code not in (200, 302, 303)} == {}
