"""An option of a field gets another name: values, their index, rules and answers follow, step by step."""

import json

import pytest
import sqlalchemy as sa
from click.testing import CliRunner

from campaigns.audiences import building, following, saving  # noqa: F401 - rules follow
from campaigns.cli import verbs
from campaigns.contacts import field_defining, field_index, field_renaming, fields
from campaigns.contacts.field_models import About, Renaming
from campaigns.contacts.models import Company, Contact, Import, ImportStatus
from campaigns.database import reading, transaction
from campaigns.errors import BadInput, Conflict
from campaigns.longwork import WorkStatus
from tests import factories


def field_of(session, kind="choice", about="contact", options="Red\nGreen\nBlue"):
    return field_defining.add(session, {"name": "Colour", "kind": kind, "options": options, "about": about})


def with_value(session, value, **more):
    who = factories.make_contact(session, **more)
    fields.write(session, who, {"colour": value})
    return who


def kept(kind=Contact):
    with reading() as session:
        assert not [*field_index.differing(session), *field_index.differing(session, About.COMPANY)]
        return [row[0].get("colour") for row in session.execute(sa.select(kind.fields).order_by(kind.id))]


def fitting(rule):
    with reading() as session:
        return session.scalars(sa.select(Contact.id).where(building.condition(session, rule))).all()


def test_values_of_contacts_follow_some_at_a_time(session, monkeypatch):
    monkeypatch.setattr(field_renaming, "STEP", 2)
    field = field_of(session)
    for value in ("Red", "Blue", "Red", "Red", "Red", "Green"):
        with_value(session, value)
    changed_at = session.scalars(sa.select(Contact.updated_at).order_by(Contact.id)).all()
    work, _told = field_renaming.start(session, field, "red", "Crimson")
    session.commit()

    field_renaming.run(work.id)
    field_renaming.run(work.id)

    assert kept() == ["Crimson", "Blue", "Crimson", "Crimson", "Crimson", "Green"]
    with reading() as seen:
        assert seen.get(field_renaming.Field, field.id).options == ["Crimson", "Green", "Blue"]
        done = seen.get(Renaming, work.id)
        assert (done.status, done.matching, done.changed) == (WorkStatus.DONE, 4, 4)
        assert seen.scalars(sa.select(Contact.updated_at).order_by(Contact.id)).all() == changed_at


def test_only_capitals_change(session):
    field = field_of(session, options="red\nblue")
    with_value(session, "red")
    work, _told = field_renaming.start(session, field, "red", "RED")
    session.commit()

    field_renaming.run(work.id)

    assert kept() == ["RED"]


def test_of_several_choices_two_become_one_in_their_order(session):
    field = field_of(session, "choices")
    for value in (["Red", "Blue"], ["Red"], ["Green"]):
        with_value(session, value)
    session.commit()
    with pytest.raises(Conflict, match="There is a choice “Blue” already"):
        field_renaming.start(session, field, "Red", "blue")
    work, _told = field_renaming.start(session, field, "Red", "blue", merge=True)
    session.commit()

    field_renaming.run(work.id)

    assert kept() == [["Blue"], ["Blue"], ["Green"]]
    with reading() as seen:
        assert seen.get(field_renaming.Field, field.id).options == ["Green", "Blue"]


def test_values_of_companies_follow(session):
    field = field_of(session, about="company")
    mills = factories.make_company(session)
    fields.write(session, mills, {"colour": "Red"})
    worker = factories.make_contact(session, company_id=mills.id)
    work, _told = field_renaming.start(session, field, "Red", "Crimson")
    session.commit()

    field_renaming.run(work.id)

    assert kept(Company) == ["Crimson"]
    assert fitting('company_fields.colour:"Red"') == fitting('company_fields.colour:"Crimson"') == [worker.id]


def test_what_was_taken_out_before_is_renamed_too(session):
    field = field_of(session)
    with_value(session, "Red")
    field_defining.change(session, field, {"name": "Colour", "options": "Crimson\nBlue"})
    assert field_renaming.left(session, field) == ["red"]
    work, _told = field_renaming.start(session, field, "Red", "Crimson")
    session.commit()

    field_renaming.run(work.id)

    assert kept() == ["Crimson"]
    with pytest.raises(BadInput, match="no choice “Red”"):
        field_renaming.start(session, field, "Red", "Blue")


def test_rules_follow_and_either_name_means_both_meanwhile(session, monkeypatch):
    monkeypatch.setattr(field_renaming, "STEP", 1)
    field = field_of(session)
    people = [with_value(session, value).id for value in ("Red", "Red", "Blue")]
    frozen = 'fields.colour:"Red"'
    rules = {
        "one": 'fields."Colour":red', "some": 'city:Brno or not fields.colour in ("Red", "Crimson")',
        "a part": 'fields.colour ~ "re"', "another": 'fields.colour:"Blue"', "a tag": 'tag:"Red"',
    }  # fmt: skip
    for name, rule in rules.items():
        saving.create(session, name, rule)
    work, told = field_renaming.start(session, field, "Red", "Crimson")
    field_renaming.step(session, work)
    session.commit()

    assert (told.followed, told.left) == (("one", "some"), ("a part",))
    with reading() as seen:
        now = {name: saving.named(seen, name).rule for name in rules}
    assert now == rules | {
        "one": 'fields."Colour":"Crimson"', "some": 'city:"Brno" or not fields."colour" in ("Crimson")',
    }  # fmt: skip
    assert sorted(value for value in kept()) == ["Blue", "Crimson", "Red"]
    assert fitting(frozen) == fitting(now["one"]) == people[:2]
    field_renaming.run(work.id)
    assert fitting(frozen) == fitting(now["one"]) == people[:2]

    field_defining.add_options(session, field, ["Red"])
    session.commit()
    assert fitting(frozen) == []  # it is a choice of its own again


def test_what_was_said_before_is_kept_under_the_new_name(session):
    field = field_of(session, "choices")
    for old, new in (("Red", "Crimson"), ("Crimson", "Ruby")):
        work, _told = field_renaming.start(session, field, old, new)
        session.commit()
        field_renaming.run(work.id)

    assert field_renaming.current(session, field, ["Red", "Blue"]) == ["Ruby", "Blue"]
    assert field_renaming.current(session, field, None) is None


def test_what_can_t_be_renamed_is_refused_in_words(session):
    field, text = field_of(session), field_defining.add(session, {"name": "Motto", "kind": "text"})
    for old, new in (("Pink", "Rose"), ("Red", " "), ("Red", "Red")):
        with pytest.raises(BadInput):
            field_renaming.start(session, field, old, new)
    with pytest.raises(BadInput, match="not a field of choices"):
        field_renaming.start(session, text, "a", "b")
    running = Import(filename="a.csv", path="imports/a.csv", status=ImportStatus.RUNNING)
    session.add(running)
    session.flush()
    with pytest.raises(Conflict, match="An import is running"):
        field_renaming.start(session, field, "Red", "Crimson")
    session.delete(running)
    field_renaming.start(session, field, "Red", "Crimson")
    with pytest.raises(Conflict, match="is being renamed"):
        field_renaming.start(session, field, "Blue", "Navy")


def test_it_is_renamed_on_the_page(marketer_client):
    with transaction() as session:
        field = field_of(session)
        with_value(session, "Red")
        saving.create(session, "Reds", "fields.colour:Red")
    address = f"/fields/{field.id}/rename-option"

    taken = marketer_client.post(address, data={"old": "Red", "new": "Blue"})
    unknown = marketer_client.post(address, data={"old": "Pink", "new": "Rose"})
    done = marketer_client.post(address, data={"old": "Red", "new": "Crimson"}, follow_redirects=True)

    assert (taken.status_code, unknown.status_code) == (409, 422)
    assert "There is a choice “Blue” already" in taken.text
    assert "These audiences follow: Reds." in done.text
    assert kept() == ["Crimson"]


def test_it_is_renamed_on_the_command_line(session, queue):
    field_of(session)
    with_value(session, "Red")
    session.commit()

    def ask(*words):
        return CliRunner().invoke(verbs, ["fields", "rename-option", *words], standalone_mode=False)

    said = ask("Colour", "Red", "Crimson", "--json")

    assert json.loads(said.stdout) == {
        "old": "Red", "new": "Crimson", "changed": 1, "status": "done", "audiences": [], "left": [],
    }  # fmt: skip
    assert "“Crimson” is “Blue” from now on; 1 had it." in ask("colour", "Crimson", "Blue", "--merge").stdout
    assert ask("Size", "S", "M").exit_code != 0
    assert kept() == ["Blue"]
