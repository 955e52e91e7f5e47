"""The pages of looking ahead and undoing; sheets, and columns that become fields."""

import pytest
import sqlalchemy as sa

from campaigns.accounts.models import AuditEntry
from campaigns.contacts import field_defining, fields
from campaigns.contacts.field_models import contact_value
from campaigns.contacts.models import Contact, ImportStatus
from campaigns.database import reading, transaction
from tests.imports.files import fetch
from tests.imports.test_import_pages import CHOICES, send
from tests.imports.test_workbooks import PEOPLE, workbook


@pytest.mark.both_databases
def test_looking_ahead_importing_and_undoing(marketer_client, queue):
    client = marketer_client
    send(client)

    assert client.post("/imports/1/ahead", data={"basis": ""}).status_code == 422
    looked = client.post("/imports/1/ahead", data=CHOICES)
    assert looked.location == "/imports/1#difference"
    page = client.get("/imports/1").text
    assert "What would change" in page
    assert "2 rows, was looked through" in page
    assert "Agree to letters from now on" in page
    with reading() as session:
        assert session.scalars(sa.select(Contact)).all() == []

    client.post("/imports/1/start", data=CHOICES)
    queue.work()
    done = client.get("/imports/1").text
    assert "What has changed" in done
    assert "Undo this import" in done

    assert client.post("/imports/1/undo").location == "/imports/1"
    undone = client.get("/imports/1").text
    assert "Deleted again" in undone
    assert "Undo this import" not in undone
    with reading() as session:
        assert session.scalars(sa.select(Contact)).all() == []
        acts = session.scalars(sa.select(AuditEntry.act).order_by(AuditEntry.id)).all()
        assert acts[-2:] == ["import.start", "import.undo"]
    assert client.post("/imports/1/undo").status_code == 409


def test_a_large_file_is_looked_through_in_the_background(marketer_client, queue):
    client = marketer_client
    send(client, "email\n" + "".join(f"person{n}@example.com\n" for n in range(15_000)))

    client.post("/imports/1/ahead", data=CHOICES)

    waiting = client.get("/imports/1").text
    assert "Nothing is stored; you can close this page" in waiting
    assert 'hx-trigger="every 1s"' in waiting
    queue.work()
    assert client.get("/imports/1/progress?status=checking").headers["HX-Refresh"] == "true"
    assert "15,000 rows, was looked through" in client.get("/imports/1").text


def test_looking_ahead_can_be_stopped(marketer_client, queue):
    client = marketer_client
    send(client, "email\n" + "".join(f"person{n}@example.com\n" for n in range(15_000)))
    client.post("/imports/1/ahead", data=CHOICES)

    client.post("/imports/1/stop")

    assert fetch(1).status == ImportStatus.UPLOADED
    assert "Start the import" in client.get("/imports/1").text


def test_another_sheet_and_a_new_field(marketer_client, queue):
    client = marketer_client
    few = [["Email", "Since", "Orders"], ["few@example.com", "2024-05-01", 12]]
    send(client, workbook(("People", PEOPLE), ("Few", few)), "people.xlsx")
    assert "People, 3 rows" in client.get("/imports/1").text

    client.post("/imports/1/reading", data={"sheet": "Few", "header": "1"})

    page = client.get("/imports/1").text
    assert "few@example.com" in page
    assert "Would suit: New field: number" in page
    choice = {"column-1": "new:date", "column-2": "new:number"}
    looked = client.post("/imports/1/look", data=choice).text
    assert "orders: 12" in looked
    client.post("/imports/1/start", data=CHOICES | choice)
    queue.work()
    with reading() as session:
        known = fields.known(session)
        assert {key: field.kind for key, field in known.items()} == {"since": "date", "orders": "number"}
        few_one = session.scalars(sa.select(Contact)).one()
        assert few_one.fields == {"since": "2024-05-01", "orders": "12"}
        kept = session.execute(sa.select(contact_value.c.word).order_by(contact_value.c.field_id)).all()
        assert len(kept) == 2
    client.post("/imports/1/undo")
    with reading() as session:
        assert fields.known(session) == {}


def test_a_column_that_is_called_like_a_field_goes_there(marketer_client, queue):
    with transaction() as session:
        field_defining.add(session, {"name": "Shoe size", "kind": "number"})
    send(marketer_client, "email,shoe SIZE\na@example.com,38\nb@example.com,large\n")

    assert fetch(1).mapping["1"] == "field:shoe_size"
    marketer_client.post("/imports/1/start", data=CHOICES)
    queue.work()

    assert fetch(1).remarks["field"] == {"rows": 1, "lines": [3]}
