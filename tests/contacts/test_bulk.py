"""Bulk edits: counted before, done part by part, once; recorded, so that all of it can be undone."""

from datetime import UTC, date, datetime

import pytest
import sqlalchemy as sa

from campaigns import jobs, longwork
from campaigns.accounts.models import Role
from campaigns.contacts import (
    bulk_running,
    changing,
    choosing,
    field_defining,
    fields,
    undoing,
)
from campaigns.contacts.change_models import BulkEdit, ChangeSet
from campaigns.contacts.field_models import contact_value
from campaigns.contacts.models import Contact, Tag, contact_category, contact_tag
from campaigns.crm import steps
from campaigns.crm.models import NextStep
from campaigns.database import reading, transaction
from campaigns.errors import BadInput, Conflict
from tests import factories

LONG_AGO = datetime(2020, 1, 2, 3, 4, 5, tzinfo=UTC)
EVERYBODY = {"filters": "sort=name"}

pytestmark = pytest.mark.both_databases


@pytest.fixture
def people(app):
    with transaction() as session:
        made = [factories.make_contact(session, consented=False, updated_at=LONG_AGO) for _ in range(5)]
        return [contact.id for contact in made]


@pytest.fixture
def user(app):
    with transaction() as session:
        return factories.make_user(session, Role.MARKETER)


def edit(act, form, choice, user, *, done=True):
    with transaction() as session:
        started = bulk_running.start(session, act, form, choice, user)
    if done:
        bulk_running.run(started.id)
    return started.id


def undo(edit_id, user=None):
    with transaction() as session:
        kept = session.get_one(ChangeSet, session.get_one(BulkEdit, edit_id).change_set_id)
        work = undoing.start(session, kept, user)
    undoing.run(work.id)
    with reading() as session:
        return session.get_one(ChangeSet, kept.id)


def snapshot():
    """All that an edit may touch."""
    with reading() as session:
        tables = (Contact.__table__, contact_tag, contact_category, contact_value, NextStep.__table__)
        return {table.name: sorted(map(_text, session.execute(sa.select(table)))) for table in tables}


def _text(row):
    return repr([sorted(value.items()) if isinstance(value, dict) else value for value in row])


def status(edit_id):
    with reading() as session:
        kept = session.get_one(BulkEdit, edit_id)
        return kept.status, kept.matching, kept.looked_at, kept.changed


@pytest.mark.parametrize(
    ("act", "form"),
    [
        ("tag", {"tag_name": "spring"}),
        ("untag", {"tag_name": "old"}),
        ("categorise", {"category_name": "Cutters"}),
        ("uncategorise", {"category_name": "Glue"}),
        ("owner", {"owner_id": "USER"}),
        ("step", {"what": "Call them", "due_on": "2027-01-31"}),
        ("field", {"set_field": "city", "set_value": " Brno "}),
        ("field", {"set_field": "company", "set_value": "Example Mills"}),
        ("field", {"set_field": "company", "set_value": ""}),
        ("field", {"set_field": "decision_role", "set_value": "decides"}),
        ("field", {"set_field": "fields.shoe_size", "set_value": "43.5"}),
        ("field", {"set_field": "fields.shoe_size", "set_value": ""}),
        ("field", {"set_field": "fields.vip", "set_value": "yes"}),
        ("field", {"set_field": "fields.likes", "set_value": "glue; saws"}),
    ],
)
def test_every_act_is_counted_done_and_undone_to_the_letter(people, user, act, form):
    with transaction() as session:
        factories.make_contact(
            session, tags=("old", "spring"), categories=("Glue", "Cutters"), owner_id=user.id
        )
        lacks = factories.make_contact(session)
        steps.set_step(session, lacks.id, "Visit", date(2026, 12, 1))
        session.execute(
            sa.insert(contact_tag).values(contact_id=people[0], tag_id=factories.make_tag(session, "old").id)
        )
        glue = factories.make_category(session, "Glue").id
        session.execute(sa.insert(contact_category).values(contact_id=people[0], category_id=glue))
        mills = factories.make_company(session)
        for name, kind in (("Shoe size", "number"), ("VIP", "yes_no"), ("Likes", "choices")):
            field_defining.add(session, {"name": name, "kind": kind, "options": ["saws", "glue"]})
        known = {"shoe_size": "43.5", "vip": True, "likes": ["saws", "glue"], "old column": "x"}
        full = {"city": "Brno", "company_id": mills.id, "decision_role": "decides", "fields": known}
        full = factories.make_contact(session, **full)
        half = {"vip": False, "likes": ["glue"], "shoe_size": "40"}
        half = factories.make_contact(session, fields=half, updated_at=LONG_AGO)
        fields.refresh(session, [full.id, half.id])
    form = {name: value.replace("USER", str(user.id)) for name, value in form.items()}
    before = snapshot()
    with reading() as session:
        counted = bulk_running.count(session, act, form, EVERYBODY, user)

    edit_id = edit(act, form, EVERYBODY, user)

    assert 0 < counted.changes <= counted.chosen == 9
    assert status(edit_id) == ("done", 9, 9, counted.changes)
    assert snapshot() != before
    with reading() as session:
        assert bulk_running.count(session, act, form, EVERYBODY, user).changes == 0
    kept = undo(edit_id, user)
    assert snapshot() == before
    assert (kept.restored, kept.left_alone, kept.undone_by) == (counted.changes, 0, user.id)


def test_a_worker_that_dies_in_between_leaves_the_rest_to_the_next(people, user, monkeypatch):
    monkeypatch.setattr(bulk_running, "STEP", 2)
    edit_id = edit("tag", {"tag_name": "spring"}, EVERYBODY, user, done=False)
    dying = iter([True, False])
    real = changing.record

    def dies(*given):
        real(*given)
        if not next(dying):
            raise KeyboardInterrupt

    monkeypatch.setattr(changing, "record", dies)
    with pytest.raises(KeyboardInterrupt):
        bulk_running.run(edit_id)
    monkeypatch.setattr(changing, "record", real)
    assert status(edit_id) == ("running", 5, 2, 2)

    bulk_running.run(edit_id)
    bulk_running.run(edit_id)

    assert status(edit_id) == ("done", 5, 5, 5)
    assert undo(edit_id).restored == 5


def test_it_is_paused_and_goes_on_cancelled_and_undone(people, user):
    edit_id = edit("tag", {"tag_name": "spring"}, EVERYBODY, user, done=False)
    with transaction() as session:
        longwork.pause(session, session.get_one(BulkEdit, edit_id))
    bulk_running.run(edit_id)
    assert status(edit_id)[0] == "paused"
    with transaction() as session, pytest.raises(Conflict):
        undoing.start(session, session.scalars(sa.select(ChangeSet)).one(), user)
    with transaction() as session:
        longwork.resume(session, session.get_one(BulkEdit, edit_id), jobs.EDIT_CONTACTS)
    with transaction() as session:
        bulk_running.cancel(session, session.get_one(BulkEdit, edit_id))
    bulk_running.run(edit_id)

    assert status(edit_id) == ("cancelled", 5, 0, 0)
    assert undo(edit_id).undone_at is not None


def test_a_large_one_is_left_to_a_worker(people, user, queue, monkeypatch):
    monkeypatch.setattr(bulk_running, "AT_ONCE", 4)

    edit_id = edit("tag", {"tag_name": "spring"}, EVERYBODY, user, done=False)

    assert [(message.actor_name, *message.args) for message in queue.waiting()] == [
        ("edit_contacts", edit_id)
    ]


def test_a_salesperson_changes_only_whom_they_see(people, app):
    with transaction() as session:
        seller, other = (factories.make_user(session, Role.SALESPERSON) for _ in range(2))
        session.execute(sa.update(Contact).where(Contact.id == people[0]).values(owner_id=seller.id))
        session.execute(sa.update(Contact).where(Contact.id.in_(people[1:])).values(owner_id=other.id))

    for choice in (EVERYBODY, {"ids": people}):
        assert status(edit("tag", {"tag_name": f"t{choice}"[:9]}, choice, seller))[1] == 1
    with transaction() as session, pytest.raises(BadInput):
        bulk_running.start(session, "owner", {"owner_id": ""}, EVERYBODY, seller)


def test_a_step_that_was_done_or_changed_since_is_left(people, user):
    edit_id = edit("step", {"what": "Call", "due_on": "2027-01-31"}, EVERYBODY, user)
    with transaction() as session:
        first, second = session.scalars(sa.select(NextStep).order_by(NextStep.id).limit(2))
        steps.finish(session, first.id, took_place=False)
        steps.postpone(session, second.id, date(2027, 3, 1))

    kept = undo(edit_id)

    assert (kept.restored, kept.left_alone) == (3, 2)
    with reading() as session:
        due = dict(session.execute(sa.select(Contact.id, Contact.next_step_on)).all())
        assert [due[number] for number in people] == [None, date(2027, 3, 1), None, None, None]


def test_steps_go_to_the_owner_or_to_whoever_gives_them(people, user):
    with transaction() as session:
        owner = factories.make_user(session, Role.SALESPERSON)
        session.execute(sa.update(Contact).where(Contact.id == people[0]).values(owner_id=owner.id))

    edit("step", {"what": " Call  them ", "due_on": "2027-01-31"}, {"ids": people[:2]}, user)

    with reading() as session:
        given = session.execute(
            sa.select(NextStep.user_id, NextStep.what).order_by(NextStep.contact_id)
        ).all()
    assert given == [(owner.id, "Call them"), (user.id, "Call them")]


@pytest.mark.parametrize(
    ("act", "form"),
    [
        ("tag", {}), ("categorise", {"category_name": " "}), ("owner", {"owner_id": "9999"}),
        ("step", {"what": "", "due_on": "2027-01-31"}), ("step", {"what": "Call", "due_on": "soon"}),
        ("dance", {}), ("field", {}), ("field", {"set_field": "fields.none", "set_value": "1"}),
        ("field", {"set_field": "email", "set_value": "a@example.com"}),
        ("field", {"set_field": "country", "set_value": "Narnia"}),
    ],
)  # fmt: skip
def test_what_is_not_filled_in_is_refused(people, user, act, form):
    with transaction() as session, pytest.raises(BadInput):
        bulk_running.start(session, act, form, EVERYBODY, user)
    with reading() as session:
        assert session.scalar(sa.select(sa.func.count(BulkEdit.id))) == 0


def test_looking_makes_no_tag(people, user):
    with reading() as session:
        assert bulk_running.count(session, "tag", {"tag_name": "new"}, EVERYBODY, user).changes == 5
        assert session.scalar(sa.select(sa.func.count(Tag.id))) == 0


def test_choices_are_said_in_words(people, user):
    with reading() as session:
        assert choosing.words(session, {"ids": people}) == "5 ticked contacts"
        assert choosing.words(session, EVERYBODY) == "All contacts"
        assert choosing.words(session, {"filters": "q=anna"}) == "Contacts found for “anna”"
