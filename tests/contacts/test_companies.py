"""Companies: one of each name, found by its beginning."""

import pytest

from campaigns.contacts import companies, field_defining
from campaigns.contacts.mistakes import Mistakes
from campaigns.database import transaction
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


def test_a_company_belongs_to_another_and_never_in_a_circle(session):
    field_defining.add(session, {"name": "Founded", "kind": "date", "about": "company"})
    group = companies.add(session, {"name": "Group", "headcount": "1 200", "legal_form": "a.s."})
    mills = companies.add(session, {"name": "Mills", "parent": "GROUP", "fields.founded": "1990-01-02"})
    works = companies.add(session, {"name": "Works", "parent": "Mills"})

    assert (group.headcount, group.legal_form, mills.fields) == (1200, "a.s.", {"founded": "1990-01-02"})
    assert [one.name for one in companies.owners(session, works)] == ["Mills", "Group"]
    assert [one.name for one in companies.daughters(session, group)] == ["Mills"]
    for name in ("Works", "Group"):
        with pytest.raises(Mistakes) as refused:
            companies.change(session, group, {"name": "Group", "parent": name})
        assert set(refused.value.fields) == {"parent"}

    companies.change(session, mills, {"name": "Mills"})
    assert (mills.parent_id, mills.fields) == (group.id, {"founded": "1990-01-02"})
    companies.remove(session, group)
    session.expire_all()
    assert companies.owners(session, works) == [mills]


def test_all_mistakes_of_a_company_are_told_at_once(session):
    field_defining.add(session, {"name": "Founded", "kind": "date", "about": "company"})

    with pytest.raises(Mistakes) as refused:
        companies.add(
            session,
            {
                "name": "A",
                "website": "ftp://a",
                "headcount": "many",
                "fields.founded": "long ago",
                "parent": "a",
            },
        )
    assert set(refused.value.fields) == {"website", "headcount", "fields.founded", "parent"}


def test_the_pages_of_a_company_show_its_fields_and_its_owner(marketer_client):
    with transaction() as session:
        field_defining.add(
            session,
            {"name": "Turnover", "kind": "money", "unit": "CZK", "about": "company", "section": "Money"},
        )
    form = {"name": "Mills", "parent": "Group", "headcount": "12", "fields.turnover": "1,000.5"}
    answer = marketer_client.post("/companies/new", data=form, follow_redirects=True)

    page = answer.get_data(as_text=True)
    assert "CZK1,000.50" in page
    assert ">Group</a>" in page
    edit = marketer_client.get(f"{answer.request.path}/edit").get_data(as_text=True)
    assert 'value="1000.50"' in edit
    assert 'value="Group"' in edit
    wrong = marketer_client.post("/companies/new", data=form | {"name": "Other", "fields.turnover": "much"})
    assert wrong.status_code == 422
    assert "“Turnover” is an amount in CZK" in wrong.get_data(as_text=True)
