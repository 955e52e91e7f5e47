"""Why is, or isn't, Anna in it: each condition with yes or no, and what she has instead."""

from datetime import UTC, datetime

import pytest

from campaigns.audiences import explaining, saving
from campaigns.contacts import field_defining, fields
from campaigns.crm import purchases
from tests import factories


@pytest.fixture
def anna(session):
    company = factories.make_company(session, "Mills", headcount=12, industry="Wood")
    contact = factories.make_contact(
        session,
        "anna@example.com",
        first_name="Anna",
        city="Brno",
        tags=("basic", "new"),
        company_id=company.id,
    )
    glue = purchases.product(session, "Glue")
    for day in (1, 9):
        purchases.add(session, contact.id, glue, datetime(2026, 3, day, tzinfo=UTC), amount=500)
    field_defining.add(session, {"name": "Shoe size", "kind": "number", "about": "contact"})
    fields.write(session, contact, {"shoe_size": "42"})
    return contact


def _said(session, rule: str, contact) -> list[tuple[int, str, bool, str]]:
    return [
        (one.depth, one.words, one.fits, one.has) for one in explaining.explain(session, rule, contact.id)
    ]


def test_each_condition_says_whether_it_fits_and_what_she_has_instead(session, anna):
    lines = _said(session, 'city:"Praha" and (tag:"basic" or headcount > 50) and not bought(since -1y)', anna)

    assert [line[:3] for line in lines] == [
        (0, "All of these", False),
        (1, "city is “Praha”", False),
        (1, "At least one of these", True),
        (2, "tag is “basic”", True),
        (2, "number of people in the company more than 50", False),
        (1, "None of these", False),
        (2, "has bought, since 12 months ago", True),
    ]
    assert lines[1][3] == "Brno"
    assert lines[3][3] == "basic, new"
    assert lines[4][3] == "12"
    assert lines[6][3].startswith("2 times, last on ")


def test_what_somebody_has_of_the_rarer_things(session, anna):
    rule = (
        'fields."Shoe size" > 44 or consent:none or called or next_step < today or parent:"X" '
        "or role:decides or import:1 or owner ~ x or industry:metal or birthday <= +7d"
    )

    has = [line[3] for line in _said(session, rule, anna)[1:]]

    assert has == [
        "42",
        "granted",
        "never",
        "nothing",
        "nothing",
        "nothing",
        "nothing",
        "nothing",
        "Wood",
        "nothing",
    ]


def test_none_of_several_stands_as_one_group(session, anna):
    lines = _said(session, "not (city:Brno or tag:x)", anna)

    assert [line[:3] for line in lines] == [
        (0, "None of these", False),
        (1, "city is “Brno”", True),
        (1, "tag is “x”", False),
    ]


def test_members_and_exclusions_are_told_too(session, anna):
    out = saving.create(session, "Out", "tag:new")
    kept = saving.create(session, "Kept", "city:Brno", living=False, excluded=[out.id])

    lines = explaining.of_audience(session, kept, anna.id)

    assert [(one.depth, one.fits) for one in lines] == [(0, False), (1, True), (1, False), (2, True)]
    assert lines[1].words.startswith("is one of the members taken on ")
    assert lines[3].words == "audience is “Out”"


def test_the_audiences_of_one_person(session, anna):
    saving.create(session, "In Brno", "city:Brno")
    saving.create(session, "In Praha", "city:Praha")

    found = explaining.audiences_of(session, anna.id)

    assert [(audience.name, fits) for audience, fits in found] == [("In Brno", True), ("In Praha", False)]
