"""Pages of consent: what people told a colleague, the evidence, and the list of those never mailed."""

import re

import pytest
import sqlalchemy as sa

from campaigns.accounts.models import AuditEntry, Role
from campaigns.consent import gate, leaving, ledger, suppression
from campaigns.consent.models import Act, Purpose, SuppressionReason
from campaigns.consent.standing import Method
from campaigns.contacts.models import Contact
from campaigns.database import reading, transaction
from tests import factories

YES = {"purpose": "mail", "wording": "Yes, write me.", "how": "Signed the card"}


def text(answer):
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", answer.get_data(as_text=True)))


@pytest.fixture
def anna(app):
    with transaction() as session:
        factories.make_organisation(session)
        return factories.make_contact(session, "anna@example.com", consented=False)


def act(client, contact, name, data, **more):
    return client.post(f"/consent/contacts/{contact.id}/{name}", data=data, **more)


def refusal(contact):
    with reading() as session:
        return gate.refusals(session, [contact.id]).get(contact.id)


def test_a_yes_is_written_down_with_its_words(marketer_client, anna):
    answer = act(marketer_client, anna, "agree", YES, follow_redirects=True)

    assert "Written down." in text(answer)
    assert refusal(anna) is None
    with reading() as session:
        entry = ledger.evidence(session, anna.id)[0]
        assert (entry.wording.text, entry.evidence, entry.method) == (
            "Yes, write me.",
            "Signed the card",
            "staff",
        )
        assert session.scalars(sa.select(AuditEntry.act)).all() == ["consent.agree"]


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"wording": ""}, "Write down the words"),
        ({"how": ""}, "Say how they told you"),
        ({"purpose": "world"}, "Choose what this is about"),
        ({"basis": "contract"}, "Choose a legal ground"),
        ({"basis": "existing_customer"}, "Customers may be written to"),
    ],
)
def test_a_yes_without_its_evidence_is_not_taken(marketer_client, anna, change, sentence):
    answer = act(marketer_client, anna, "agree", YES | change, headers={"HX-Request": "true"})

    assert answer.status_code == 422
    assert sentence in text(answer)
    assert refusal(anna) == gate.Reason.NO_CONSENT


def test_a_customer_may_be_written_to_with_the_four_facts(marketer_client, anna):
    facts = {"basis": "existing_customer", "bought": "invoice 12", "products": "blades"}

    assert act(marketer_client, anna, "agree", YES | facts).status_code == 302
    assert refusal(anna) is None


def test_a_no_holds_at_once_and_no_colleague_takes_it_back(marketer_client, anna):
    act(marketer_client, anna, "agree", YES)

    fragment = act(marketer_client, anna, "withdraw", {"purpose": "mail"}, headers={"HX-Request": "true"})
    assert fragment.headers["HX-Trigger-After-Swap"] == "consentChanged"
    assert "Withdrawn" in text(fragment)
    assert refusal(anna) == gate.Reason.UNSUBSCRIBED
    assert "answered this already" in text(act(marketer_client, anna, "agree", YES, follow_redirects=True))
    assert refusal(anna) == gate.Reason.UNSUBSCRIBED


def test_an_objection_ends_everything(marketer_client, anna):
    act(marketer_client, anna, "withdraw", {"purpose": "everything", "how": "Called"})

    with reading() as session:
        assert {s.state for s in ledger.states(session, anna.id).values()} == {Act.OBJECTED}
    act(marketer_client, anna, "withdraw", {"purpose": "tracking"})
    assert (
        act(marketer_client, anna, "withdraw", {"purpose": "x"}, headers={"HX-Request": "1"}).status_code
        == 422
    )


def test_a_pause_is_kept_until_its_day(marketer_client, anna):
    act(marketer_client, anna, "agree", YES)

    act(marketer_client, anna, "pause", {"until": "2099-12-24"})
    assert refusal(anna) == gate.Reason.PAUSED
    with reading() as session:
        until = session.scalar(sa.select(Contact.paused_until).where(Contact.id == anna.id))
        assert until.isoformat() == "2099-12-25T00:00:00+00:00"
    for bad in ("2001-01-01", "soon"):
        answer = act(marketer_client, anna, "pause", {"until": bad}, headers={"HX-Request": "true"})
        assert answer.status_code == 422
    act(marketer_client, anna, "pause", {"until": ""})
    assert refusal(anna) is None


def test_the_evidence_is_a_page_and_a_file(marketer_client, anna):
    act(marketer_client, anna, "agree", YES)
    act(marketer_client, anna, "withdraw", {"purpose": "mail", "how": "Called"})

    page = text(marketer_client.get(f"/consent/contacts/{anna.id}"))
    assert "Yes, write me." in page
    assert "Told to a colleague" in page
    file = marketer_client.get(f"/consent/contacts/{anna.id}?as=json")
    assert file.headers["Content-Disposition"].startswith("attachment")
    assert file.json["states"]["mail"]["state"] == "withdrawn"
    assert [entry["act"] for entry in file.json["entries"]] == ["withdrawn", "granted"]
    before = marketer_client.get(f"/consent/contacts/{anna.id}?as=json&on=2020-01-01")
    assert before.json["entries"] == []
    assert "not been asked anything by then" in text(
        marketer_client.get(f"/consent/contacts/{anna.id}?on=2020-01-01")
    )


def test_a_colleagues_contact_is_as_if_not_there(sign_in, anna):
    with transaction() as session:
        other = factories.make_user(session, Role.SALESPERSON)
        session.get(Contact, anna.id).owner_id = other.id
    client = sign_in(Role.SALESPERSON)

    for path in ("", "/panel", "/mailing"):
        assert client.get(f"/consent/contacts/{anna.id}{path}").status_code == 404
    for name in ("agree", "withdraw", "pause"):
        assert act(client, anna, name, YES).status_code == 404
    assert refusal(anna) == gate.Reason.NO_CONSENT


def test_the_list_of_those_never_mailed(sign_in, anna):
    admin, marketer = sign_in(Role.ADMIN), sign_in(Role.MARKETER)
    with transaction() as session:
        leaving.unsubscribe(session, anna.id, "page", Method.PAGE)
        suppression.suppress(session, "gone@example.com", SuppressionReason.ERASED, "page")

    assert marketer.post("/consent/suppression", data={"email": "eva@example.com"}).status_code == 302
    assert marketer.post("/consent/suppression", data={"email": "eva"}).status_code == 422
    page = text(marketer.get("/consent/suppression"))
    assert "anna@example.com" in page
    assert "gone@example.com" not in page
    assert "eva@example.com" not in page
    assert "Unsubscribed" in text(marketer.get("/consent/suppression?reason=unsubscribed"))
    with reading() as session:
        manual, erased, left = (row[0] for row in suppression.listed(session))
    assert marketer.post(f"/consent/suppression/{manual.id}/lift").status_code == 403
    assert admin.post(f"/consent/suppression/{left.id}/lift").status_code == 403
    assert admin.post(f"/consent/suppression/{erased.id}/lift").status_code == 403
    assert admin.post(f"/consent/suppression/{manual.id}/lift").status_code == 302
    with reading() as session:
        assert len(suppression.listed(session)) == 2


def test_a_salesperson_does_not_see_that_list(salesperson_client):
    assert salesperson_client.get("/consent/suppression").status_code == 403
    assert salesperson_client.post("/consent/suppression", data={"email": "a@example.com"}).status_code == 403


@pytest.mark.both_databases
def test_the_list_of_contacts_is_narrowed_by_consent(marketer_client, app):
    with transaction() as session:
        people = {
            name: factories.make_contact(session, f"{name}@example.com", consented=name != "never")
            for name in ("yes", "never", "no", "waiting")
        }
        leaving.unsubscribe(session, people["no"].id, "page", Method.PAGE)
        ledger.rebuild(session)
        ledger.record(
            session, people["never"].id, Purpose.TRACKING, Act.GRANTED, "consent", "test", Method.FORM
        )
        waiting = factories.make_contact(session, "half@example.com", consented=False)
        ledger.record(
            session, waiting.id, Purpose.MAIL, Act.GRANTED, "consent", "form:1", Method.DOUBLE_OPT_IN
        )

    def found(value):
        page = marketer_client.get(f"/contacts/?consent={value}").get_data(as_text=True)
        return {name for name in (*people, "half") if f"{name}@example.com" in page}

    assert found("may") == {"yes", "waiting"}
    assert found("agreed") == {"yes", "waiting"}
    assert found("never") == {"never"}
    assert found("refused") == {"no"}
    assert found("suppressed") == {"no"}
    assert found("unconfirmed") == {"half"}


def often(client, contact, rhythm, told="", **more):
    return act(client, contact, "often", {"rhythm": rhythm, "told": told}, **more)


def wish_of(contact):
    with reading() as session:
        return session.get_one(Contact, contact.id).rhythm


def test_less_often_is_taken_as_it_is_told(marketer_client, anna):
    answer = often(marketer_client, anna, "weekly", follow_redirects=True)
    assert "Once a week at most" in text(answer)
    assert "told to " in text(answer)
    often(marketer_client, anna, "occasions")
    often(marketer_client, anna, "occasions")  # said again

    assert wish_of(anna) == "occasions"
    with reading() as session:
        entries = session.scalars(sa.select(AuditEntry).order_by(AuditEntry.id)).all()
        assert [(one.act, one.subject, one.detail) for one in entries] == [
            ("consent.rhythm", f"contact:{anna.id}", {"rhythm": "weekly", "before": "", "how": ""}),
            ("consent.rhythm", f"contact:{anna.id}", {"rhythm": "occasions", "before": "weekly", "how": ""}),
        ]


def test_more_often_only_with_how_they_said_so(marketer_client, anna):
    often(marketer_client, anna, "monthly")

    for wish, told in (("weekly", ""), ("", "  "), ("", "")):
        answer = often(marketer_client, anna, wish, told, headers={"HX-Request": "true"})
        assert answer.status_code == 422
        assert "more often than they asked for" in text(answer)
    assert often(marketer_client, anna, "hourly", headers={"HX-Request": "true"}).status_code == 422
    assert wish_of(anna) == "monthly"

    often(marketer_client, anna, "", "by phone on Monday")
    assert wish_of(anna) == ""
    with reading() as session:
        last = session.scalars(sa.select(AuditEntry).order_by(AuditEntry.id.desc())).first()
        assert last.detail == {"rhythm": "", "before": "monthly", "how": "by phone on Monday"}
        assert refusal(anna) is not None  # who never agreed is not mailed, however often they want it


def test_a_colleagues_contact_has_no_rhythm_to_set(sign_in, anna):
    other = sign_in(Role.SALESPERSON)
    with transaction() as session:
        session.get_one(Contact, anna.id).owner_id = factories.make_user(session, Role.SALESPERSON).id

    assert often(other, anna, "weekly").status_code == 404
    assert wish_of(anna) == ""
