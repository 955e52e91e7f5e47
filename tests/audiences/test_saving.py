"""Audiences that are kept: static ones and their members, exclusions, and those that name each other."""

import pytest
import sqlalchemy as sa

from campaigns.audiences import building, expanding, overlapping, previewing, rules, saving, starters, taking
from campaigns.audiences.lexing import RuleProblem
from campaigns.audiences.models import Audience, Member
from campaigns.contacts.models import Contact
from campaigns.crm import purchases
from campaigns.crm.models import Product
from campaigns.errors import BadInput, Conflict
from tests import factories


def _found(session, audience: Audience) -> set[str]:
    emails = sa.select(Contact.email).where(building.of_audience(session, audience))
    return {email.partition("@")[0] for email in session.scalars(emails)}


@pytest.fixture
def people(session):
    return {
        name: factories.make_contact(session, f"{name}@example.com", tags=tags)
        for name, tags in (("ann", ("a",)), ("bo", ("a", "b")), ("cy", ("b",)), ("di", ()))
    }


def test_a_static_audience_keeps_its_members_until_they_are_taken_again(session, people):
    audience = saving.create(session, "Kept", "tag:a", living=False)
    factories.make_contact(session, "late@example.com", tags=("a",))
    people["bo"].tags = []
    session.flush()

    assert _found(session, audience) == {"ann", "bo"}
    assert previewing.of_audience(session, audience).count == 2
    assert saving.take_again(session, audience) == 2
    assert _found(session, audience) == {"ann", "late"}
    assert taking.newest(session, audience).members == 2


def test_a_living_audience_becomes_static_with_those_who_fit_then(session, people):
    audience = saving.create(session, "Was living", "tag:a")
    with pytest.raises(Conflict):
        saving.take_again(session, audience)
    saving.change(session, audience, "Was living", "tag:b", living=False)
    people["cy"].tags = []
    session.flush()

    assert _found(session, audience) == {"bo", "cy"}


def test_a_member_who_is_gone_is_gone(session, people):
    audience = saving.create(session, "Kept", "all", living=False)
    session.execute(sa.delete(Contact).where(Contact.id == people["di"].id))

    assert session.scalar(sa.select(sa.func.count()).select_from(Member)) == 3
    assert _found(session, audience) == {"ann", "bo", "cy"}


def test_whoever_is_in_an_excluded_audience_is_left_out(session, people):
    out = saving.create(session, "Out", "tag:b")
    living = saving.create(session, "Living", "tag is not empty", excluded=[out.id])
    static = saving.create(session, "Static", "all", living=False, excluded=[out.id])

    assert _found(session, living) == {"ann"}
    assert _found(session, static) == {"ann", "di"}
    saving.change(session, out, "Out of it", "tag:a")
    assert _found(session, living) == {"cy"}
    assert _found(session, static) == {"cy", "di"}
    saving.change(session, living, "Living", living.rule, excluded=[])
    assert _found(session, living) == {"ann", "bo", "cy"}


def test_an_audience_is_named_in_a_rule_and_keeps_being_meant_when_renamed(session, people):
    inner = saving.create(session, "Inner", "tag:b")
    outer = saving.create(session, "Outer", 'not audience:"Inner" and tag:a')

    assert _found(session, outer) == {"ann"}
    saving.change(session, inner, 'Named "anew"', "tag:b")
    assert rules.parse(outer.rule) == rules.parse(r'not audience:"Named \"anew\"" and tag:a')
    assert _found(session, outer) == {"ann"}
    with pytest.raises(Conflict, match="Outer"):
        saving.remove(session, inner)


def test_no_audience_contains_itself(session, people):
    one = saving.create(session, "One", "tag:a")
    two = saving.create(session, "Two", 'tag:b or audience:"One"')
    for rule in ('audience:"One"', 'tag:x and audience:"Two"'):
        with pytest.raises(RuleProblem, match="contain itself") as caught:
            saving.change(session, one, "One", rule)
        assert caught.value.position == rule.index("audience")
    with pytest.raises(RuleProblem, match="no audience called"):
        saving.create(session, "Three", 'audience:"Three"')
    with pytest.raises(BadInput, match="contain itself"):
        saving.change(session, one, "One", "tag:a", excluded=[two.id])


def test_a_rule_may_not_name_what_is_not_there(session):
    with pytest.raises(RuleProblem, match="no audience called") as caught:
        saving.create(session, "X", 'tag:a and audience:"Nobody made"')

    assert caught.value.position == 10


def test_what_is_frozen_stays_whatever_becomes_of_the_audiences(session, people):
    inner = saving.create(session, "Inner", "tag:b", living=False)
    out = saving.create(session, "Out", "email ~ bo")
    outer = saving.create(session, "Outer", 'tag:a or audience:"Inner"', excluded=[out.id])
    frozen = expanding.frozen(session, outer)
    people["cy"].tags = []
    saving.take_again(session, inner)
    saving.change(session, out, "Out", "all")
    saving.change(session, outer, "Outer", "tag:x")

    emails = session.scalars(sa.select(Contact.email).where(building.of_frozen(session, frozen)))
    assert set(emails) == {"ann@example.com", "cy@example.com"}


def test_what_two_audiences_share(session, people):
    one, two = saving.create(session, "One", "tag:a"), saving.create(session, "Two", "tag:b")

    found = overlapping.overlap(session, one, two)

    assert (found.both, found.only_first, found.only_second, found.either) == (1, 1, 1, 3)
    emails = [contact.email for contact in overlapping.people(session, one, two, True, 0, 10)]
    assert emails == ["bo@example.com"]
    emails = [contact.email for contact in overlapping.people(session, two, one, False, 0, 10)]
    assert emails == ["cy@example.com"]


def test_every_starter_is_a_rule_and_finds_whom_it_says(session, people):
    kind = factories.make_category(session, "Glues").id
    small, large = Product(name="Glue 100 ml", category_id=kind), Product(name='Glue "1 l"', category_id=kind)
    session.add_all([small, large])
    session.flush()
    purchases.add(session, people["ann"].id, small, amount=300)
    purchases.add(session, people["bo"].id, small, amount=300)
    purchases.add(session, people["bo"].id, large, amount=2000)
    found = {starter.name: starter.rule for starter in starters.starters(session)}
    for rule in found.values():
        building.condition(session, rule)

    [bigger] = [rule for name, rule in found.items() if name.startswith("Up-sell")]
    assert [one.email for one in previewing.people(session, bigger)] == ["ann@example.com"]
    assert any(name.startswith("Cross-sell") for name in found)


def test_what_changes_is_counted_anew_with_all_that_follow_it(session, people):
    inner = saving.create(session, "Inner", "tag:b")
    middle = saving.create(session, "Middle", 'audience:"Inner"')
    outer = saving.create(session, "Outer", "all", excluded=[middle.id])
    other = saving.create(session, "Other", "tag:a")
    for audience in (inner, middle, outer, other):
        previewing.remember(session, audience)
    saving.change(session, inner, "Inner", "tag:a")
    session.expire_all()

    counted = {audience.name: audience.counted for audience in (inner, middle, outer, other)}
    assert counted == {"Inner": None, "Middle": None, "Outer": None, "Other": 2}
