"""`campaigns fields`: listed, added, and the proof that values and their index agree."""

import json

import sqlalchemy as sa
from click.testing import CliRunner

from campaigns.cli import verbs
from campaigns.contacts import field_defining, fields
from campaigns.contacts.field_models import contact_value
from campaigns.database import reading
from tests import factories


def ask(*words):
    return CliRunner().invoke(verbs, ["fields", *words], standalone_mode=False)


def test_a_field_is_added_and_listed(session, queue):
    said = ask("add", "Shoe size", "--kind", "number", "--unit", "EU", "--json")
    ask("add", "Size", "--about", "company", "--kind", "choice", "--option", "small", "--option", "large")

    assert json.loads(said.stdout)["key"] == "shoe_size"
    assert [json.loads(line)["kind"] for line in ask("list", "--json").stdout.splitlines()] == ["number"]
    assert "choice" in ask("list", "--about", "company").stdout
    assert ask("add", "Shoe size").exit_code != 0


def test_what_differs_is_found_and_mended(session):
    field_defining.add(session, {"name": "Size", "kind": "number"})
    ann, bob = factories.make_contact(session), factories.make_contact(session)
    for who in (ann, bob):
        fields.write(session, who, {"size": "3"})
    session.commit()
    assert ask("check").stdout == "Values and index agree.\n"

    session.execute(sa.update(contact_value).where(contact_value.c.contact_id == bob.id).values(number=4))
    session.commit()
    found = ask("check", "--json")
    assert json.loads(found.stdout)["differing"] == {"contact": [bob.id], "company": []}
    assert found.return_value == 1
    assert ask("check", "--mend").return_value == 0
    assert ask("check").return_value == 0
    with reading() as after:
        assert after.scalars(sa.select(contact_value.c.number)).all() == [3.0, 3.0]
