"""What is stored of a file: contacts, labels, consents; and what an import can never do."""

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import selectinload

from campaigns import tokens
from campaigns.consent import gate
from campaigns.consent.models import (
    Act,
    Basis,
    Consent,
    ConsentEvent,
    Purpose,
    Suppression,
    SuppressionReason,
)
from campaigns.contacts import identity
from campaigns.contacts.models import Contact, ImportStatus
from campaigns.errors import BadInput
from campaigns.imports import uploading
from tests import factories
from tests.imports.files import bring, counts, start, upload


def contact(session, email: str) -> Contact:
    session.rollback()
    return session.scalars(
        sa.select(Contact)
        .where(Contact.email == email)
        .options(selectinload(Contact.tags), selectinload(Contact.categories), selectinload(Contact.company))
    ).one()


def states(session) -> dict[tuple[str, str], str]:
    session.rollback()
    rows = session.execute(sa.select(Contact.email, Consent.purpose, Consent.state).join(Consent))
    return {(email.partition("@")[0], purpose): state for email, purpose, state in rows}


def test_a_row_becomes_a_contact(session):
    done = bring(
        "Email,First name,Last name,Phone,Birthday,Company,Position,"
        "Language,Country,City,Time zone,Notes,Tags,Size\n"
        ' Jana@Pošta.example.com ,Jana,Nováková,601 123 456,29.2.1980,"Pila, s.r.o.",director,'
        'čeština,Czechia,Žďár,Europe/Prague,"line one\nline two","basic, VIP",42\n',
        categories=["Cutters"],
        tags=["fair 2026"],
    )

    jana = contact(session, "jana@pošta.example.com")
    assert counts(done) == (1, 1, 0, 0, 0)
    assert (jana.first_name, jana.last_name, jana.name_key) == ("Jana", "Nováková", "novakova jana")
    assert (jana.phone, jana.birthday, jana.birth_year) == ("+420601123456", "02-29", 1980)
    assert (jana.company.name, jana.position) == ("Pila, s.r.o.", "director")
    assert (jana.language, jana.country, jana.city, jana.timezone) == ("cs", "CZ", "Žďár", "Europe/Prague")
    assert jana.note == "line one\nline two"
    assert jana.fields == {"Size": "42"}
    assert {tag.name for tag in jana.tags} == {"basic", "VIP", "fair 2026"}
    assert [category.name for category in jana.categories] == ["Cutters"]
    assert jana.source == "Trade fair in Brno, 2026"
    assert (jana.domain, jana.address_hash) == ("pošta.example.com", tokens.address_hash(jana.email))


def test_consent_comes_with_its_evidence(session):
    done = bring(
        "Email Address,MEMBER_RATING,OPTIN_TIME,OPTIN_IP,CONFIRM_TIME,CONFIRM_IP\n"
        "jana@example.com,3,2022-06-17 02:01:00,192.0.2.32,2022-06-17 02:04:00,192.0.2.33\n",
        wording="Yes, send me news about cutters.",
        tracking="granted",
    )

    mail, tracking = session.scalars(sa.select(ConsentEvent).order_by(ConsentEvent.id)).all()
    assert (mail.purpose, mail.act, mail.basis, mail.method) == ("mail", "granted", "consent", "import")
    assert mail.source == f"import:{done.id} Trade fair in Brno, 2026"
    assert mail.at.isoformat() == "2022-06-17T02:04:00+00:00"
    assert mail.ip == "192.0.2.33"
    assert "OPTIN_TIME: 2022-06-17 02:01:00" in mail.evidence
    assert mail.wording_id is not None
    assert (tracking.purpose, tracking.act) == ("tracking", "granted")


def test_empty_cells_leave_what_is_there(session):
    factories.make_contact(
        session, "a@example.com", first_name="Anna", city="Brno", fields={"Size": "1", "Own": "x"}
    )
    session.commit()

    done = bring("email,first name,city,Size,tags\na@example.com,,Praha,2,new\n")

    anna = contact(session, "a@example.com")
    assert counts(done) == (1, 0, 1, 0, 0)
    assert (anna.first_name, anna.city, anna.fields) == ("Anna", "Praha", {"Size": "2", "Own": "x"})
    assert [tag.name for tag in anna.tags] == ["new"]


def test_a_note_is_never_overwritten(session):
    factories.make_contact(session, "a@example.com", note="Call after five.")
    session.commit()

    bring("email,note\na@example.com,Likes tea.\n")
    again = bring("email,note\na@example.com,Likes tea.\n")

    assert contact(session, "a@example.com").note == "Call after five.\nLikes tea."
    assert counts(again) == (1, 0, 0, 1, 0)


def test_of_several_rows_the_first_counts_and_others_fill_gaps(session):
    text = "email,first name,city,tags\n"
    text += "a@example.com,Anna,,x\nA@EXAMPLE.COM,Hana,Brno,y\n  a@example.com ,,Praha,\n"
    first = bring(text)
    second = bring(text)

    anna = contact(session, "a@example.com")
    assert (anna.first_name, anna.city) == ("Anna", "Brno")
    assert {tag.name for tag in anna.tags} == {"x", "y"}
    assert counts(first) == (3, 1, 1, 1, 0)
    assert counts(second) == (3, 0, 0, 3, 0)


def test_a_further_address_of_somebody_means_them(session):
    anna = factories.make_contact(session, "anna@example.com", city="Brno")
    identity.add_address(session, anna.id, "anna.old@example.com")
    session.commit()

    done = bring(
        "email,city,tags,status\nanna.old@example.com,Praha,vip,\nanna@example.com,,,\n"
        "ANNA.old@example.com,,,unsubscribed\n"
    )

    session.expire_all()
    known = contact(session, "anna@example.com")
    assert counts(done) == (3, 0, 2, 1, 0)
    assert (known.city, [tag.name for tag in known.tags]) == ("Praha", ["vip"])
    assert gate.refusals(session, [known.id]) == {known.id: "unsubscribed"}


def test_labels_are_the_same_in_any_case(session):
    factories.make_tag(session, "VIP")
    session.commit()

    bring("email,tags\na@example.com,vip\nb@example.com,Vip\nc@example.com,New\nd@example.com,NEW\n")

    assert {tag.name for tag in contact(session, "a@example.com").tags} == {"VIP"}
    assert contact(session, "c@example.com").tags[0].id == contact(session, "d@example.com").tags[0].id


def test_an_import_never_loosens_what_a_person_tightened(session):
    for name, act in (("w", Act.WITHDRAWN), ("o", Act.OBJECTED), ("d", Act.DECLINED)):
        known = factories.make_contact(session, f"{name}@example.com", consented=False)
        factories.grant_consent(session, known, Purpose.MAIL, act)
        factories.grant_consent(session, known, Purpose.TRACKING, Act.DECLINED)
    session.commit()

    done = bring(
        "email,city\nw@example.com,Brno\no@example.com,Brno\nd@example.com,Brno\n", tracking="granted"
    )

    assert states(session) == {
        ("w", "mail"): "withdrawn", ("o", "mail"): "objected", ("d", "mail"): "declined",
        ("w", "tracking"): "declined", ("o", "tracking"): "declined", ("d", "tracking"): "declined",
    }  # fmt: skip
    assert done.remarks["said_no"] == {"rows": 3, "lines": [2, 3, 4]}
    assert counts(done) == (3, 0, 3, 0, 0)  # their town is kept, their no as well


@pytest.mark.parametrize("reason", list(SuppressionReason))
def test_suppressed_addresses_are_refused_with_the_reason(session, reason):
    factories.suppress(session, "no@example.com", reason)
    session.commit()

    done = bring("email,first name\nno@example.com,Nora\nyes@example.com,Yara\n")

    assert counts(done) == (2, 1, 0, 0, 1)
    assert done.reasons == {reason.value: 1}
    session.rollback()
    assert session.scalar(sa.select(sa.func.count(Contact.id))) == 1
    returned = uploading.file_of_refused(done).read_text("utf-8-sig")
    assert ("no@example.com" in returned) == (reason != SuppressionReason.ERASED)


def test_whoever_left_elsewhere_is_kept_and_never_mailed(session):
    text = (
        "email,status\na@example.com,subscribed\nb@example.com,Unsubscribed\nc@example.com,cleaned\n"
        "d@example.com,pending\n"
    )
    done = bring(text)

    assert states(session) == {("a", "mail"): "granted", ("b", "mail"): "withdrawn"}
    listed = {row.address_hash: row.reason for row in session.scalars(sa.select(Suppression))}
    assert listed == {
        tokens.address_hash("b@example.com"): "unsubscribed",
        tokens.address_hash("c@example.com"): "bounced",
    }
    refusals = gate.refusals(session, [contact(session, f"{name}@example.com").id for name in "abcd"])
    assert sorted(refusals.values()) == ["bounced", "no_consent", "unsubscribed"]
    assert counts(done) == (4, 4, 0, 0, 0)
    session.rollback()
    assert counts(bring(text)) == (4, 0, 0, 4, 0)


def test_a_withdrawal_in_the_file_tightens_what_we_have(session):
    known = factories.make_contact(session, "a@example.com")
    session.commit()

    bring("Email Address,MEMBER_RATING,UNSUB_TIME\na@example.com,1,2024-05-01 10:00:00\n")

    session.rollback()
    assert gate.refusals(session, [known.id]) == {known.id: "unsubscribed"}
    assert session.get(Consent, (known.id, "mail")).at.year >= 2024


def test_the_young_are_refused(session):
    done = bring("email,birthday\na@example.com,1.1.2020\nb@example.com,1.1.1990\n")

    assert done.reasons == {"minor": 1}


@pytest.mark.parametrize(
    ("choices", "field"),
    [
        ({"basis": ""}, "basis"),
        ({"basis": "bought"}, "source"),
        ({"basis": "scraped"}, "source"),
        ({"basis": "competitor"}, "source"),
        ({"basis": "because"}, "basis"),
        ({"source": " "}, "source"),
        ({"source": "Bought list of dentists"}, "source"),
        ({"tracking": "maybe"}, "tracking"),
        ({"basis": "existing_customer"}, "evidence"),
        ({"basis": "contract", "partner": "1"}, "basis"),
    ],
)
@pytest.mark.sqlite_only
def test_what_must_be_said_of_a_file(session, choices, field):
    import_id = upload("email\na@example.com\n")

    with pytest.raises(BadInput) as caught:
        start(import_id, **choices)

    assert caught.value.field == field


def test_customers_with_all_that_the_law_asks(session):
    bring(
        "email\na@example.com\n",
        basis="existing_customer",
        purchase="a cutter",
        products="blades",
        told="at the till",
    )

    event = session.scalars(sa.select(ConsentEvent)).one()
    assert event.basis == Basis.EXISTING_CUSTOMER
    assert "letters about: blades" in event.evidence
    assert gate.refusals(session, [event.contact_id]) == {}


def test_formulas_scripts_and_braces_are_text(session):
    text = 'email,first name\na@example.com,"=HYPERLINK(""http://x.example.com"")"\nb@example.com,{{ 7*7 }}\n'
    done = bring(text + "bad,=1+1\n")

    assert contact(session, "a@example.com").first_name == '=HYPERLINK("http://x.example.com")'
    assert contact(session, "b@example.com").first_name == "{{ 7*7 }}"
    assert "bad,'=1+1" in uploading.file_of_refused(done).read_text("utf-8-sig")


def test_corrected_refused_rows_can_be_brought_again(session):
    done = bring('email,first name,tags\nanna at example.com,\'=Anna,"a,b"\n')
    returned = uploading.file_of_refused(done).read_text("utf-8-sig")

    again = bring(returned.replace("anna at example.com", "anna@example.com"))

    assert again.status == ImportStatus.DONE
    assert counts(again) == (1, 1, 0, 0, 0)
    assert contact(session, "anna@example.com").fields == {}


def test_long_names_are_cut_and_said_so(session):
    done = bring(
        f"email,first name,birthday,language,country\na@example.com,{'x' * 600},soon,Klingonese,Narnia\n"
    )

    assert len(contact(session, "a@example.com").first_name) == 200
    assert done.remarks.keys() == {"cut", "birthday", "language", "country"}
