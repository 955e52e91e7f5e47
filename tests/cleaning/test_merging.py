"""Merging: all rows follow, the values that were chosen stay, and taking it back restores both."""

from datetime import date, timedelta

import pytest
import sqlalchemy as sa

from campaigns.cleaning import merging, proposing, unmerging
from campaigns.cleaning.models import Duplicate, Merge, Verdict
from campaigns.contacts import identity, origins, tagging
from campaigns.contacts.models import Contact, MergedContact, contact_tag
from campaigns.crm import purchases, steps
from campaigns.crm.models import Activity, NextStep, Purchase
from campaigns.database import now
from campaigns.errors import BadInput, Conflict, NotFound
from tests import factories
from tests.cleaning.people import dump


@pytest.fixture
def pair(session):
    """Two contacts of one person, each with something of everything, and a third one."""
    owner = factories.make_user(session)
    one = factories.make_contact(
        session, "anna@example.com", first_name="Anna", last_name="Nováková", tags=("basic", "fair"),
        note="Met in Brno", phone="+420601234567", categories=("Cutters",),
    )  # fmt: skip
    other = factories.make_contact(
        session, "a.novakova@example.org", first_name="Anna", last_name="Novakova", city="Brno",
        tags=("fair", "vip"), note="Likes tea", owner_id=owner.id, fields={"size": "M"},
    )  # fmt: skip
    factories.make_contact(session)
    for contact in (one, other):
        factories.make_activity(session, contact)
        purchases.add(session, contact.id, purchases.product(session, "Saw"), None, 1, 100)
    steps.set_step(session, one.id, "Call", date(2031, 5, 2))
    steps.set_step(session, other.id, "Visit", date(2031, 5, 1))
    session.flush()
    return one, other


def _of(session, model, contact_id):
    return session.scalar(sa.select(sa.func.count()).where(model.contact_id == contact_id))


def test_all_that_belonged_to_either_belongs_to_the_one_that_is_kept(session, pair):
    one, other = pair

    merge = merging.merge(session, one.id, other.id)

    kept = session.get_one(Contact, one.id)
    assert (merge.contact_id, merge.gone_id) == (one.id, other.id)
    assert session.get(Contact, other.id) is None
    assert [_of(session, model, one.id) for model in (Activity, Purchase, NextStep)] == [4, 2, 2]
    assert kept.next_step_on == date(2031, 5, 1)
    assert kept.note == "Met in Brno\nLikes tea"
    assert kept.city == "Brno"
    assert kept.fields == {"size": "M"}
    tags = sa.select(sa.func.count()).where(contact_tag.c.contact_id == one.id)
    assert session.scalar(tags) == 3


def test_the_values_that_were_chosen_are_kept(session, pair):
    one, other = pair

    merging.merge(session, one.id, other.id, {"email": other.id, "name": other.id})

    kept = session.get_one(Contact, one.id)
    assert (kept.email, kept.last_name, kept.domain) == ("a.novakova@example.org", "Novakova", "example.org")
    assert kept.phone == "+420601234567"
    assert kept.name_key == "novakova anna"
    assert identity.addresses(session, one.id) == ["anna@example.com"]


def test_without_choices_the_better_value_is_kept(session, pair):
    one, other = pair
    other.verified_at = now()
    session.flush()

    merging.merge(session, one.id, other.id)

    assert session.get_one(Contact, one.id).last_name == "Novakova"


def test_what_the_person_said_last_is_the_better_value(session, pair):
    one, other = pair
    one.position, other.position = "Head of purchasing", "Buyer"
    one.fields, other.fields = {"size": "XXL and larger"}, {"size": "M"}
    one.verified_at = now() - timedelta(days=30)
    other.origins = origins.added({}, ["position", "fields.size"], origins.PERSON)
    session.flush()

    merging.merge(session, one.id, other.id)

    kept = session.get_one(Contact, one.id)
    assert (kept.position, kept.fields, kept.last_name) == ("Buyer", {"size": "M"}, "Nováková")


def test_taking_it_back_leaves_everything_as_it_was(session, pair):
    one, other = pair
    proposing.not_the_same(session, one.id, other.id, None)
    before = dump(session)

    merge = merging.merge(session, one.id, other.id, {"email": other.id})
    assert dump(session) != before
    unmerging.unmerge(session, merge.id)

    assert dump(session) == before
    assert merge.left == {"columns": [], "since": {}}


def test_what_happened_since_stays_with_the_one_that_was_kept(session, pair):
    one, other = pair
    merge = merging.merge(session, one.id, other.id, {"email": other.id})
    kept = session.get_one(Contact, one.id)
    kept.city = "Praha"
    factories.make_activity(session, kept, at=now() + timedelta(seconds=5))
    session.flush()

    unmerging.unmerge(session, merge.id)

    assert session.get_one(Contact, one.id).city == "Praha"
    assert session.get_one(Contact, other.id).city == "Brno"
    assert [_of(session, Activity, contact.id) for contact in pair] == [3, 2]
    assert merge.left == {"columns": ["city"], "since": {"activity": 1}}


def test_a_pair_that_was_taken_apart_is_never_proposed_again(session, pair):
    one, other = pair

    unmerging.unmerge(session, merging.merge(session, one.id, other.id).id)

    found = session.scalars(sa.select(Duplicate)).one()
    assert (found.a_id, found.b_id, found.status) == (one.id, other.id, Verdict.NOT_SAME)


def test_whoever_one_of_them_is_not_the_merged_one_is_not_either(session, pair):
    one, other = pair
    third = factories.make_contact(session)
    proposing.not_the_same(session, other.id, third.id, None)

    merge = merging.merge(session, one.id, other.id)

    [found] = session.scalars(sa.select(Duplicate)).all()
    assert (found.a_id, found.b_id, found.status) == (one.id, third.id, Verdict.NOT_SAME)
    unmerging.unmerge(session, merge.id)
    assert {(each.a_id, each.b_id) for each in session.scalars(sa.select(Duplicate))} == {
        (one.id, other.id), (one.id, third.id), (other.id, third.id)
    }  # fmt: skip


def test_nobody_gets_the_number_of_whoever_was_merged_into_another(session):
    one, newest = (factories.make_contact(session) for _number in range(2))

    merge = merging.merge(session, one.id, newest.id)
    new = factories.make_contact(session)

    assert (merge.contact_id, merge.gone_id) == (one.id, newest.id)
    assert new.id > newest.id


def test_merges_are_taken_back_newest_first(session, pair):
    one, other = pair
    third = factories.make_contact(session)
    factories.make_contact(session)
    first = merging.merge(session, one.id, other.id)
    second = merging.merge(session, one.id, third.id)

    with pytest.raises(Conflict, match="later"):
        unmerging.unmerge(session, first.id)
    unmerging.unmerge(session, second.id)
    unmerging.unmerge(session, first.id)

    assert len(session.scalars(sa.select(Contact)).all()) == 5
    with pytest.raises(Conflict, match="already"):
        unmerging.unmerge(session, first.id)


def test_a_contact_merged_on_and_on_is_found_under_all_its_numbers(session, pair):
    one, other = pair
    third = factories.make_contact(session)
    factories.make_contact(session)
    before = dump(session)
    inner = merging.merge(session, other.id, third.id)
    outer = merging.merge(session, one.id, other.id)

    assert identity.found(session, third.id).id == one.id
    assert identity.numbers(session, one.id) == [one.id, other.id, third.id]
    with pytest.raises(Conflict, match="itself merged"):
        unmerging.unmerge(session, inner.id)
    unmerging.unmerge(session, outer.id)
    assert identity.found(session, third.id).id == other.id
    unmerging.unmerge(session, inner.id)
    assert dump(session) == before


def test_an_address_that_somebody_else_has_meanwhile_stands_in_the_way(session, pair):
    one, other = pair
    merge = merging.merge(session, one.id, other.id, {"email": one.id})
    identity.drop_address(session, "a.novakova@example.org")
    factories.make_contact(session, "a.novakova@example.org")

    with pytest.raises(Conflict, match=r"a\.novakova@example\.org"):
        unmerging.unmerge(session, merge.id)


def test_a_label_that_is_gone_since_does_not_come_back(session, pair):
    one, other = pair
    merge = merging.merge(session, one.id, other.id)
    tagging.remove(session, factories.make_tag(session, "vip"))

    unmerging.unmerge(session, merge.id)

    worn = sa.select(sa.func.count()).where(contact_tag.c.contact_id == other.id)
    assert session.scalar(worn) == 1


def test_erasing_the_kept_contact_leaves_nothing_of_the_other(session, pair):
    one, other = pair
    merging.merge(session, one.id, other.id)

    session.execute(sa.delete(Contact).where(Contact.id == one.id))

    assert session.scalars(sa.select(Merge)).all() == []
    assert session.scalars(sa.select(MergedContact)).all() == []
    assert "a.novakova@example.org" not in repr(dump(session, "activity"))


def test_bad_pairs_are_refused(session, pair):
    one, _other = pair

    with pytest.raises(BadInput):
        merging.merge(session, one.id, one.id)
    with pytest.raises(NotFound):
        merging.merge(session, one.id, 999_999)
