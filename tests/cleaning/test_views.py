"""The pages: pairs with reasons, two side by side, merging, taking back, addresses as doors."""

import pytest
import sqlalchemy as sa

from campaigns.accounts.models import AuditEntry
from campaigns.cleaning import proposing, running
from campaigns.cleaning.models import Duplicate, Merge, Scope, Verdict
from campaigns.contacts.models import Contact
from campaigns.database import reading, transaction
from tests import factories


@pytest.fixture
def people(app):
    """Two who are surely one, two who may be, a mistyped address: searched; their numbers by address."""
    with transaction() as session:
        company = factories.make_company(session, "Mills")
        make = factories.make_contact
        make(session, "anna@gmail.com", first_name="Anna", last_name="Malá", tags=("vip",))
        make(session, "a.nna@gmail.com", first_name="Anna", phone="+420601000001")
        make(session, "karel@one.cz", first_name="Karel", last_name="Nový", company_id=company.id)
        make(session, "k@two.cz", first_name="Karel", last_name="Novy", company_id=company.id)
        make(session, "eva@gmial.com", first_name="Eva")
        make(session, "info@firma.cz")
        run = running.start(session, Scope.ALL)
    running.run(run.id)
    with reading() as session:
        return dict(session.execute(sa.select(Contact.email, Contact.id)).all())


def test_pairs_are_listed_with_their_reasons(marketer_client, people):
    page = marketer_client.get("/cleaning/").text

    assert page.index("a.nna@gmail.com") < page.index("k@two.cz")
    assert "Same mailbox" in page
    assert "Same company" in page
    assert "Merge 1 pair that is sure" in page


def test_two_are_compared_and_merged_with_the_values_chosen(marketer_client, people):
    a, b = people["karel@one.cz"], people["k@two.cz"]
    page = marketer_client.get(f"/cleaning/merge?a={a}&b={b}").text
    assert "karel@one.cz" in page
    assert f'name="datum:email" value="{b}"' in page

    answer = marketer_client.post("/cleaning/merge", data={"a": a, "b": b, "datum:email": b, "datum:name": a})

    assert answer.location == f"/contacts/{a}"
    with reading() as session:
        kept = session.get_one(Contact, a)
        assert (kept.email, kept.last_name) == ("k@two.cz", "Nový")
        noted = session.scalars(sa.select(AuditEntry).where(AuditEntry.act == "contact.merge")).one()
        assert (noted.subject, noted.detail["gone"]) == (f"contact:{a}", b)
    shown = marketer_client.get(f"/contacts/{a}").text
    assert "karel@one.cz" in shown
    assert "Merged with" in shown


def test_a_merge_is_taken_back_on_its_page(marketer_client, people):
    a, b = people["karel@one.cz"], people["k@two.cz"]
    marketer_client.post("/cleaning/merge", data={"a": a, "b": b, "datum:email": a})
    assert "k@two.cz" in marketer_client.get("/cleaning/merged").text
    with transaction() as session:
        merge_id = session.scalars(sa.select(Merge.id)).one()
        session.get_one(Contact, a).city = "Praha"
    page = marketer_client.get(f"/cleaning/merged/{merge_id}").text
    assert "Take it back" in page

    answer = marketer_client.post(f"/cleaning/merged/{merge_id}/undo", follow_redirects=True)

    assert "They are two contacts again." in answer.text
    assert "Take it back" not in answer.text
    with reading() as session:
        assert session.get_one(Contact, b).email == "k@two.cz"
    assert "k@two.cz" not in marketer_client.get("/cleaning/").text
    assert "k@two.cz" in marketer_client.get("/cleaning/?status=not_same").text
    assert marketer_client.post(f"/cleaning/merged/{merge_id}/undo").status_code == 409


def test_those_who_are_not_the_same_are_not_proposed_until_somebody_says_so(marketer_client, people):
    a, b = people["karel@one.cz"], people["k@two.cz"]

    marketer_client.post("/cleaning/different", data={"a": a, "b": b})

    assert "k@two.cz" not in marketer_client.get("/cleaning/").text
    with reading() as session:
        pair = proposing.between(session, a, b)
        assert (pair.status, pair.decided_by is not None) == (Verdict.NOT_SAME, True)
    marketer_client.post(f"/cleaning/pairs/{pair.id}/again")
    assert "k@two.cz" in marketer_client.get("/cleaning/").text


def test_many_are_counted_and_then_merged(marketer_client, people, queue):
    assert "1 pair shares a mailbox" in marketer_client.get("/cleaning/sure").text

    assert marketer_client.post("/cleaning/sure").status_code == 302
    with reading() as session:
        run = running.under_way(session)
    assert "Waiting for a worker" in marketer_client.get("/cleaning/").text
    assert marketer_client.post("/cleaning/look").status_code == 409
    running.run(run.id)

    assert marketer_client.get(f"/cleaning/progress?state={run.id}-queued").headers["HX-Refresh"] == "true"
    with reading() as session:
        left = [pair.score for pair in session.scalars(sa.select(Duplicate))]
        assert all(score < proposing.SURE for score in left)
        assert session.get(Contact, people["a.nna@gmail.com"]) is None


def test_a_run_can_rest_go_on_and_be_stopped(marketer_client, people):
    marketer_client.post("/cleaning/look")
    for act, status in (("pause", "paused"), ("resume", "queued"), ("cancel", "cancelled")):
        assert marketer_client.post(f"/cleaning/run/{act}").status_code == 302
        with reading() as session:
            assert running.newest(session, *Scope).status == status


def test_figures_about_addresses_open_the_contacts_behind_them(marketer_client, people):
    page = marketer_client.get("/cleaning/addresses").text
    assert "gmial.com" in page
    assert "/contacts/?address=typo" in page

    assert "eva@gmial.com" in marketer_client.get("/contacts/?address=typo").text
    roles = marketer_client.get("/contacts/?address=role").text
    assert "info@firma.cz" in roles
    assert "eva@gmial.com" not in roles


def test_a_mistyped_address_is_corrected_by_one_click(marketer_client, people):
    contact_id = people["eva@gmial.com"]
    assert "eva@gmail.com" in marketer_client.get(f"/contacts/{contact_id}").text

    answer = marketer_client.post(f"/cleaning/contacts/{contact_id}/correct", follow_redirects=True)

    assert "The address is eva@gmail.com now." in answer.text
    assert "eva@gmial.com" in answer.text  # as a further address


def test_all_of_a_mistyped_domain_are_corrected_or_said_to_be_right(marketer_client, people):
    with transaction() as session:
        factories.make_contact(session, "anna@gmial.com")

    answer = marketer_client.post(
        "/cleaning/addresses/correct", data={"domain": "gmial.com"}, follow_redirects=True
    )

    assert "1 address was corrected." in answer.text
    assert "1 address was left" in answer.text
    marketer_client.post("/cleaning/addresses/dismiss", data={"domain": "gmial.com"})
    assert "gmial.com" not in marketer_client.get("/cleaning/addresses").text
    assert marketer_client.post("/cleaning/addresses/dismiss", data={"domain": "x.y"}).status_code == 404


def test_a_salesperson_sees_the_hint_but_not_who_else_it_may_be(salesperson_client, people):
    page = salesperson_client.get(f"/cleaning/contacts/{people['eva@gmial.com']}").text
    assert "Likely mistyped" in page

    assert "Compare" not in salesperson_client.get(f"/cleaning/contacts/{people['karel@one.cz']}").text
    assert salesperson_client.get("/cleaning/").status_code == 403


@pytest.mark.parametrize("query", ["", "?a=1", "?a=1&b=1", "?a=1&b=99999", "?a=x&b=y"])
def test_odd_pairs_are_answered_with_a_sentence(marketer_client, people, query):
    answer = marketer_client.get(f"/cleaning/merge{query}")

    assert answer.status_code in (302, 400, 404, 422)


def test_no_page_asks_more_for_more_pairs(marketer_client, people):
    def asked():
        statements = []

        def note(*told):
            statements.append(told[2])

        sa.event.listen(sa.engine.Engine, "before_cursor_execute", note)
        try:
            assert marketer_client.get("/cleaning/").status_code == 200
        finally:
            sa.event.remove(sa.engine.Engine, "before_cursor_execute", note)
        return len(statements)

    before = asked()
    with transaction() as session:
        for number in range(12):
            one, other = (factories.make_contact(session) for _each in range(2))
            session.add(Duplicate(a_id=one.id, b_id=other.id, reasons=["phone"], score=40 + number))

    assert asked() <= before
