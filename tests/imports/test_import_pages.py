"""The pages of imports: uploading, correcting, starting, watching, steering; who may do that."""

import io

import pytest
import sqlalchemy as sa

from campaigns.accounts.models import AuditEntry
from campaigns.contacts.models import Contact, Import, ImportStatus
from campaigns.database import reading, transaction
from campaigns.imports import running
from tests.imports.files import fetch, start, upload

FILE = (
    "Email Address,MEMBER_RATING,First Name,Birthday,TAGS,Shoe size\n"
    'jana@example.com,3,Jana,03/04,"""vip"",""Žralok, s čárkou""",38\n'
    "bad,3,<script>alert(1)</script>,,,\n"
)
CHOICES = {
    "basis": "consent",
    "source": "Trade fair in Brno",
    "new_categories": "Cutters, Grinders",
    "tracking": "",
}


def send(client, content: str | bytes = FILE, name: str = "people.csv"):
    data = content if isinstance(content, bytes) else content.encode()
    return client.post("/imports/", data={"file": (io.BytesIO(data), name)})


@pytest.mark.both_databases
def test_from_the_file_to_the_summary(marketer_client, queue):
    client = marketer_client
    answer = send(client)
    assert answer.location == "/imports/1"
    page = client.get("/imports/1").text
    for shown in ("Export of Mailchimp", "Shoe size", "Žralok, s čárkou", "March 4", "&lt;script&gt;"):
        assert shown in page

    assert client.post("/imports/1/start", data=CHOICES | {"categories": ["Mills"]}).location == "/imports/1"
    waiting = client.get("/imports/1").text
    assert 'hx-trigger="every 1s"' in waiting
    assert "Pause" in waiting
    assert client.get("/imports/1/progress?status=queued").headers.get("HX-Refresh") is None
    queue.work()

    assert client.get("/imports/1/progress?status=queued").headers["HX-Refresh"] == "true"
    done = client.get("/imports/1").text
    assert "every 1s" not in done
    assert "The address has no @" in done
    assert "Trade fair in Brno" in done
    refused = client.get("/imports/1/refused.csv")
    assert "people-refused.csv" in refused.headers["Content-Disposition"]
    assert "alert(1)" in refused.get_data(as_text=True)
    refused.close()
    with reading() as session:
        jana = session.scalars(sa.select(Contact)).one()
        assert (jana.first_name, jana.fields) == ("Jana", {"Shoe size": "38"})
        assert fetch(1).choices["categories"] == ["Mills", "Cutters", "Grinders"]
        assert session.scalars(sa.select(AuditEntry.act)).all().count("import.start") == 1
    assert "people.csv" in client.get("/imports/").text


def test_what_is_missing_is_said_and_nothing_is_lost(marketer_client, queue):
    send(marketer_client)

    answer = marketer_client.post(
        "/imports/1/start",
        data={
            "column-5": "city",
            "new_tags": "fair",
            "wording": "Yes, write to me.",
            "source": "scraped list",
        }
        | {"basis": "consent"},
    )

    assert answer.status_code == 422
    assert "scraped" in answer.text
    assert "Yes, write to me." in answer.text
    assert 'value="fair"' in answer.text
    assert queue.asked == []
    assert fetch(1).status == ImportStatus.UPLOADED


@pytest.mark.parametrize(
    ("mapping", "says"),
    [
        ({"column-0": ""}, "email addresses"),
        ({"column-2": "email"}, "Two columns"),
        ({"column-0": "owner"}, "owner"),
    ],
)
def test_a_mapping_that_makes_no_sense_is_refused(marketer_client, mapping, says):
    send(marketer_client)

    answer = marketer_client.post("/imports/1/start", data=CHOICES | mapping)

    assert answer.status_code == 422
    assert says in answer.text


def test_looking_keeps_nothing(marketer_client):
    send(marketer_client)

    as_note = marketer_client.post("/imports/1/look", data={"column-2": "note", "day_first": "1"}).text
    no_address = marketer_client.post("/imports/1/look", data={"column-0": ""}).text

    assert "<strong>Jana" not in as_note
    assert "April 3" in as_note
    assert "which column" in no_address
    assert fetch(1).mapping["2"] == "first_name"


def test_reading_another_way(marketer_client):
    text = "email;jméno\njana@example.com;Jiří\n"
    send(marketer_client, text.encode("cp1250"))
    assert "Jiří" in marketer_client.get("/imports/1").text

    form = {"encoding": "cp1252", "delimiter": ";", "header": "1"}
    assert marketer_client.post("/imports/1/reading", data=form).location == "/imports/1"
    assert "Jiøí" in marketer_client.get("/imports/1").text

    form["encoding"] = "nonsense"
    assert marketer_client.post("/imports/1/reading", data=form).status_code == 422


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "empty"),
        (b"PK\x03\x04....", "Excel"),
        (bytes(range(256)) * 50, "not text"),
        (b"x" * 3_000_000, "first line"),
    ],
)
def test_what_is_no_table_is_refused_and_not_kept(marketer_client, settings, content, says):
    answer = send(marketer_client, content)

    assert answer.status_code == 422
    assert says in answer.text
    assert not list(settings.data_dir.glob("imports/*"))
    with reading() as session:
        assert session.scalar(sa.select(sa.func.count(Import.id))) == 0


def test_no_file_chosen(marketer_client):
    assert marketer_client.post("/imports/", data={}).status_code == 422
    assert send(marketer_client, b"email\na@example.com\n", "").status_code == 422


def test_names_of_files_lead_nowhere(marketer_client, settings):
    send(marketer_client, name="..\\..\\etc/passwd x.csv")

    kept = fetch(1)
    assert kept.filename == "passwd x.csv"
    assert (settings.data_dir / kept.path).parent == settings.data_dir / "imports"


def test_pausing_going_on_and_cancelling(marketer_client, queue):
    send(marketer_client)
    marketer_client.post("/imports/1/start", data=CHOICES)

    marketer_client.post("/imports/1/pause")
    queue.work()
    assert fetch(1).status == ImportStatus.PAUSED
    assert "Go on" in marketer_client.get("/imports/1").text
    marketer_client.post("/imports/1/resume")
    assert queue.asked == [("run_import", (1,))]
    marketer_client.post("/imports/1/cancel")
    queue.work()
    assert fetch(1).status == ImportStatus.CANCELLED
    assert marketer_client.post("/imports/1/resume").status_code == 409
    assert marketer_client.post("/imports/1/start", data=CHOICES).status_code == 409


def test_a_file_is_forgotten_at_wish(marketer_client, settings):
    send(marketer_client)

    assert marketer_client.post("/imports/1/cancel").location == "/imports/"
    assert not list(settings.data_dir.glob("imports/*"))


def test_a_failure_is_told(marketer_client, settings):
    import_id = upload(FILE)
    start(import_id)
    (settings.data_dir / fetch(import_id).path).unlink()
    running.run(import_id)

    assert "Upload it again" in marketer_client.get("/imports/1").text


def test_salespeople_and_strangers_stay_out(salesperson_client, client):
    import_id = upload(FILE)
    for path in (
        "/imports/",
        f"/imports/{import_id}",
        f"/imports/{import_id}/progress",
        f"/imports/{import_id}/refused.csv",
    ):
        assert salesperson_client.get(path).status_code == 403
        assert client.get(path).status_code == 302
    for verb in ("reading", "look", "start", "pause", "resume", "cancel"):
        assert salesperson_client.post(f"/imports/{import_id}/{verb}").status_code == 403
    assert send(salesperson_client).status_code == 403
    assert fetch(import_id).status == ImportStatus.UPLOADED


def test_what_is_not_there(marketer_client):
    for path in ("/imports/7", "/imports/7/progress", "/imports/7/refused.csv"):
        assert marketer_client.get(path).status_code == 404
    import_id = upload(FILE)
    assert marketer_client.get(f"/imports/{import_id}/refused.csv").status_code == 404


def test_the_list_goes_by_key(marketer_client):
    with transaction() as session:
        session.add_all(Import(filename=f"file{n}.csv", path="") for n in range(60))

    first = marketer_client.get("/imports/").text

    assert "file59.csv" in first
    assert "file5.csv" not in first
    assert "Next" in first
