"""What was changed on many contacts is recorded, and undone unless it was changed since."""

from datetime import UTC, datetime

import pytest
import sqlalchemy as sa

from campaigns.contacts import changing, names
from campaigns.contacts.change_models import Change
from campaigns.contacts.changing import Changed
from campaigns.contacts.models import Category, Contact, contact_category, contact_tag
from campaigns.errors import Conflict
from tests.factories import make_category, make_company, make_contact, make_tag, make_user

LONG_AGO = datetime(2020, 1, 2, 3, 4, 5, tzinfo=UTC)


def _set(session, rows, user=None, kind="bulk"):
    change_set = changing.opened(session, kind, "Something", user)
    changing.record(session, change_set, rows)
    changing.close(session, change_set)
    return change_set


def _undo(session, change_set, user=None, limit=100):
    found = []
    while True:
        done = changing.undo(session, change_set, user, limit)
        found.append(done)
        if not done.more:
            return sum(one.restored for one in found), [left for one in found for left in one.left]


def _wears(session, table, contact):
    return list(session.execute(sa.select(table.c[1]).where(table.c.contact_id == contact.id)).scalars())


def _change(session, contact, **columns):
    """Change columns of a contact, as a bulk edit does; returns what is to be recorded."""
    columns |= {"updated_at": datetime.now(UTC)}
    before = {name: getattr(contact, name) for name in columns}
    session.execute(sa.update(Contact).where(Contact.id == contact.id).values(columns))
    return Changed(contact.id, {"columns": before}, {"columns": columns})


def _reloaded(session, contact):
    session.expire(contact)
    return session.get_one(Contact, contact.id)


def test_columns_come_back_as_they_were(session):
    anna, old, new = make_user(session), make_user(session), make_user(session)
    contact = make_contact(
        session, owner_id=old.id, city="Brno", updated_at=LONG_AGO, last_contact_at=LONG_AGO
    )
    changed = _change(session, contact, owner_id=new.id, city="", last_contact_at=datetime.now(UTC))

    restored, left = _undo(session, change_set := _set(session, [changed]), anna)

    contact = _reloaded(session, contact)
    assert (contact.owner_id, contact.city, contact.last_contact_at) == (old.id, "Brno", LONG_AGO)
    assert contact.updated_at == LONG_AGO
    assert (restored, left) == (1, [])
    assert (change_set.restored, change_set.left_alone, change_set.undone_by) == (1, 0, anna.id)


def test_what_was_changed_since_is_left_and_told(session):
    contact = make_contact(session, city="Brno", country="CZ")
    change_set = _set(session, [_change(session, contact, city="Graz", country="AT")])
    session.execute(sa.update(Contact).values(city="Linz"))

    restored, left = _undo(session, change_set)

    contact = _reloaded(session, contact)
    assert (contact.city, contact.country) == ("Linz", "CZ")
    assert (restored, left) == (0, [(contact.id, "columns:city", "changed")])
    kept = session.scalars(sa.select(Change)).one()
    assert (kept.something_left, kept.what_left) == (True, ["columns:city changed"])
    assert change_set.left_alone == 1


def test_what_is_as_before_already_is_no_finding(session):
    contact = make_contact(session, city="Brno")
    change_set = _set(session, [_change(session, contact, city="Graz")])
    session.execute(sa.update(Contact).values(city="Brno"))

    assert _undo(session, change_set) == (1, [])


def test_a_name_that_comes_back_is_found_and_sorted_again(session):
    contact = make_contact(session, first_name="Jana", last_name="Nová")
    change_set = _set(
        session, [_change(session, contact, last_name="Veselá", **names.keys("Jana", "Veselá", ""))]
    )

    _undo(session, change_set)

    assert _reloaded(session, contact).name_key == "nova jana"


def test_a_company_that_is_gone_cannot_come_back(session):
    mills, works = make_company(session), make_company(session, "Works")
    contact = make_contact(session, company_id=mills.id)
    change_set = _set(session, [_change(session, contact, company_id=works.id)])
    session.execute(sa.delete(type(mills)).where(type(mills).id == mills.id))

    assert _undo(session, change_set) == (0, [(contact.id, "columns:company_id", "gone")])


def test_labels_are_taken_off_and_put_on_again(session):
    contact = make_contact(session, categories=("Cutters", "Glue"), tags=("new",))
    put, taken, gone = (make_category(session, name) for name in ("Cutters", "Drills", "Saws"))
    tag = make_tag(session, "new")
    session.execute(sa.delete(Category).where(Category.id == gone.id))
    before = {
        "category": {str(put.id): False, str(taken.id): True, str(gone.id): True},
        "tag": {str(tag.id): False},
    }
    after = {part: {key: not worn for key, worn in keyed.items()} for part, keyed in before.items()}

    restored, left = _undo(session, _set(session, [Changed(contact.id, before, after)]))

    assert sorted(_wears(session, contact_category, contact)) == sorted(
        [make_category(session, "Glue").id, taken.id]
    )
    assert _wears(session, contact_tag, contact) == []
    assert (restored, left) == (0, [(contact.id, f"category:{gone.id}", "gone")])


def test_a_contact_that_comes_twice_keeps_the_first_before_and_the_last_after(session):
    contact = make_contact(session, city="Brno", country="CZ")
    change_set = changing.opened(session, "bulk", "People", None, "edit:7")
    changing.record(session, change_set, [_change(session, contact, city="Graz")])
    session.expire_all()
    changing.record(
        session, change_set, [_change(session, contact, city="Linz"), _change(session, contact, country="AT")]
    )
    changing.close(session, change_set)

    assert change_set.contacts == 1
    assert changing.of(session, "edit:7") is change_set
    assert _undo(session, change_set) == (1, [])
    contact = _reloaded(session, contact)
    assert (contact.city, contact.country) == ("Brno", "CZ")


def test_it_is_undone_step_by_step_and_once(session):
    contacts = [make_contact(session, city="Brno") for _ in range(5)]
    change_set = _set(session, [_change(session, contact, city="Graz") for contact in contacts])

    first = changing.undo(session, change_set, None, 2)

    assert (first.restored, first.more) == (2, True)
    assert sorted(session.scalars(sa.select(Contact.city))) == ["Brno"] * 2 + ["Graz"] * 3
    assert _undo(session, change_set, None, 2) == (3, [])
    assert set(session.scalars(sa.select(Contact.city))) == {"Brno"}
    with pytest.raises(Conflict, match="already"):
        changing.undo(session, change_set, None, 2)


def test_what_is_still_being_done_is_not_undone(session):
    change_set = changing.opened(session, "bulk", "Something", None)

    with pytest.raises(Conflict, match="still being done"):
        changing.undo(session, change_set, None)


def test_a_contact_that_is_deleted_takes_its_changes_along(session):
    contact, other = make_contact(session, city="Brno"), make_contact(session, city="Brno")
    change_set = _set(session, [_change(session, one, city="Graz") for one in (contact, other)])
    session.execute(sa.delete(Contact).where(Contact.id == contact.id))

    assert list(session.scalars(sa.select(Change.contact_id))) == [other.id]
    assert _undo(session, change_set) == (1, [])


def test_where_data_is_from_comes_back_datum_by_datum(session):
    contact = make_contact(session, origins={"phone": {"from": "a"}, "city": {"from": "a"}})
    after = {"phone": {"from": "b"}, "city": {"from": "b"}, "position": {"from": "b"}}
    changed = _change(session, contact, origins=after)
    change_set = _set(session, [changed])
    session.execute(sa.update(Contact).values(origins=after | {"city": {"from": "c"}}))

    assert _undo(session, change_set) == (1, [])
    assert _reloaded(session, contact).origins == {"phone": {"from": "a"}, "city": {"from": "c"}}
