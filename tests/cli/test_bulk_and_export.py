"""`campaigns contact tag …` and `campaigns export …`: what they do, say, and answer by their exit code."""

import csv
import json

import pytest
from click.testing import CliRunner

from campaigns.cli.contact import contact
from campaigns.cli.export import export
from campaigns.database import transaction
from campaigns.errors import PersonError
from campaigns.exports.ad_layouts import hashed
from tests import factories
from tests.contacts.test_edit_views import tagged


@pytest.fixture
def people(app):
    with transaction() as session:
        factories.make_audience(session, "all", "Everybody")
        factories.make_user(session, email="olga@example.com")
        anna = factories.make_contact(session, "anna@example.com", tags=("vip",))
        factories.grant_consent(session, anna, "ad_platforms")
        factories.make_contact(session, "zoe@example.com", consented=False)


def run(group, *words):
    done = CliRunner().invoke(group, [str(word) for word in words])
    if isinstance(done.exception, PersonError):
        return done.exception
    assert done.exit_code == 0, done.output
    return json.loads(done.output) if "--json" in words else done.output


def test_contacts_are_tagged_counted_first_and_put_back(people):
    counted = run(contact, "tag", "vip", "--audience", "Everybody", "--dry-run", "--json")
    assert counted == {"contacts": 2, "changes": 1, "already": 1}

    done = run(contact, "tag", "vip", "--audience", "Everybody", "--json")
    assert (done["contacts"], done["changed"], tagged()) == (2, 1, 2)
    undone = run(contact, "undo", done["edit"], "--json")
    assert undone == {"edit": done["edit"], "restored": 1, "left": 0, "restricted": 0}
    assert tagged() == 1
    assert "“vip”" in run(contact, "edits")


@pytest.mark.parametrize(
    "words",
    [
        ("untag", "vip", "--tag", "vip"), ("categorise", "Cutters", "--everybody"),
        ("owner", "olga@example.com", "--email", "anna@example.com"),
        ("set", "city=Brno", "--search", "anna"),
        ("step", "Call", "--by", "2027-01-31", "--everybody"),
    ],
)  # fmt: skip
def test_every_act_has_its_command(people, words):
    assert run(contact, *words, "--json")["changed"] >= 1


@pytest.mark.parametrize(
    "words",
    [
        ("tag", "x"), ("tag", "x", "--everybody", "--search", "anna"), ("tag", "x", "--audience", "None"),
        ("tag", "x", "--tag", "none"), ("tag", "x", "--email", "nobody@example.com"), ("undo", "99"),
        ("owner", "nobody@example.com", "--everybody"), ("set", "city", "--everybody"),
        ("set", "colour=red", "--everybody"), ("step", "Call", "--by", "soon", "--everybody"),
    ],
)  # fmt: skip
def test_what_makes_no_sense_is_an_error(people, words):
    assert isinstance(run(contact, *words), PersonError)


def test_contacts_are_written_to_a_file(people, tmp_path):
    file = tmp_path / "people.csv"

    done = run(
        export, "contacts", file, "--audience", "Everybody", "--columns", "email,tags", "--no-bom", "--json"
    )

    assert done == {"written": 2, "file": str(file)}
    assert sorted(csv.reader(file.read_text().splitlines())) == [
        ["Email", "Tags"],
        ["anna@example.com", "vip"],
        ["zoe@example.com", ""],
    ]
    assert "1 rows" in run(export, "contacts", tmp_path / "x.vcf", "--everybody", "--mailable")
    assert (tmp_path / "x.vcf").read_text().startswith("BEGIN:VCARD")
    assert "0 rows" in run(export, "companies", tmp_path / "x.xlsx")
    assert isinstance(run(export, "contacts", file, "--everybody", "--columns", "nothing"), PersonError)


def test_lists_for_ad_platforms(people, tmp_path):
    file, removal = tmp_path / "ads.csv", tmp_path / "gone.csv"

    done = run(export, "ads", file, "--platform", "meta", "--removal", removal, "--everybody", "--json")

    assert done == {"written": 1, "file": str(file), "removed": 0}
    assert hashed("anna@example.com") in file.read_text()
    assert len(list(csv.reader(removal.read_text().splitlines()))) == 1
