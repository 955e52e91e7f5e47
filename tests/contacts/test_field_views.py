"""The pages of fields: added, changed, put in order, archived, made of columns of earlier imports."""

import re

import pytest
import sqlalchemy as sa

from campaigns.contacts import adopting, field_defining, fields
from campaigns.contacts.field_models import About, Adoption
from campaigns.contacts.models import Contact
from campaigns.database import reading, transaction
from tests import factories

SIZE = {"name": "Shoe size", "kind": "number", "unit": "EU", "section": "Body", "about": "contact"}


def text(answer):
    return re.sub(r"\s+", " ", answer.get_data(as_text=True))


def known(about=About.CONTACT, **options):
    with reading() as session:
        return fields.known(session, about, **options)


@pytest.mark.both_databases
def test_a_field_is_added_changed_and_archived(marketer_client):
    answer = marketer_client.post("/fields/new", data=SIZE | {"shared": "1"}, follow_redirects=True)
    assert "Shoe size" in text(answer)
    made = known()["shoe_size"]
    assert (made.kind, made.unit, made.section, made.shared) == ("number", "EU", "Body", True)

    answer = marketer_client.post(
        f"/fields/{made.id}/edit", data=SIZE | {"name": "Size of shoe", "kind": "text"}, follow_redirects=True
    )
    assert "Size of shoe" in text(answer)
    changed = known()["shoe_size"]
    assert (changed.name, changed.kind, changed.shared) == ("Size of shoe", "number", False)

    marketer_client.post(f"/fields/{made.id}/archive")
    assert known() == {}
    assert "Take “Size of shoe” back" in text(marketer_client.get("/fields/"))
    marketer_client.post(f"/fields/{made.id}/take-back")
    assert list(known()) == ["shoe_size"]


def test_mistakes_stand_at_their_field(marketer_client):
    marketer_client.post("/fields/new", data=SIZE)
    made = known()["shoe_size"]

    again = marketer_client.post("/fields/new", data=SIZE)
    unit = marketer_client.post("/fields/new", data=SIZE | {"name": "Sum", "kind": "money"})
    name = marketer_client.post(f"/fields/{made.id}/edit", data=SIZE | {"name": " "})

    assert [answer.status_code for answer in (again, unit, name)] == [422, 422, 422]
    assert "There is a field “Shoe size” already" in text(again)
    assert "three letters" in text(unit)
    assert "needs a name" in text(name)


def test_fields_are_put_in_order(marketer_client):
    for name in ("One", "Two"):
        marketer_client.post("/fields/new", data=SIZE | {"name": name, "about": "company"})
    assert (
        marketer_client.post(
            f"/fields/{known(About.COMPANY)['two'].id}/move", data={"steps": "-1"}
        ).status_code
        == 302
    )
    assert list(known(About.COMPANY)) == ["two", "one"]
    assert "Of companies" in text(marketer_client.get("/fields/?about=company"))


def test_a_column_is_made_a_field_with_one_click(marketer_client):
    with transaction() as session:
        ann = factories.make_contact(session, fields={"Herd size": "120"})

    assert "Herd size" in text(marketer_client.get("/fields/"))
    form = text(marketer_client.get("/fields/new?column=Herd%20size"))
    assert 'value="Herd size"' in form
    assert re.search(r'<option value="number" selected>', form)
    marketer_client.post("/fields/new", data={"name": "Herd size", "kind": "number", "about": "contact"})
    with reading() as session:
        work = session.scalars(sa.select(Adoption)).one()
    adopting.run(work.id)

    with reading() as session:
        assert session.get(Contact, ann.id).fields == {"herd_size": "120"}
    assert "Make this a field" not in text(marketer_client.get("/fields/"))


def test_salespeople_do_not_define_fields(salesperson_client):
    assert salesperson_client.get("/fields/").status_code == 403
    assert salesperson_client.post("/fields/new", data=SIZE).status_code == 403


def test_a_choice_that_is_offered_no_more_stays_with_those_who_have_it(marketer_client):
    with transaction() as session:
        made = [
            field_defining.add(session, {"name": kind, "kind": kind, "options": "Tea\nMilk"})
            for kind in ("choice", "choices")
        ]
        ann = factories.make_contact(session, "ann@example.com")
        fields.write(session, ann, {"choice": "Tea", "choices": ["Tea", "Milk"]})
        for field in made:
            field_defining.change(session, field, {"name": field.name, "options": "Milk\nWater"})
    page = text(marketer_client.get(f"/contacts/{ann.id}/edit"))
    assert page.count("Tea") >= 2

    form = {"email": "ann@example.com", "fields.choice": "Tea", "fields.choices": ["", "Tea", "Water"]}
    assert marketer_client.post(f"/contacts/{ann.id}/edit", data=form).status_code == 302
    with reading() as session:
        assert session.get(Contact, ann.id).fields == {"choice": "Tea", "choices": ["Water", "Tea"]}
    form |= {"fields.choice": "Milk"}
    marketer_client.post(f"/contacts/{ann.id}/edit", data=form)
    back = marketer_client.post(f"/contacts/{ann.id}/edit", data=form | {"fields.choice": "Tea"})
    assert back.status_code == 422


def test_what_an_archived_field_holds_is_not_shown(marketer_client):
    with transaction() as session:
        field = field_defining.add(session, {"name": "Motto", "kind": "text"})
        ann = factories.make_contact(session)
        fields.write(session, ann, {"motto": "Live and learn"})
    assert "Live and learn" in text(marketer_client.get(f"/contacts/{ann.id}"))

    marketer_client.post(f"/fields/{field.id}/archive")
    assert "Live and learn" not in text(marketer_client.get(f"/contacts/{ann.id}"))
