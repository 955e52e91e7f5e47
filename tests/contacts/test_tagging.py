"""Categories and tags: one of each name, put on and taken off many at a stroke, renamed and merged."""

import html
import re

import pytest
import sqlalchemy as sa

from campaigns.contacts import tagging
from campaigns.contacts.models import Category, Contact, Tag
from campaigns.errors import BadInput, Conflict, NotFound
from tests import factories

EVERYBODY = sa.select(Contact.id)


def worn(session, kind):
    return {label.name: count for label, count in tagging.listed(session, kind)}


def test_a_name_is_one_label_however_it_is_written(session):
    first = tagging.tag(session, "Band  saw")

    assert tagging.tag(session, " BAND SAW ").id == first.id
    assert tagging.category(session, "Band saw").name == "Band saw"
    assert [label.name for label in tagging.tags(session, ["b", "a", "B"])] == ["B", "a"]
    with pytest.raises(BadInput):
        tagging.tag(session, " \n")


def test_many_are_labelled_at_a_stroke_and_only_once(session):
    people = [factories.make_contact(session, tags=("vip",)).id for _ in range(3)]
    people.append(factories.make_contact(session).id)
    vip, cutters = tagging.tag(session, "vip"), tagging.category(session, "Cutters")

    assert tagging.put_on(session, vip, EVERYBODY) == 1
    assert tagging.put_on(session, vip, EVERYBODY) == 0
    assert tagging.put_on(session, cutters, EVERYBODY.where(Contact.id < people[2])) == 2
    assert (worn(session, Tag), worn(session, Category)) == ({"vip": 4}, {"Cutters": 2})
    assert tagging.take_off(session, vip, EVERYBODY.where(Contact.id > people[0])) == 3
    assert worn(session, Tag) == {"vip": 1}


def test_a_label_is_renamed_but_never_to_the_name_of_another(session):
    basic, trial = tagging.tags(session, ["basic", "trial"])

    tagging.rename(session, basic, "BASIC ")
    assert tagging.tag(session, "basic").name == "BASIC"
    with pytest.raises(Conflict):
        tagging.rename(session, trial, "Basic")
    with pytest.raises(BadInput):
        tagging.rename(session, trial, " ")


def test_two_labels_become_one(session):
    factories.make_contact(session, tags=("vip", "VIPs"))
    factories.make_contact(session, tags=("VIPs",))
    vip, vips = tagging.tags(session, ["vip", "VIPs"])

    tagging.merge(session, vips, into=vip)

    assert worn(session, Tag) == {"vip": 2}
    with pytest.raises(BadInput):
        tagging.merge(session, vip, into=vip)


def test_a_deleted_label_leaves_its_contacts(session):
    factories.make_contact(session, categories=("Cutters",))
    label = tagging.category(session, "Cutters")

    tagging.remove(session, label)

    assert worn(session, Category) == {}
    assert session.scalar(sa.select(sa.func.count()).select_from(Contact)) == 1
    with pytest.raises(NotFound):
        tagging.one(session, Category, label.id)


def test_labels_are_listed_a_page_at_a_time(session, marketer_client):
    for number in range(101):
        tagging.tag(session, f"kind {number:03}")
    tagging.category(session, "Cutters")
    session.commit()

    first = marketer_client.get("/labels/").text
    assert "kind 099" in first
    assert "kind 100" not in first
    assert "Cutters" in first
    later = html.unescape(re.findall(r'href="([^"]*after=[^"]*)"', first)[-1])
    assert "kind 100" in marketer_client.get(later).text
    assert [label.name for label, _worn in tagging.listed(session, Tag, "kind 099")] == ["kind 100"]
