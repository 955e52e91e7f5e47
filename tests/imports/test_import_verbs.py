"""`campaigns import --dry-run` and `campaigns imports`: looked through, listed, taken back."""

import json

import pytest
import sqlalchemy as sa
from click.testing import CliRunner

from campaigns.cli import verbs
from campaigns.contacts.models import Contact, Import, Tag
from campaigns.database import reading
from tests import factories

SAID = ("--basis", "consent", "--source", "Trade fair in Brno")
ROWS = "email,first name,city\nann@example.com,Ann,Brno\nnew@example.com,Nina,\nsame@example.com,,\nbad,,\n"


def ask(*words):
    return CliRunner().invoke(verbs, words, standalone_mode=False)


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "people.csv"
    path.write_text(ROWS)
    return str(path)


@pytest.fixture
def people(session, queue):
    """Two who are there before; one of them with another name."""
    factories.make_contact(session, "ann@example.com", first_name="Anna")
    factories.make_contact(session, "same@example.com")
    session.commit()


def names():
    with reading() as session:
        return session.scalars(sa.select(Contact.first_name).order_by(Contact.email)).all()


def test_a_look_ahead_says_the_difference_and_leaves_nothing(people, file, settings):
    before = names()

    said = ask("import", file, *SAID, "--tag", "fair", "--dry-run")
    told = json.loads(ask("import", file, *SAID, "--tag", "fair", "--dry-run", "--json").stdout)

    assert said.exit_code == 0, said.output
    lines = said.stdout.splitlines()
    assert lines[0] == (
        "4 rows read, nothing stored: 1 contacts would be created, 2 updated, 0 unchanged, 1 rows refused."
    )
    assert "  1 × The address has no @" in lines
    assert "    First name: Anna → Ann" in lines
    assert {name: told[name] for name in ("stored", "read", "created", "updated", "refused")} == {
        "stored": False, "read": 4, "created": 1, "updated": 2, "refused": 1,
    }  # fmt: skip
    assert list(told["reasons"].values()) == [1]
    assert ["first_name", "Anna", "Ann"] in told["examples"][0]["changes"]
    assert names() == before
    with reading() as session:
        assert session.scalars(sa.select(Import)).all() == session.scalars(sa.select(Tag)).all() == []
    assert not list(settings.data_dir.glob("imports/*"))


def test_a_look_ahead_that_can_t_be_is_refused_as_an_import_is(people, file, settings):
    refused = ask("import", file, "--basis", "whim", "--source", "x", "--dry-run")

    assert "no ground" in str(refused.exception)
    assert not list(settings.data_dir.glob("imports/*"))


def test_an_import_is_listed_and_taken_back(people, session, file):
    before = names()
    done = json.loads(ask("import", file, *SAID, "--json").stdout)
    new = session.scalars(sa.select(Contact).where(Contact.email == "new@example.com")).one()
    factories.make_activity(session, new)
    session.commit()

    listed = json.loads(ask("imports", "list", "--json").stdout)
    undone = json.loads(ask("imports", "undo", str(done["id"]), "--json").stdout)

    assert (listed["id"], listed["status"], listed["created"]) == (done["id"], "done", 1)
    assert listed["filename"] in ask("imports", "list").stdout
    assert (undone["removed"], undone["restored"], undone["left"]) == (0, done["updated"], 1)
    assert undone["stayed"] == [{"email": "new@example.com", "why": "Was spoken with since"}]
    assert names() == [before[0], "Nina", before[1]]
    assert "only once" in str(ask("imports", "undo", str(done["id"])).exception)
    assert ask("imports", "undo", "999").exit_code != 0


def test_undoing_says_in_words_what_it_did(people, file):
    done = json.loads(ask("import", file, *SAID, "--json").stdout)

    said = ask("imports", "undo", str(done["id"]))

    assert "1 contacts deleted again" in said.stdout
    assert "0 left, or left in part." in said.stdout
