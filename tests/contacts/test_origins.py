"""Where each datum is from, when it was confirmed, and whose details are the oldest."""

import re
from datetime import timedelta

import pytest
import sqlalchemy as sa

from campaigns.accounts.models import AuditEntry, Role
from campaigns.contacts import editing, field_defining, handles, origins, verifying
from campaigns.contacts.models import Contact, Import
from campaigns.database import now, reading, transaction
from campaigns.errors import BadInput
from tests import factories

ANNA = {"email": "anna@example.com", "first_name": "Anna", "last_name": "Nováková", "phone": "+420777123456"}


def text(answer):
    return re.sub(r"\s+", " ", answer.get_data(as_text=True))


def loaded(session, contact):
    session.refresh(contact, ["company", "categories", "tags"])
    return contact


def test_only_what_differs_is_noted_with_its_source(session):
    field_defining.add(session, {"name": "Herd", "kind": "number"})
    contact = loaded(session, factories.make_contact(session, source="Fair", **ANNA))

    editing.change(
        session,
        contact,
        ANNA | {"position": "Buyer", "company": "Mills", "fields.herd": "12", "handles": "Telegram @anna"},
        "user:7",
    )
    assert set(contact.origins) == {"position", "company", "fields.herd", "handles"}
    editing.change(session, contact, ANNA | {"position": "Buyer", "company": "MILLS"}, "user:8")

    assert set(contact.origins) == {"position", "company", "fields.herd", "handles"}
    assert origins.one(contact, "phone").source == "Fair"
    assert origins.one(contact, "position").source == "user:7"


def test_a_confirmation_counts_for_what_was_known_before_it(session):
    contact = factories.make_contact(session, **ANNA)
    origins.note(contact, ["phone"], origins.PERSON)
    assert origins.one(contact, "phone").verified_at == origins.one(contact, "phone").at
    assert origins.one(contact, "city").verified_at is None

    verifying.confirm(session, contact)
    origins.note(contact, ["city"], "user:1")

    assert origins.one(contact, "phone").verified_at == contact.verified_at
    assert origins.one(contact, "city").verified_at is None
    assert origins.one(contact, "last_name").verified_at == contact.verified_at


def test_sources_are_told_in_words(session):
    user = factories.make_user(session, name="Eva")
    file = Import(filename="fair.csv", path="x")
    session.add(file)
    session.flush()

    asked = [f"user:{user.id}", f"import:{file.id}", "person", "Fair", "user:x", ""]
    assert origins.words(session, asked) == {
        f"user:{user.id}": "Eva", f"import:{file.id}": "fair.csv", "person": "The person", "Fair": "Fair",
        "user:x": "user:x", "": "–",
    }  # fmt: skip


def test_the_oldest_come_first_a_page_at_a_time(session):
    old, older, fresh, unknown = (factories.make_contact(session) for _ in range(4))
    old.verified_at, older.verified_at = now() - timedelta(days=400), now() - timedelta(days=500)
    fresh.verified_at = now()
    unknown.created_at = now() - timedelta(days=450)
    session.flush()

    everybody = verifying.stale(session)
    assert [one.id for one in everybody] == [older.id, unknown.id, old.id]
    first = verifying.stale(session, limit=1)[0]
    after = (first.verified_at, first.id)
    assert [one.id for one in verifying.stale(session, after=after)] == [unknown.id, old.id]
    assert [one.id for one in verifying.stale(session, 420)] == [older.id, unknown.id]


def test_the_queue_walks_along_its_index(session, backend):
    if backend == "postgresql":
        session.execute(sa.text("SET LOCAL enable_seqscan = off; SET LOCAL enable_sort = off"))
    explain = "EXPLAIN QUERY PLAN " if backend == "sqlite" else "EXPLAIN "
    asked = []
    sa.event.listen(session.connection(), "before_execute", lambda _c, query, *_rest: asked.append(query))
    verifying.stale(session, after=(now() - timedelta(days=900), 5))

    compiled = asked[0].compile(session.connection(), compile_kwargs={"literal_binds": True})
    plan = "\n".join(str(row) for row in session.connection().exec_driver_sql(explain + str(compiled)))
    assert "ix_contact_known_since" in plan
    assert "TEMP B-TREE" not in plan


def test_a_colleague_confirms_with_one_click(sign_in, app):
    with transaction() as session:
        seller, other = (factories.make_user(session, Role.SALESPERSON) for _ in range(2))
        mine = factories.make_contact(session, first_name="Olga", owner_id=seller.id)
        foreign = factories.make_contact(session, owner_id=other.id)
        for contact in (mine, foreign):
            contact.created_at = now() - timedelta(days=800)
    client = sign_in(seller)

    page = text(client.get("/contacts/to-confirm"))
    assert "Olga" in page
    assert foreign.email not in page
    assert client.post(f"/contacts/{foreign.id}/confirm").status_code == 404
    client.post(f"/contacts/{mine.id}/confirm", data={"back": "queue"})

    assert f"/contacts/{mine.id}" not in text(client.get("/contacts/to-confirm?days=90"))
    assert client.get("/contacts/to-confirm?after=x").status_code == 422
    with reading() as session:
        assert session.get(Contact, mine.id).verified_at is not None
        assert session.scalar(sa.select(AuditEntry.act).where(AuditEntry.act == "contact.confirm"))


def test_the_page_shows_fields_and_where_they_are_from(marketer_client):
    with transaction() as session:
        for name, kind in (("Herd size", "number"), ("Born on", "date"), ("Likes", "choices")):
            extra = {"section": "Farm", "unit": "head", "options": "Tea\nMilk"}
            field_defining.add(session, {"name": name, "kind": kind} | extra)
        anna = factories.make_contact(session, fields={"Old column": "kept"}, source="Fair", **ANNA)
    form = ANNA | {
        "fields.herd_size": "1,200", "fields.born_on": "1990-12-31", "fields.likes": ["", "Tea", "Milk"],
        "decision_role": "decides", "channel": "phone", "handles": "https://t.me/anna\nViber 123",
    }  # fmt: skip

    marketer_client.post(f"/contacts/{anna.id}/edit", data=form)
    page = text(marketer_client.get(f"/contacts/{anna.id}"))

    assert "1,200 head" in page
    assert "December 31, 1990" in page
    assert "Tea; Milk" in page
    assert "Old column" in page
    assert "Decides" in page
    assert 'href="https://t.me/anna"' in page
    assert "Where each of this is from" in page
    edit = text(marketer_client.get(f"/contacts/{anna.id}/edit"))
    assert 'value="1200"' in edit
    assert 'value="1990-12-31"' in edit
    assert edit.count("checked") == 2

    wrong = marketer_client.post(
        f"/contacts/{anna.id}/edit", data=form | {"fields.herd_size": "many", "channel": "fax"}
    )
    assert wrong.status_code == 422
    assert "“Herd size” is a number" in text(wrong)
    assert "spoken to" in text(wrong)
    with reading() as session:
        assert session.get(Contact, anna.id).fields["herd_size"] == "1200"


@pytest.mark.parametrize(
    ("line", "kept"),
    [
        ("Telegram @anna", {"kind": "telegram", "name": "@anna"}),
        ("whatsapp: +420 777 123 456", {"kind": "whatsapp", "name": "+420 777 123 456"}),
        ("https://www.linkedin.com/in/anna-n", {"kind": "linkedin", "name": "anna-n"}),
        ("https://x.com/a/status/1?b", {"kind": "x", "name": "https://x.com/a/status/1?b"}),
        ("https://example.com/anna", {"kind": "other", "name": "https://example.com/anna"}),
    ],
)
def test_handles_are_read_from_lines_and_written_as_them(line, kept):
    assert handles.read(f"\n {line}\n{line}\n") == [kept]
    assert handles.read(handles.written([kept])) == [kept]
    assert handles.link(kept).startswith("https://")


@pytest.mark.parametrize(
    "line", ["anna", "Myspace anna", "Telegram", "javascript:alert(1)", "\n".join(["Viber 1"] * 11)]
)
def test_what_is_no_handle_is_refused(line):
    with pytest.raises(BadInput):
        handles.read(line)


def test_a_datum_says_where_it_is_from_where_it_stands(marketer_client):
    with transaction() as session:
        anna = factories.make_contact(session, position="Buyer", **ANNA)
        origins.note(anna, ["phone", "position"], origins.PERSON)

    page = text(marketer_client.get(f"/contacts/{anna.id}"))
    assert page.count('title="From The person, ') == 2
