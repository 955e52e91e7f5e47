"""Rules follow when a category, tag or product is renamed, or a label becomes part of another."""

import pytest
import sqlalchemy as sa

from campaigns.accounts.models import Role
from campaigns.audiences import building, saving
from campaigns.audiences.models import Audience
from campaigns.contacts import relabelling, tagging
from campaigns.contacts.models import contact_tag
from campaigns.crm import products
from tests import factories


def rule_of(session, name):
    return session.scalar(sa.select(Audience.rule).where(Audience.name == name))


def wearing(session, tag):
    contact = factories.make_contact(session)
    session.execute(sa.insert(contact_tag).values(contact_id=contact.id, tag_id=tag.id))
    return contact.id


@pytest.fixture
def trade(session):
    return tagging.tag(session, "Trade fair")


@pytest.mark.parametrize(
    ("rule", "after"),
    [
        ('tag:"trade  FAIR"', 'tag:"Fair in Brno"'),
        ('tag != "Trade fair" and city:Brno', 'tag != "Fair in Brno" and city:Brno'),
        ('not (tag in ("Trade fair", new) or tag:other)', 'not (tag in ("Fair in Brno", new) or tag:other)'),
        ('tag in ("Trade fair", "fair in brno")', 'tag in ("Fair in Brno")'),
    ],
)
def test_who_fits_stays_the_same(session, trade, rule, after):
    one, _other = wearing(session, trade), factories.make_contact(session, city="Brno")
    saving.create(session, "A", rule)
    before = set(session.scalars(building.contact_ids(session, rule)))

    told = relabelling.rename(session, trade, "Fair in Brno")

    found = rule_of(session, "A")
    assert told.followed == ("A",)
    assert building.understood(session, found) == building.understood(session, after)
    assert set(session.scalars(building.contact_ids(session, found))) == before
    assert (one in before) == ("!=" not in rule and "not" not in rule)


def test_another_kind_a_part_and_other_names_are_left(session, trade):
    tagging.category(session, "Trade fair")
    rules = {"Category": 'category:"Trade fair"', "Part": 'tag ~ "fair"', "Like": 'tag ~~ "trade fare"',
             "Other": "tag:trade", "City": 'city:"Trade fair" and tag is not empty'}  # fmt: skip
    for name, rule in rules.items():
        saving.create(session, name, rule)
    kept = {name: rule_of(session, name) for name in rules}

    told = relabelling.rename(session, trade, "Fair")

    assert told.followed == ()
    assert told.left == ("Like", "Part")
    assert {name: rule_of(session, name) for name in rules} == kept


def test_merged_rules_ask_for_the_one_that_stays(session, trade):
    into = tagging.tag(session, "Fairs")
    people = {wearing(session, trade), wearing(session, into)}
    saving.create(session, "A", 'tag:"Trade fair"')
    saving.create(session, "B", 'tag in ("Trade fair", Fairs)')

    told = relabelling.merge(session, trade, into)

    assert told.followed == ("A", "B")
    for name in ("A", "B"):
        assert set(session.scalars(building.contact_ids(session, rule_of(session, name)))) == people


def test_categories_follow(session):
    label = tagging.category(session, "Joiners")
    saving.create(session, "A", 'category:joiners or tag:"Joiners"')

    relabelling.rename(session, label, "Cabinet makers")

    found = rule_of(session, "A")
    assert building.understood(session, found) == building.understood(
        session, 'category:"Cabinet makers" or tag:"Joiners"'
    )


def test_products_follow(session):
    disc = products.add(session, {"name": "Grinding disc"})
    saving.create(session, "A", 'bought("grinding DISC", since -1y) and not runs_out:"Grinding disc"')
    saving.create(session, "B", 'tag:"Grinding disc" or not bought')

    told = products.change(session, disc, {"name": "Disc 80", "lasts": "30"})

    assert told.followed == ("A",)
    assert building.understood(session, rule_of(session, "A")) == building.understood(
        session, 'bought("Disc 80", since -1y) and not runs_out:"Disc 80"'
    )
    assert products.change(session, disc, {"name": "Disc 80"}).followed == ()


@pytest.mark.both_databases
def test_the_page_says_what_follows_and_what_to_look_at(sign_in, session, trade):
    saving.create(session, "Visitors", 'tag:"Trade fair"')
    saving.create(session, "All fairs", 'tag ~ "fair"')
    into = tagging.tag(session, "Fairs")
    session.commit()
    client = sign_in(Role.MARKETER)

    renamed = client.post(f"/labels/tag/{trade.id}/rename", data={"name": "Fair 2026"}, follow_redirects=True)
    merged = client.post(f"/labels/tag/{trade.id}/merge", data={"into": into.id}, follow_redirects=True)

    assert "These audiences follow: Visitors." in renamed.text
    assert "stay as they are: All fairs." in renamed.text
    assert "These audiences follow: Visitors." in merged.text
    session.rollback()
    assert rule_of(session, "Visitors") == 'tag:"Fairs"'
