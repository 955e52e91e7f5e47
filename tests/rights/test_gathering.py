"""The copy that a person gets: all that is known of them, nothing that is said of others."""

import csv
import io
import json
import zipfile

import pytest
import sqlalchemy as sa

from campaigns.crm.models import Kind
from campaigns.rights import gathering
from campaigns.rights.registry import HELD
from tests import factories
from tests.rights import people


@pytest.fixture
def anna(session):
    factories.make_organisation(session)
    return people.busy(session)


def test_it_holds_every_table_of_the_registry_with_every_column_to_show(session, anna):
    found = gathering.copy(session, anna)

    for held in HELD:
        if held.title is not None:
            names = {name.removesuffix("_id") if name in held.named else name for name in held.shown}
            assert all(set(row) == names for row in found[held.table.name]), held.table.name
    assert {name: len(found[name]) for name in ("contact", "message", "hit", "purchase", "activity")} == {
        "contact": 1, "message": 2, "hit": 2, "purchase": 1, "activity": 2,
    }  # fmt: skip


def test_numbers_are_called_by_their_names(session, anna):
    found = gathering.copy(session, anna)

    assert found["contact"][0]["company"] == "Example Mills"
    assert found["contact_tag"] == [{"tag": "basic"}]
    assert found["purchase"][0]["product"] == "Serum"
    assert found["further_address"][0]["email"] == people.SECOND
    assert found["message"][0]["campaign"].startswith("Campaign ")


def test_other_people_are_blackened(session, anna):
    factories.make_contact(session, "eva@example.com", first_name="Eva", last_name="Malá")
    factories.make_activity(
        session, anna, Kind.NOTE,
        summary=f"{people.NAME} ({people.EMAIL}, {people.PHONE}) came with Eva Malá, eva@example.com, "
        "+420 603 111 222, and Mala Eva's dog; Spring Fair 2026",
    )  # fmt: skip

    said = [row["summary"] for row in gathering.copy(session, anna)["activity"]]

    hidden = "[another person]"
    assert (
        f"{people.NAME} ({people.EMAIL}, {people.PHONE}) came with {hidden}, {hidden}, {hidden}, "
        f"and {hidden}'s dog; Spring Fair 2026"
    ) in said


def test_the_pack_has_everything_as_json_and_each_table_as_csv(session, anna):
    found = gathering.copy(session, anna)

    with zipfile.ZipFile(io.BytesIO(gathering.packed(found))) as pack:
        assert json.loads(pack.read("my-data.json")) == found
        rows = list(csv.DictReader(io.StringIO(pack.read("contact.csv").decode("utf-8-sig"))))
        assert rows[0]["email"] == people.EMAIL
        assert "consent_event.csv" in pack.namelist()


def test_its_questions_do_not_grow_with_its_rows(session, anna):
    asked: list[str] = []
    sa.event.listen(session.connection(), "before_cursor_execute", lambda *given: asked.append(given[2]))
    gathering.copy(session, anna)
    few = len(asked)
    for _note in range(30):
        factories.make_activity(session, anna, Kind.NOTE, summary="Spoke of Jan Bílý")
    asked.clear()

    gathering.copy(session, anna)

    assert len(asked) <= few + 1
