"""Import, then undo: the database is as before, but for the ledger, the audit log and the imports."""

from typing import Any

import pytest
import sqlalchemy as sa

from campaigns.consent import ledger
from campaigns.consent.models import (
    Act,
    Basis,
    Consent,
    ConsentEvent,
    Purpose,
    Suppression,
    SuppressionReason,
)
from campaigns.consent.standing import Method
from campaigns.contacts import undoing as changes
from campaigns.contacts.models import Contact, Import, ImportStatus, Tag
from campaigns.database import Base, engine, transaction
from campaigns.errors import Conflict
from campaigns.imports import remembering, undoing
from tests import factories
from tests.imports.files import bring, fetch

# What is never shortened, and what speaks of the import itself.
APART = {
    "consent_event", "wording", "audit_entry", "import", "import_made", "change_set", "change", "undo_work",
    "lease",
}  # fmt: skip
FILE = (
    "email,first name,city,phone,company,position,birthday,note,tags,categories,Size,status,optin time\n"
    'new@example.com,Nina,Brno,+420601000001,New Mills,buyer,1.2.1980,hello,"fresh,vip",Saws,42,subscribed,'
    "2024-01-01\n"
    "anna@example.com,Anna,Praha,,New Mills,boss,,Likes tea.,fresh,Saws,43,subscribed,2024-01-01\n"
    "bob@example.com,,,,,,,,fresh,,,subscribed,2024-01-01\n"
    "cora@example.com,Cora,,,,,,,,,,unsubscribed,2024-01-01\n"
    "dan@example.com,,,,,,,,,,,subscribed,2024-01-01\n"
    "left@example.com,Leo,,,,,,,,,,unsubscribed,2024-01-01\n"
    "gone@example.com,Gil,,,,,,,,,,cleaned,2024-01-01\n"
    "no@example.com,Nora,,,,,,,,,,subscribed,2024-01-01\n"
    "ANNA@example.com,Hana,Elsewhere,+420601000002,,,,,more,,44,,\n"
    "new@example.com,,Ostrava,,,,,,more,,,,\n"
    "bad,,,,,,,,,,,,\n"
)


def dump() -> dict[str, list[dict[str, Any]]]:
    """Every row of every table that undoing must leave as it was."""
    with engine().connect() as connection:
        return {
            table.name: sorted(
                (dict(row) for row in connection.execute(sa.select(table)).mappings()), key=repr
            )
            for table in Base.metadata.sorted_tables
            if table.name not in APART
        }


def people(session) -> None:
    """Some who are there before: with labels, consents and a company, without, and who have said no."""
    mill = factories.make_company(session, "Old Mill")
    factories.make_contact(
        session, "anna@example.com", first_name="Anna", city="Brno", note="Call after five.",
        company_id=mill.id,
        fields={"Size": "1", "Own": "x"}, tags=("vip",), categories=("Mills",),
    )  # fmt: skip
    factories.make_contact(session, "bob@example.com", consented=False)
    factories.make_contact(session, "cora@example.com", tracked=True)
    dan = factories.make_contact(session, "dan@example.com", consented=False)
    ledger.record(session, dan.id, Purpose.MAIL, Act.GRANTED, Basis.CONTRACT, "user:1", Method.STAFF)
    factories.suppress(session, "no@example.com", SuppressionReason.UNSUBSCRIBED)
    session.commit()


def undo(import_id: int) -> Import:
    with transaction() as session:
        work = undoing.start(session, session.get_one(Import, import_id), None)
    changes.run(work.id)
    return fetch(import_id)


def test_everything_is_as_before(session):
    people(session)
    before = dump()

    done = bring(
        FILE, tags=["fair"], categories=["Visitors"], tracking="granted", wording="Yes, write to me."
    )
    assert (done.created, done.updated, done.refused) == (3, 6, 2)
    assert dump() != before
    undone = undo(done.id)

    after = dump()
    for name, rows in before.items():
        assert after[name] == rows, name
    assert undone.status == ImportStatus.UNDONE
    assert (undone.undone["removed"], undone.undone["restored"], undone.undone["left"]) == (3, 4, 0)
    session.rollback()
    acts = session.scalars(sa.select(ConsentEvent.act).where(ConsentEvent.act == Act.UNDONE)).all()
    assert len(acts) == 6  # of those who were there: letters of Bob, Cora, Dan, tracking of Anna, Bob, Dan
    assert ledger.rebuild(session, session.scalars(sa.select(Contact.id)).all()) == 0


def test_whoever_was_touched_since_stays_and_loses_the_yes_that_came_with_it(session):
    names = ("wrote", "spoke", "edited", "said", "untouched", "left")
    rows = "".join(f"{name}@example.com,{'unsubscribed' if name == 'left' else ''}\n" for name in names)
    done = bring("email,status\n" + rows, tags=["fair"])
    by_name = {row.email.partition("@")[0]: row for row in session.scalars(sa.select(Contact))}
    campaign = factories.make_campaign(session)
    factories.make_message(session, campaign, by_name["wrote"])
    factories.make_activity(session, by_name["spoke"])
    factories.make_activity(session, by_name["left"])
    by_name["edited"].city = "Brno"
    ledger.record(session, by_name["said"].id, Purpose.MAIL, Act.DECLINED, Basis.CONSENT, "page", Method.PAGE)
    session.commit()

    undone = undo(done.id)

    session.expire_all()
    left = {row.email.partition("@")[0]: row.id for row in session.scalars(sa.select(Contact))}
    assert left.keys() == {"wrote", "spoke", "edited", "said", "left"}
    states = dict(session.execute(sa.select(Consent.contact_id, Consent.state)).all())
    assert states == {left["said"]: Act.DECLINED, left["left"]: Act.WITHDRAWN}
    assert undone.undone["why"] == {"message": 1, "activity": 2, "edited": 1, "consent": 1}
    assert undone.undone["removed"] == 1
    assert session.scalar(sa.select(Suppression.reason)) == SuppressionReason.UNSUBSCRIBED
    assert session.scalar(sa.select(Tag.name)) == "fair"  # they wear it


def test_what_was_changed_since_stays_and_is_told(session):
    people(session)
    done = bring(FILE)
    anna = session.scalars(sa.select(Contact).where(Contact.email == "anna@example.com")).one()
    anna.city = "Jihlava"
    session.commit()

    undone = undo(done.id)

    session.expire_all()
    assert (anna.city, anna.note, anna.fields) == ("Jihlava", "Call after five.", {"Size": "1", "Own": "x"})
    assert (undone.undone["restored"], undone.undone["left"]) == (3, 1)
    change_set = changing_of(session, done.id)
    assert [change.what_left for change in changes.left(session, change_set)] == [["columns:city changed"]]


def changing_of(session, import_id: int):
    return remembering.change_set(session, session.get_one(Import, import_id))


def test_an_own_no_of_somebody_on_the_list_stays(session):
    known = factories.make_contact(session, "a@example.com")
    session.commit()
    done = bring("email,status\na@example.com,unsubscribed\n")
    ledger.record(session, known.id, Purpose.MAIL, Act.WITHDRAWN, Basis.CONSENT, "page", Method.PAGE)
    session.commit()

    undone = undo(done.id)

    session.expire_all()
    assert ledger.state(session, known.id, Purpose.MAIL).state == Act.WITHDRAWN
    assert session.scalar(sa.select(Suppression.reason)) == SuppressionReason.UNSUBSCRIBED
    assert undone.undone["left"] == 1


def test_two_imports_are_undone_one_after_the_other(session):
    people(session)
    before = dump()
    first = bring(FILE, tags=["first"])
    between = dump()
    second = bring(FILE.replace("Praha", "Plzeň").replace("Brno", "Tábor"), tags=["second"])

    undo(second.id)
    assert dump() == between
    assert undo(first.id).undone["why"] == {}
    assert dump() == before


def test_only_what_has_ended_is_undone_and_only_once(session):
    done = bring("email\na@example.com\n")
    undo(done.id)

    with pytest.raises(Conflict, match="only once"):
        undo(done.id)


def test_undoing_goes_on_where_it_was_interrupted(session):
    session.rollback()
    before = dump()
    done = bring("email\n" + "".join(f"person{n}@example.com\n" for n in range(2500)))
    with transaction() as other:
        work = undoing.start(other, other.get_one(Import, done.id), None)
    with transaction() as other:  # a step, and then nothing more from that process
        undoing.rest(other, changing_of(other, done.id), None, 1000)

    changes.run(work.id)

    assert dump() == before
    assert fetch(done.id).undone["removed"] == 2500
