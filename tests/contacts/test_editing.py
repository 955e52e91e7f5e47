"""Contacts from forms: what is kept, and what is wrong at which field."""

import pytest
import sqlalchemy as sa

from campaigns.contacts import editing
from campaigns.contacts.models import Company, Contact
from tests import factories

ANNA = {
    "email": " Anna.NOVAKOVA@example.com ",
    "first_name": " Anna ",
    "last_name": "Nováková\x00",
    "phone": "777 123 456",
    "country": "cz",
    "company": "Example  Mills",
    "categories": "Cutters\nBand saws\n\n",
    "tags": "Žralok, s čárkou\nvip",
    "birthday": "02-29",
    "birth_year": "1986",
    "note": "Likes\r\n  saws ",
    "source": "Fair in Brno",
}


def test_a_contact_is_made_whole(session):
    contact = editing.create(session, ANNA)
    session.commit()

    assert (contact.email, contact.domain) == ("anna.novakova@example.com", "example.com")
    assert (contact.first_name, contact.last_name) == ("Anna", "Nováková")
    assert (contact.name_key, contact.first_key) == ("novakova anna", "anna")
    assert (contact.phone, contact.country) == ("+420777123456", "CZ")
    assert [label.name for label in contact.categories] == ["Cutters", "Band saws"]
    assert [label.name for label in contact.tags] == ["Žralok, s čárkou", "vip"]
    assert (contact.company.name, contact.note) == ("Example Mills", "Likes\nsaws")
    assert len(contact.address_hash) == 32


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("email", "anna at example.com"),
        ("email", ""),
        ("email", "taken@example.com"),
        ("source", ""),
        ("source", "bought list"),
        ("language", "xx"),
        ("country", "Narnia"),
        ("timezone", "Mars/Crater"),
        ("birthday", "31.3."),
        ("birthday", "02-30"),
        ("birth_year", "86"),
        ("birth_year", "9999"),
    ],
)
def test_a_mistake_is_named_at_its_field_and_nothing_is_kept(session, field, value):
    factories.make_contact(session, "taken@example.com")

    with pytest.raises(editing.Mistakes) as refused:
        editing.create(session, ANNA | {field: value})

    assert list(refused.value.fields) == [field]
    assert session.scalar(sa.select(sa.func.count()).select_from(Contact)) == 1


def test_all_mistakes_are_named_at_once(session):
    with pytest.raises(editing.Mistakes) as refused:
        editing.create(session, {"email": "x", "birthday": "x"})

    assert set(refused.value.fields) == {"email", "birthday", "source"}


def test_a_change_keeps_what_hangs_on_the_contact(session):
    contact = editing.create(session, ANNA)
    before = contact.address_hash

    editing.change(session, contact, ANNA | {"email": "new@example.org", "last_name": "Ángel", "tags": ""})

    assert (contact.domain, contact.name_key, contact.tags) == ("example.org", "angel anna", [])
    assert contact.address_hash != before
    assert contact.source == "Fair in Brno"


def test_one_company_is_shared_by_its_people(session):
    first = editing.create(session, ANNA)
    second = editing.create(session, ANNA | {"email": "eva@example.com", "company": "EXAMPLE MILLS"})

    assert first.company is second.company
    assert session.scalar(sa.select(sa.func.count()).select_from(Company)) == 1
