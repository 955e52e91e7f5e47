"""Pages of contacts: who sees whom, what is kept, and that nothing else changes."""

import re

import pytest
import sqlalchemy as sa

from campaigns.accounts.models import AuditEntry, Role
from campaigns.consent import gate
from campaigns.contacts.models import Company, Contact, contact_tag
from campaigns.crm.models import NextStep
from campaigns.database import reading, transaction
from tests import factories

NEW = {"email": "anna@example.com", "first_name": "Anna", "last_name": "Nováková", "source": "Fair in Brno"}


def text(answer):
    return re.sub(r"\s+", " ", answer.get_data(as_text=True))


def count(table):
    with reading() as session:
        return session.scalar(sa.select(sa.func.count()).select_from(table))


@pytest.fixture
def colleagues(app):
    """A salesperson, a contact of theirs, one of a colleague's, one of nobody's."""
    with transaction() as session:
        factories.make_organisation(session)
        seller, other = (factories.make_user(session, Role.SALESPERSON) for _ in range(2))
        return {
            "seller": seller,
            "own": factories.make_contact(session, "own@example.com", first_name="Olga", owner_id=seller.id),
            "foreign": factories.make_contact(session, "foreign@example.com", owner_id=other.id),
            "free": factories.make_contact(session, "free@example.com", tags=("vip",)),
        }


@pytest.mark.both_databases
def test_a_contact_is_made_with_what_they_agreed_to(marketer_client):
    answer = marketer_client.post(
        "/contacts/new",
        data=NEW
        | {
            "agreed_mail": "1",
            "agreed_tracking": "1",
            "agreed_words": "Yes, write me.",
            "agreed_how": "Card",
        },
        follow_redirects=True,
    )

    assert answer.status_code == 200
    assert "Anna Nováková" in text(answer)
    assert "May be mailed" in text(answer)
    with reading() as session:
        contact = session.scalars(sa.select(Contact)).one()
        assert gate.refusals(session, [contact.id]) == {}
        assert gate.tracking_states(session, [contact.id]) == {contact.id: "granted"}
        assert session.scalars(sa.select(AuditEntry.act)).all() == ["contact.create"]


def test_a_contact_who_was_not_asked_is_kept_and_never_mailed(marketer_client):
    answer = marketer_client.post("/contacts/new", data=NEW, follow_redirects=True)

    assert "Is not mailed: Never agreed" in re.sub(r"<[^>]+>", "", text(answer))


@pytest.mark.parametrize(
    ("form", "sentence"),
    [
        (NEW | {"email": "anna"}, "has no @"),
        (NEW | {"source": "scraped"}, "never agreed to hear from you"),
        (NEW | {"agreed_mail": "1", "agreed_how": "Card"}, "Write down the words"),
        (NEW | {"agreed_mail": "1", "agreed_words": "Yes"}, "Say how they told you"),
    ],
)
def test_a_mistake_is_said_and_what_was_typed_stays(marketer_client, form, sentence):
    answer = marketer_client.post("/contacts/new", data=form)

    assert answer.status_code == 422
    assert sentence in text(answer)
    assert "Nováková" in text(answer)
    assert count(Contact) == 0


def test_a_salesperson_owns_whom_they_add_and_sees_only_own_and_free(sign_in, colleagues):
    client = sign_in(colleagues["seller"])
    client.post("/contacts/new", data=NEW)

    listed = text(client.get("/contacts/"))
    for email, seen in (("own", True), ("free", True), ("foreign", False)):
        assert (f"{email}@example.com" in listed) == seen or email == "own"
    assert "Anna Nováková" in listed
    assert "foreign@example.com" not in listed
    with reading() as session:
        owner = session.scalar(sa.select(Contact.owner_id).where(Contact.email == "anna@example.com"))
    assert owner == colleagues["seller"].id


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("get", ""), ("get", "/edit"), ("post", "/edit"), ("post", "/take"), ("post", "/labels"),
    ],
)  # fmt: skip
def test_a_colleagues_contact_is_as_if_not_there(sign_in, colleagues, method, path):
    client = sign_in(colleagues["seller"])
    foreign = colleagues["foreign"]

    answer = getattr(client, method)(
        f"/contacts/{foreign.id}{path}", **({"data": NEW | {"name": "x"}} if method == "post" else {})
    )

    assert answer.status_code == 404
    with reading() as session:
        assert session.get(Contact, foreign.id).email == "foreign@example.com"
    assert count(AuditEntry) == 0


def test_acts_on_many_pass_over_whom_one_may_not_see(sign_in, colleagues):
    client = sign_in(colleagues["seller"])
    ids = [colleagues[name].id for name in ("own", "foreign", "free")]

    answer = client.post(
        "/contacts/ticked", data={"id": ids, "act": "tag", "tag_name": "spring"}, follow_redirects=True
    )

    assert "“spring” was put on 2 contacts." in text(answer)
    assert count(contact_tag) == 3
    assert client.post("/contacts/ticked", data={"id": ids, "act": "owner"}).status_code == 422
    assert client.post("/contacts/ticked", data={"act": "tag", "tag_name": "x"}).status_code == 422


def test_acts_on_all_that_match_say_how_many_first(marketer_client, colleagues):
    tag = factories_tag_id()

    assert "1 contact" in text(marketer_client.get(f"/contacts/all?tag={tag}"))
    answer = marketer_client.post(
        f"/contacts/all?tag={tag}",
        data={"act": "step", "what": "Call", "due_on": "2026-12-01"},
        follow_redirects=True,
    )

    assert "1 contact has this next step now." in text(answer)
    assert count(NextStep) == 1
    wrong = marketer_client.post(f"/contacts/all?tag={tag}", data={"act": "tag", "tag_name": ""})
    assert wrong.status_code == 422
    assert "needs a name" in text(wrong)


def factories_tag_id():
    with reading() as session:
        return session.scalar(sa.select(contact_tag.c.tag_id))


def test_the_list_remembers_its_filters_but_not_the_search(marketer_client, colleagues):
    tag = factories_tag_id()
    listed = marketer_client.get(f"/contacts/?tag={tag}&q=free")
    assert "free@example.com" in text(listed)
    assert "own@example.com" not in text(listed)

    again = marketer_client.get("/contacts/")
    assert again.status_code == 302
    assert again.location == f"/contacts/?tag={tag}&sort=name"
    assert "foreign@example.com" in text(marketer_client.get("/contacts/?all=1"))


def test_pages_follow_each_other_by_key(marketer_client):
    with transaction() as session:
        for number in range(120):
            factories.make_contact(session, f"p{number:03}@example.com", consented=False)

    seen, address = [], "/contacts/?sort=name"
    while address:
        page = marketer_client.get(address).get_data(as_text=True)
        seen += re.findall(r'value="(\d+)" data-check', page)
        found = re.search(r'href="([^"]+)" rel="next"', page)
        address = found and found[1].replace("&amp;", "&")

    assert len(seen) == len(set(seen)) == 120
    assert marketer_client.get("/contacts/?after=rubbish").status_code == 422


def test_labels_are_put_on_and_taken_off_on_the_page(marketer_client, colleagues):
    path = f"/contacts/{colleagues['own'].id}"
    shown = marketer_client.post(
        f"{path}/labels", data={"kind": "category", "name": "Cutters"}, follow_redirects=True
    )
    number = re.search(r'name="off" value="(\d+)"', text(shown))[1]

    assert "Cutters" in text(shown)
    off = marketer_client.post(
        f"{path}/labels", data={"kind": "category", "off": number}, follow_redirects=True
    )
    assert 'name="off"' not in text(off)


def test_a_contact_is_edited_and_taken(sign_in, colleagues):
    seller = sign_in(colleagues["seller"])
    path = f"/contacts/{colleagues['free'].id}"

    assert seller.post(f"{path}/take").status_code == 302
    assert seller.post(f"{path}/edit", data=NEW | {"company": "Example Mills"}).status_code == 302
    shown = text(seller.get(path))
    assert "Nováková" in shown
    assert "Example Mills" in shown
    assert count(Company) == 1


def test_what_people_type_is_never_markup(marketer_client):
    evil = "<script>alert(1)</script>"
    with transaction() as session:
        contact = factories.make_contact(
            session, first_name=evil, last_name=evil, note=evil, phone=evil, source=evil, tags=(evil,),
            categories=(evil,), position=evil, fields={evil: evil},
            company_id=factories.make_company(session, evil).id,
        )  # fmt: skip

    for path in (
        "/contacts/",
        f"/contacts/{contact.id}",
        f"/contacts/{contact.id}/edit",
        "/companies/",
        "/labels/",
    ):
        page = marketer_client.get(path)
        assert page.status_code == 200
        assert evil not in page.get_data(as_text=True), path


def test_companies_and_labels_have_their_pages(marketer_client):
    answer = marketer_client.post("/companies/new", data={"name": "Example Mills"}, follow_redirects=True)
    assert "Example Mills" in text(answer)
    assert marketer_client.post("/companies/new", data={"name": "EXAMPLE mills"}).status_code == 422
    assert "mills.example.com" in text(
        marketer_client.post(
            "/companies/1/edit", data={"name": "Mills", "website": "mills.example.com"}, follow_redirects=True
        )
    )
    assert "no website" not in text(marketer_client.get("/companies/?q=mil"))

    marketer_client.post("/labels/tag/new", data={"name": "vip"})
    marketer_client.post("/labels/tag/new", data={"name": "vips"})
    assert "Merge into another" in text(marketer_client.get("/labels/tag/1"))
    assert "“vips” is part of “vip” now." in text(
        marketer_client.post("/labels/tag/2/merge", data={"into": 1}, follow_redirects=True)
    )
    assert marketer_client.post("/labels/tag/1/merge", data={}).status_code == 422
    assert marketer_client.get("/labels/nonsense/1").status_code == 404
    assert marketer_client.post("/labels/tag/1/delete").status_code == 302
    assert marketer_client.post("/companies/1/delete").status_code == 302


def test_a_salesperson_keeps_out_of_labels_and_deleting_companies(salesperson_client):
    assert salesperson_client.get("/labels/").status_code == 403
    assert salesperson_client.post("/labels/tag/new", data={"name": "x"}).status_code == 403
    assert salesperson_client.post("/companies/1/delete").status_code == 403


@pytest.mark.both_databases
def test_a_part_that_fails_leaves_the_rest_of_the_page(app, colleagues, marketer_client, monkeypatch):
    def broken(contact_id):
        with reading() as session:
            session.execute(sa.text("SELECT nothing FROM nowhere"))

    whole = text(marketer_client.get(f"/contacts/{colleagues['own'].id}"))
    monkeypatch.setitem(app.view_functions, "crm.timeline", broken)
    page = text(marketer_client.get(f"/contacts/{colleagues['own'].id}"))

    assert page.count("be shown just now.") == 1
    assert "be shown just now." not in whole
    for said in ("Olga", "own@example.com", "Next steps", "Purchases", "Letters", "Consent"):
        assert said in whole
        assert said in page
