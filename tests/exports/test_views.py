"""Pages of files: asked for, fetched by whoever asked and by nobody else, until their time is over."""

import csv
import io
from datetime import timedelta

import pytest
import sqlalchemy as sa

from campaigns.accounts.models import AuditEntry, Role
from campaigns.database import now, reading, transaction
from campaigns.delivery.models import MessageStatus
from campaigns.exports import asking
from campaigns.exports.models import Export
from tests import factories

CSV = {"format": "csv", "column": ["email", "tags"], "delimiter": "comma", "bom": "1"}


@pytest.fixture
def people(app):
    with transaction() as session:
        factories.make_contact(session, "anna@example.com", tags=("vip", "=x"), first_name="Anna")
        factories.make_contact(session, "zoe@example.com", consented=False)
        return factories.make_tag(session, "vip").id


def fetched(client, where):
    with client.get(f"{where}/file") as answer:
        answer.get_data()
        return answer


def table(answer):
    return list(csv.reader(io.StringIO(answer.get_data().decode("utf-8-sig"), newline="")))


def test_a_small_file_is_there_when_the_page_answers(marketer_client, people):
    assert "Categories" in marketer_client.get(f"/exports/new?tag={people}").text

    answer = marketer_client.post(f"/exports/new?tag={people}", data=CSV)

    page = marketer_client.get(answer.location).text
    assert "Download" in page
    file = fetched(marketer_client, answer.location)
    assert table(file) == [["Email", "Tags"], ["anna@example.com", "'=x, vip"]]
    assert file.headers["Cache-Control"] == "no-store"
    assert "attachment" in file.headers["Content-Disposition"]
    with reading() as session:
        noted = session.scalars(sa.select(AuditEntry).where(AuditEntry.act == "contacts.export")).one()
        assert (noted.detail["rows"], noted.detail["columns"]) == (1, ["email", "tags"])
    assert "Contacts of a narrowed list" in marketer_client.get("/exports/").text


def test_how_it_was_wanted_last_is_remembered(marketer_client, people):
    marketer_client.post("/exports/new", data=CSV | {"format": "xlsx", "column": ["tags", "email"]})

    page = marketer_client.get("/exports/new").text

    assert page.index('value="tags" checked') < page.index('value="email" checked')
    assert 'value="xlsx" checked' in page


def test_nobody_else_fetches_it(marketer_client, people, sign_in):
    where = marketer_client.post("/exports/new", data=CSV).location

    for other in (sign_in(Role.ADMIN), sign_in(Role.MARKETER)):
        for path in ("", "/file", "/progress"):
            assert other.get(f"{where}{path}").status_code == 404
        assert other.post(f"{where}/remove").status_code == 404
    assert sign_in(Role.SALESPERSON).get(f"{where}/file").status_code == 403
    assert fetched(marketer_client, where).status_code == 200


def test_its_time_is_over_and_it_can_be_deleted_before(marketer_client, people):
    where = marketer_client.post("/exports/new", data=CSV).location
    with transaction() as session:
        session.execute(sa.update(Export).values(expires_at=now() - timedelta(seconds=1)))
    assert marketer_client.get(f"{where}/file").status_code == 404

    assert marketer_client.post(f"{where}/remove").status_code == 302
    assert marketer_client.get(where).status_code == 404


def test_a_large_one_is_watched_paused_and_cancelled(marketer_client, people, monkeypatch):
    monkeypatch.setattr(asking, "AT_ONCE", 0)
    where = marketer_client.post("/exports/new", data=CSV).location

    assert "waiting for a worker" in marketer_client.get(where).text
    assert marketer_client.get(f"{where}/file").status_code == 404
    assert marketer_client.post(f"{where}/pause").status_code == 302
    assert marketer_client.get(f"{where}/progress?status=queued").headers["HX-Refresh"] == "true"
    assert marketer_client.post(f"{where}/resume").status_code == 302
    assert marketer_client.post(f"{where}/cancel").status_code == 302
    assert marketer_client.post(f"{where}/resume").status_code == 409


@pytest.mark.parametrize(
    ("wrong", "part"),
    [({"format": "pdf"}, "format of the list"),
     ({"column": ["password"]}, "no column"), ({"delimiter": "dot"}, "between two cells")],
)  # fmt: skip
def test_what_there_is_not_comes_back_with_a_word(marketer_client, people, wrong, part):
    given = CSV | wrong
    answer = marketer_client.post("/exports/new", data=given)

    assert answer.status_code == 422
    assert part in answer.text


def test_audiences_companies_and_people_of_reports(marketer_client, people):
    with transaction() as session:
        audience = factories.make_audience(session, "all")
        factories.make_company(session, "Works")
        campaign = factories.make_campaign(session, status="sent", track_clicks="identified")
        anna = factories.make_contact(session, "clicked@example.com")
        factories.make_message(session, campaign, anna, MessageStatus.SENT, clicked_at=now())

    def emails(query, **more):
        answer = marketer_client.post(f"/exports/new?{query}", data=CSV | {"column": "email"} | more)
        return sorted(row[0] for row in table(fetched(marketer_client, answer.location))[1:])

    assert len(emails(f"chosen=audience:{audience.id}")) == 3
    assert len(emails(f"chosen=audience:{audience.id}", only="mail")) == 2
    assert emails(f"chosen=report:{campaign.id}/clicked//0") == ["clicked@example.com"]
    assert emails("companies=", column="name") == ["Works"]
    for wrong in (
        "audience:x",
        "audience:99",
        "ids:1",
        "report:1",
        "nothing:1",
        f"report:{campaign.id}/danced//0",
    ):
        assert marketer_client.get(f"/exports/new?chosen={wrong}").status_code == 404


def test_a_list_for_the_printer_goes_page_by_page(marketer_client, salesperson_client, people, monkeypatch):
    monkeypatch.setattr("campaigns.exports.printing_views._SIZE", 1)

    first = marketer_client.get("/exports/print/?sort=-name&column=email&column=tags").text
    assert ("zoe@example.com" in first, "anna@example.com" in first) == (True, False)
    further = first.partition('rel="next"')[0].rpartition('href="')[2].partition('"')[0].replace("&amp;", "&")
    assert "anna@example.com" in marketer_client.get(further).text
    assert salesperson_client.get("/exports/print/").status_code == 200
    assert marketer_client.get("/exports/print/?companies=").status_code == 200
    assert marketer_client.get("/exports/print/?after=WzEsMl0").status_code == 422
