"""Pages of bulk edits: counted before, watched, undone; each sees their own, a marketer everybody's."""

import pytest
import sqlalchemy as sa

from campaigns.accounts.models import AuditEntry, Role
from campaigns.contacts import bulk_running
from campaigns.contacts.change_models import BulkEdit
from campaigns.contacts.models import Contact, contact_tag
from campaigns.database import reading, transaction
from tests import factories

TAG = {"act": "tag", "tag_name": "spring"}


@pytest.fixture
def people(app):
    with transaction() as session:
        factories.make_contact(session, tags=("spring",))
        return [factories.make_contact(session, f"p{n}@example.com").id for n in range(3)]


def tagged():
    with reading() as session:
        return session.scalar(sa.select(sa.func.count()).select_from(contact_tag))


def test_it_is_counted_before_and_undone_after(marketer_client, people):
    assert (
        "This changes 3 of 4; 1 have it already."
        in marketer_client.post("/contacts/all/count", data=TAG).text
    )
    looked = marketer_client.post("/contacts/all", data=TAG | {"look": "1"}).text
    assert "This changes 3 of 4" in looked
    assert 'value="spring"' in looked
    assert tagged() == 1

    listed = marketer_client.post("/contacts/all", data=TAG, follow_redirects=True).text
    assert "“spring” was put on 3 contacts." in listed
    where = listed.partition("/contacts/edits/")[2].partition('"')[0]
    assert where.isdigit() or "/contacts/edits/1" in listed
    assert tagged() == 4

    page = marketer_client.post("/contacts/edits/1/undo", follow_redirects=True).text
    assert "Undone" in page
    assert "3 of 3 put back" in page
    assert tagged() == 1
    assert marketer_client.post("/contacts/edits/1/undo").status_code == 409
    with reading() as session:
        acts = list(session.scalars(sa.select(AuditEntry.act).order_by(AuditEntry.id)))
    assert acts == ["contacts.tag", "contacts.undo"]


def test_what_was_left_is_listed_with_its_reason(marketer_client, people):
    marketer_client.post("/contacts/all", data={"act": "field", "set_field": "city", "set_value": "Brno"})
    with transaction() as session:
        session.execute(sa.update(Contact).where(Contact.id == people[0]).values(city="Graz"))

    page = marketer_client.post("/contacts/edits/1/undo", follow_redirects=True).text

    assert "1 left as they are" in page
    assert "p0@example.com" in page
    assert "City: was changed since" in page


def test_a_large_one_is_watched_paused_cancelled_and_undone(marketer_client, people, monkeypatch):
    monkeypatch.setattr(bulk_running, "AT_ONCE", 1)

    where = marketer_client.post("/contacts/all", data=TAG).location

    assert where == "/contacts/edits/1"
    assert "waiting for a worker" in marketer_client.get(where).text
    assert marketer_client.get(f"{where}/progress?state=queued-").headers.get("HX-Refresh") is None
    assert marketer_client.post(f"{where}/undo").status_code == 409
    marketer_client.post(f"{where}/pause")
    marketer_client.post(f"{where}/resume")
    bulk_running.run(1)
    assert marketer_client.post(f"{where}/cancel").status_code == 409
    assert "Undo" in marketer_client.get(where).text
    assert tagged() == 4


def test_whoever_did_it_sees_it_and_marketers_do(sign_in, people):
    with transaction() as session:
        seller, other = (factories.make_user(session, Role.SALESPERSON) for _ in range(2))
    own = sign_in(seller)
    own.post("/contacts/ticked", data=TAG | {"id": people[:1]})

    assert "“spring”" in own.get("/contacts/edits/").text
    assert own.get("/contacts/edits/1").status_code == 200
    stranger = sign_in(other)
    assert "“spring”" not in stranger.get("/contacts/edits/").text
    for method, path in (("get", ""), ("get", "/progress"), ("post", "/undo"), ("post", "/cancel")):
        assert getattr(stranger, method)(f"/contacts/edits/1{path}").status_code == 404
    assert sign_in(Role.MARKETER).post("/contacts/edits/1/undo").status_code == 302
    with reading() as session:
        assert session.get_one(BulkEdit, 1).user_id == seller.id


def test_an_audience_is_changed_from_its_page(marketer_client, people, sign_in):
    with transaction() as session:
        audience = factories.make_audience(session, 'not tag:"spring"')

    page = marketer_client.get(f"/contacts/all?chosen=audience:{audience.id}")
    assert "3 contacts" in page.text
    answer = marketer_client.post(f"/contacts/all?chosen=audience:{audience.id}", data=TAG)

    assert answer.location == "/contacts/edits/1"
    assert tagged() == 4
    seller = sign_in(Role.SALESPERSON)
    assert seller.get(f"/contacts/all?chosen=audience:{audience.id}").status_code == 404


@pytest.mark.parametrize("field", ["", "city", "country", "fields.none"])
def test_the_value_of_a_field_is_typed_or_chosen(marketer_client, people, field):
    answer = marketer_client.get(f"/contacts/all/field?set_field={field}")

    assert answer.status_code == (422 if field == "fields.none" else 200)
    assert ("<select" in answer.text) == (field == "country")
