"""Merge values looked up by the hundred are those that are looked up one by one."""

import pytest

from campaigns.mailings import language, merging
from campaigns.mailings.gathering import Gatherer
from tests import factories


@pytest.mark.parametrize(
    "source",
    [
        "{{ contact.first_name }}",
        "{{ contact.name }} {{ contact.company or 'none' }} {{ contact.city }} {{ contact.birthday }}",
        "{{ contact.tags }} {% for one in contact.categories %}{{ one }}{% endfor %}",
        "{{ contact.fields.shoe_size }} {{ contact['fields']['Shoe size'] }} {{ contact.fields }}",
        "{% for name in contact %}{{ name }} {% endfor %}{{ contact.phone }}",
        "{{ contact.fields.since|date }} {{ 1234.5|money('CZK') }}",
        "{% set she = contact %}{{ she.position }}",
        "{{ firm.name }} {{ contact.nothing }}",
    ],
)
def test_a_letter_says_the_same_of_everybody(session, source):
    company = factories.make_company(session)
    people = [
        factories.make_contact(
            session, "ann@example.com", first_name="Ann", last_name="Lee", company_id=company.id, city="Brno",
            language="cs", position="Buyer", tags=("vip", "basic"), categories=("Cutters",),
            fields={"Shoe size": 41, "since": "2020-01-02"},
        ),
        factories.make_contact(session, "bob@example.com", first_name="Bob", birthday="03-14"),
        factories.make_contact(session, "eve@example.com"),
    ]  # fmt: skip
    ids = [person.id for person in people]
    letter = language.compile(source, escape=False)

    found = Gatherer(letter.names).gather(session, [*ids, 10**9])

    every = merging.of_contacts(session, ids)
    assert found.keys() == every.keys() == set(ids)
    for id_ in ids:
        assert _said(letter, found[id_]) == _said(letter, every[id_])


def _said(letter, contact) -> str:
    try:
        return letter.render({"contact": contact})
    except language.TemplateProblem as problem:
        return str(problem)


def test_only_what_is_said_is_looked_up(session):
    ann = factories.make_contact(session, "ann@example.com", first_name="Ann", tags=("vip",))

    found = Gatherer({"contact.first_name", "firm.name"}).gather(session, [ann.id])

    assert found == {ann.id: {"first_name": "Ann", "last_name": "", "language": "", "name": "Ann"}}


def test_nobody_is_asked_about_for_nobody(session):
    assert Gatherer({"contact.first_name"}).gather(session, []) == {}
