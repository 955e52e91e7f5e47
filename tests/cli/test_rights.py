"""`campaigns contact copy | erase | recall-erasures`: a person's rights from a terminal."""

import json
import zipfile

import pytest
import sqlalchemy as sa
from click.testing import CliRunner

from campaigns.accounts.models import AuditEntry
from campaigns.cli.contact import contact
from campaigns.contacts.models import Contact
from campaigns.database import reading, transaction
from campaigns.rights import remembering
from tests import factories
from tests.rights import people


@pytest.fixture
def run(session):
    factories.make_organisation(session)
    people.busy(session)
    session.commit()

    def invoke(*words: str, typed: str = "") -> str:
        done = CliRunner().invoke(contact, words, input=typed, catch_exceptions=False)
        assert done.exit_code == 0, done.output
        return done.output

    return invoke


def _there() -> bool:
    with reading() as session:
        return session.scalar(sa.select(Contact.id).where(Contact.email == people.EMAIL)) is not None


@pytest.mark.sqlite_only
def test_a_copy_as_json_and_as_a_pack(run, tmp_path):
    assert json.loads(run("copy", people.SECOND))["of"] == people.EMAIL

    assert "Written to" in run("copy", people.EMAIL, "--to", str(tmp_path / "copy.zip"))

    assert "my-data.json" in zipfile.ZipFile(tmp_path / "copy.zip").namelist()


@pytest.mark.sqlite_only
def test_an_erasure_asks_first_and_is_done_when_it_returns(run):
    asked = CliRunner().invoke(contact, ["erase", people.EMAIL], input="n\n")
    assert asked.exit_code == 1
    assert _there()

    done = json.loads(run("erase", people.EMAIL, "--yes", "--json").splitlines()[-1])

    assert done["status"] == "done"
    assert done["gone"]["contact"] == 1
    assert not _there()


@pytest.mark.sqlite_only
def test_a_list_that_was_kept_erases_again(run, tmp_path):
    run("erase", people.EMAIL, "--yes")
    kept = tmp_path / "kept.txt"
    remembering.path().rename(kept)
    with transaction() as session:
        session.execute(sa.text("DELETE FROM suppression"))
        old = factories.make_contact(session, people.EMAIL)
        session.execute(
            sa.text("UPDATE contact SET created_at = '2020-01-01 00:00:00.000000' WHERE id = :id"),
            {"id": old.id},
        )

    assert run("recall-erasures", str(kept)).endswith("1 people were erased again.\n")

    assert not _there()


@pytest.mark.sqlite_only
def test_the_evidence_of_a_day(run):
    now = json.loads(run("evidence", people.EMAIL, "--json"))
    assert now["states"]["mail"]["state"] == "granted"
    assert "mail: granted since" in run("evidence", people.EMAIL)
    before = json.loads(run("evidence", people.EMAIL, "--on", "2001-01-01", "--by", "recorded", "--json"))
    assert (before["entries"], before["by"]) == ([], "recorded")
    assert "Nothing had been asked" in run("evidence", people.EMAIL, "--on", "2001-01-01")


@pytest.mark.sqlite_only
def test_a_person_is_restricted_and_released(run):
    run("restrict", people.EMAIL, "--why", "claims", "--note", "A lawyer wrote")
    known = json.loads(run("show", people.EMAIL, "--json"))
    assert known["restricted_at"] is not None

    run("release", people.EMAIL, "--told", "by phone")
    assert json.loads(run("show", people.EMAIL, "--json"))["restricted_at"] is None
    with reading() as session:
        acts = session.scalars(sa.select(AuditEntry.act).order_by(AuditEntry.id)).all()
    assert acts[-2:] == ["consent.restrict", "consent.release"]
