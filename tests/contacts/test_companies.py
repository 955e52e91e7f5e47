"""Companies: one of each name, found by its beginning."""

import pytest

from campaigns.contacts import companies
from campaigns.errors import BadInput, Conflict, NotFound
from tests import factories


def test_a_company_is_one_however_it_is_written(session):
    mills = companies.company(session, " Example  Mills ")

    assert companies.company(session, "EXAMPLE MILLS").id == mills.id
    assert companies.company(session, "  ") is None


def test_companies_are_found_by_their_beginning_with_their_people(session):
    mills = companies.add(session, {"name": "Example Mills", "website": "mills.example.com", "country": "cz"})
    companies.add(session, {"name": "Žďár Timber"})
    factories.make_contact(session, company_id=mills.id)
    factories.make_contact(session, company_id=mills.id)

    assert [(row[0].name, row[1]) for row in companies.find(session)] == [
        ("Example Mills", 2),
        ("Žďár Timber", 0),
    ]
    assert [row[0].name for row in companies.find(session, "exa")] == ["Example Mills"]
    assert [row[0].name for row in companies.find(session, "ŽĎÁR")] == ["Žďár Timber"]
    assert [row[0].name for row in companies.find(session, after=(mills.key, mills.id))] == ["Žďár Timber"]
    assert (mills.website, mills.country) == ("https://mills.example.com", "CZ")


@pytest.mark.parametrize(
    ("form", "error"),
    [
        ({"name": " "}, BadInput),
        ({"name": "example MILLS"}, Conflict),
        ({"name": "Other", "website": "javascript://alert(1)"}, BadInput),
    ],
)
def test_what_is_no_company_is_refused(session, form, error):
    companies.add(session, {"name": "Example Mills"})

    with pytest.raises(error):
        companies.add(session, form)


def test_people_stay_when_their_company_goes(session):
    mills = companies.add(session, {"name": "Example Mills"})
    contact = factories.make_contact(session, company_id=mills.id)

    companies.remove(session, mills)

    session.expire_all()
    assert contact.company_id is None
    with pytest.raises(NotFound):
        companies.one(session, mills.id)
