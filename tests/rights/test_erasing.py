"""Erasing a person: nothing names them afterwards, counts stay, nobody puts them here again."""

import pytest
import sqlalchemy as sa

from campaigns import database, settings, tables
from campaigns.analytics import behind
from campaigns.audiences.models import Audience
from campaigns.consent import suppression
from campaigns.contacts.change_models import Change
from campaigns.contacts.models import Contact, Import
from campaigns.crm.models import Activity, NextStep, Purchase
from campaigns.database import transaction
from campaigns.delivery.models import Message, MessageStatus
from campaigns.rights import erasing, finishing, remembering
from campaigns.rights.models import Erasure, Why
from campaigns.tracking.models import Hit
from tests import factories
from tests.imports.files import bring
from tests.rights import people

_TOLD = (people.EMAIL, people.SECOND, people.FIRST, people.LAST, people.PHONE, people.SECRET, "sea shells")


def dump(session) -> str:
    """All rows of all tables, as text."""
    session.rollback()
    rows = [
        repr(tuple(row))
        for table in tables.Base.metadata.sorted_tables
        for row in session.execute(sa.select(table))
    ]
    session.rollback()
    return "\n".join(rows)


def told(text: str) -> list[str]:
    """What of the person a text still says, in any case and as JSON may write it."""
    forms = {word: {word, word.encode("ascii", "backslashreplace").decode()} for word in _TOLD}
    return [word for word, written in forms.items() if any(one.lower() in text.lower() for one in written)]


def erase(session, contact, why: Why = Why.ASKED) -> int:
    done = erasing.erase(session, contact, why)
    session.commit()
    finishing.run(done.id)
    session.rollback()
    return done.id


@pytest.fixture
def anna(session) -> Contact:
    factories.make_organisation(session)
    contact = people.busy(session)
    session.commit()
    return contact


def test_nothing_in_the_database_names_them_afterwards(session, anna):
    assert sorted(told(dump(session))) == sorted(_TOLD)

    erase(session, anna)

    assert told(dump(session)) == []


@pytest.mark.sqlite_only
def test_nothing_is_left_of_them_in_sqlites_file_either(session, anna, settings):
    erase(session, anna)
    session.close()
    with database.engine().connect() as connection:
        driver = connection.connection.driver_connection
        driver.execute("PRAGMA wal_checkpoint(TRUNCATE)")

    assert told((settings.data_dir / "campaigns.db").read_bytes().decode("utf-8", "replace")) == []


def test_all_their_rows_are_gone_at_once_and_counts_stay(session, anna):
    number = anna.id
    campaign_id = session.scalar(sa.select(Message.campaign_id).limit(1))
    erasing.erase(session, anna, Why.ASKED)
    session.commit()

    for kind in (Activity, NextStep, Purchase):
        assert not session.scalars(sa.select(kind).where(kind.contact_id == number)).all()
    messages = session.scalars(sa.select(Message)).all()
    assert [message.status for message in messages] == [MessageStatus.SENT] * 2
    assert {message.address for message in messages} == {f"erased:{message.id}" for message in messages}
    assert session.execute(sa.select(Hit.message_id, Hit.ip, Hit.label)).all() == [(None, "", "human")] * 2
    got = behind.people(session, behind.Wanted(campaign_id, behind.Did.SENT), None, 10)
    assert [person.contact for person in got] == [None, None]


def test_what_others_say_of_them_is_blackened_and_the_rest_of_it_stays(session, anna):
    erase(session, anna)

    bob = session.scalars(sa.select(Contact).where(Contact.email == "bob@example.com")).one()
    assert bob.note == "Came with [erased], see [erased]."
    assert bob.fields == {"friends": ["[erased]", "Jan"]}
    assert session.scalars(sa.select(Activity.summary)).all() == ["Met [erased] ([erased]) at the fair"]
    assert session.scalars(sa.select(NextStep.what)).all() == ["Ask about [erased]"]
    rules = session.scalars(sa.select(Audience.rule).where(Audience.name == "Somebody")).all()
    assert rules == ['email = "[erased]" or tag = "basic"']
    assert session.scalars(sa.select(Change.before)).all() == [{"note": "with [erased]"}]
    difference = session.scalars(sa.select(Import.difference)).one()
    assert difference == {"changed": [{"email": "bob@example.com", "city": "Zlín"}]}


def test_a_name_that_somebody_else_bears_too_is_left_in_texts(session, anna):
    factories.make_contact(session, "other@example.net", first_name=people.FIRST, last_name=people.LAST)
    session.commit()

    erase(session, anna)

    note = session.scalar(sa.select(Contact.note).where(Contact.email == "bob@example.com"))
    assert note == f"Came with {people.NAME}, see [erased]."


def test_it_says_what_went_and_names_nobody(session, anna):
    done = session.get_one(Erasure, erase(session, anna), populate_existing=True)

    assert (done.status, done.known) == ("done", "")
    assert done.gone["contact"] == 1
    assert done.gone["message"] == done.gone["hit"] == 2
    assert done.elsewhere["contact"] == done.elsewhere["activity"] == done.elsewhere["next_step"] == 1


def test_no_import_brings_them_back(session, anna):
    erase(session, anna)

    done = bring(f"email,first name\n{people.EMAIL},{people.FIRST}\n{people.SECOND},Z\nnew@example.com,Eva")

    assert (done.created, done.refused) == (1, 2)
    session.expire_all()
    assert told(dump(session)) == []


def test_whoever_was_here_by_mistake_may_come_again(session, anna):
    erase(session, anna, Why.MISTAKE)

    assert told(dump(session)) == []
    assert suppression.is_suppressed(session, people.EMAIL) is None
    session.rollback()
    assert bring(f"email\n{people.EMAIL}").created == 1


def test_finishing_twice_does_no_harm(session, anna):
    number = erase(session, anna)
    before = dump(session)

    finishing.run(number)

    assert dump(session) == before


def test_a_number_is_never_given_twice(session, anna):
    newest = factories.make_contact(session)
    number = newest.id
    session.commit()
    erase(session, newest)

    assert factories.make_contact(session).id > number


def test_a_backup_that_was_put_back_is_erased_again(session, anna):
    number = anna.id
    columns = list(sa.inspect(Contact).local_table.c)
    kept = dict(session.execute(sa.select(*columns).where(Contact.id == number)).mappings().one())
    erase(session, anna)
    _put_back(session, kept)

    assert remembering.recall() == 1

    again = session.scalar(sa.select(sa.func.max(Erasure.id)))
    session.rollback()
    finishing.run(again)
    assert told(dump(session)) == []
    assert suppression.is_suppressed(session, people.EMAIL) == "erased"
    session.rollback()
    assert remembering.recall() == 0


def test_whoever_came_by_their_own_wish_after_an_erasure_is_not_erased_again(session, anna):
    erase(session, anna)
    _put_back(session, None)
    factories.make_contact(session, people.EMAIL)
    session.commit()

    assert remembering.recall() == 0

    assert session.scalar(sa.select(Contact.id).where(Contact.email == people.EMAIL))
    assert suppression.is_suppressed(session, people.EMAIL) is None


def test_every_machine_learns_of_erasures_from_the_database(session, anna):
    erase(session, anna)
    written = remembering.path().read_text()
    remembering.path().unlink()

    remembering.recall()

    assert sorted(remembering.path().read_text().splitlines()) == sorted(written.splitlines())
    assert told(written) == []


def test_a_line_that_a_full_disk_cut_short_is_no_erasure(session, anna):
    erase(session, anna)
    path = settings.current().data_dir / "erased.txt"
    path.write_text(path.read_text() + "0123456789abcdef 2026-01")

    assert remembering.recall() == 0


def _put_back(session, row) -> None:
    """The database as a backup has it that knows nothing of the erasure."""
    with transaction() as other:
        other.execute(sa.text("DELETE FROM suppression"))
        if row:
            other.execute(sa.insert(Contact).values(row))
    session.expire_all()
