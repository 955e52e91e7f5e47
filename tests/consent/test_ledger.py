"""The ledger: what is written stays, and the state kept beside it is always its sum."""

from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from campaigns.consent import ledger
from campaigns.consent.ledger import Said
from campaigns.consent.models import Act, Basis, Consent, ConsentEvent, Purpose
from campaigns.consent.standing import Method, State, fold
from campaigns.consent.wordings import wording
from campaigns.errors import BadInput
from tests import factories

START = datetime(2026, 1, 1, tzinfo=UTC)


def somebody(session):
    return factories.make_contact(session, consented=False)


def test_an_entry_is_kept_with_its_evidence_and_moves_the_state(session):
    contact = somebody(session)
    words = wording(session, Purpose.MAIL, "en", "Yes, send me news about saws.")

    standing = ledger.record(
        session, contact.id, Purpose.MAIL, Act.GRANTED, Basis.CONSENT, "Fair in Brno", Method.STAFF,
        words.id, START, ip="192.0.2.1", user_agent="x" * 900, evidence="card 12",
    )  # fmt: skip

    assert standing.state == State.GRANTED
    assert standing.at == START
    entry = ledger.evidence(session, contact.id)[0]
    assert entry.wording.text == "Yes, send me news about saws."
    assert (entry.ip, len(entry.user_agent), entry.evidence) == ("192.0.2.1", 500, "card 12")
    assert ledger.evidence(session, contact.id, START - timedelta(seconds=1)) == []


def test_what_staff_or_an_import_say_never_loosens(session):
    contact = somebody(session)
    for act, method in (
        (Act.GRANTED, Method.FORM),
        (Act.WITHDRAWN, Method.ONE_CLICK),
        (Act.GRANTED, Method.IMPORT),
        (Act.CONFIRMED, Method.STAFF),
    ):
        standing = ledger.record(session, contact.id, Purpose.MAIL, act, Basis.CONSENT, "test", method)

    assert standing.state == State.WITHDRAWN
    assert len(ledger.evidence(session, contact.id)) == 4


@pytest.mark.parametrize(
    "source",
    [
        "bought",
        "Bought list 2024",
        "scraped from the web",
        "competitor",
        "import:7 bought",
        "a purchased list",
        "",
    ],
)
def test_some_sources_are_refused_to_everybody(session, source):
    contact = somebody(session)

    with pytest.raises(BadInput):
        ledger.record(session, contact.id, Purpose.MAIL, Act.GRANTED, Basis.CONSENT, source, Method.IMPORT)

    assert ledger.evidence(session, contact.id) == []


def test_a_no_is_taken_from_any_source(session):
    contact = somebody(session)

    standing = ledger.record(
        session, contact.id, Purpose.MAIL, Act.OBJECTED, Basis.CONSENT, "bought list", Method.STAFF
    )

    assert standing.state == State.OBJECTED


def test_customers_are_written_to_only_with_the_evidence_the_law_asks_for(session):
    contact = somebody(session)
    customer = (contact.id, Purpose.MAIL, Act.GRANTED, Basis.EXISTING_CUSTOMER, "Shop", Method.STAFF)
    with pytest.raises(BadInput):
        ledger.record(session, *customer)
    with pytest.raises(BadInput):
        ledger.customer_evidence("invoice 12", "", "on the invoice")

    proof = ledger.customer_evidence("invoice 12", "saw blades", "a line on the invoice")
    assert ledger.record(session, *customer, evidence=proof).basis == Basis.EXISTING_CUSTOMER


def test_a_wording_is_kept_once(session):
    first = wording(session, Purpose.MAIL, "en", " Yes.\r\nPlease. ")

    assert wording(session, Purpose.MAIL, "en", "Yes.\nPlease.").id == first.id
    assert wording(session, Purpose.MAIL, "en", "Yes, please.").id != first.id
    with pytest.raises(BadInput):
        wording(session, Purpose.MAIL, "en", "  ")


entries = st.tuples(
    st.integers(0, 2),
    st.sampled_from([Purpose.MAIL, "mail:news"]),
    st.sampled_from([act for act in Act if act != Act.UNDONE]),  # which is taking_back's alone
    st.sampled_from(Basis),
    st.sampled_from(Method),
    st.integers(0, 30).map(lambda hours: START + timedelta(hours=hours)),
)


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.lists(entries, max_size=8), max_size=5))
def test_the_kept_state_is_the_sum_of_the_ledger(session, batches):
    people = [somebody(session).id for _ in range(3)]
    for batch in batches:
        ledger.record_many(
            session,
            [
                Said(people[who], purpose, act, basis, "test", method, at, evidence="noted")
                for who, purpose, act, basis, method, at in batch
            ],
        )

    kept = {(who, purpose): said for who in people for purpose, said in ledger.states(session, who).items()}
    said = session.scalars(
        sa.select(ConsentEvent).where(ConsentEvent.contact_id.in_(people)).order_by(ConsentEvent.id)
    ).all()
    keys = {(entry.contact_id, entry.purpose) for entry in said}
    assert len(said) == sum(map(len, batches))
    sums = {key: fold(e for e in said if (e.contact_id, e.purpose) == key) for key in keys}
    assert kept == {key: found for key, found in sums.items() if found}  # nothing, where none was to narrow
    assert ledger.rebuild(session, people) == 0


def test_a_spoilt_state_is_rebuilt_from_the_ledger(session):
    people = [factories.make_contact(session) for _ in range(3)]
    ledger.rebuild(session)
    session.execute(sa.update(Consent).where(Consent.contact_id == people[0].id).values(state="declined"))
    session.execute(sa.delete(Consent).where(Consent.contact_id == people[1].id))
    session.execute(sa.delete(ConsentEvent).where(ConsentEvent.contact_id == people[2].id))

    assert ledger.rebuild(session) == 3
    assert ledger.state(session, people[0].id, Purpose.MAIL).state == State.GRANTED
    assert ledger.state(session, people[1].id, Purpose.MAIL).state == State.GRANTED
    assert ledger.state(session, people[2].id, Purpose.MAIL) is None
    assert ledger.rebuild(session) == 0


def test_many_are_written_quickly(session):
    contacts = [somebody(session).id for _ in range(50)]
    rows = [
        Said(contacts[n % 50], f"mail:{n}", Act.GRANTED, Basis.CONSENT, "import:1 Fair", Method.IMPORT, START)
        for n in range(2500)
    ]

    assert ledger.record_many(session, rows) == 2500
    assert session.scalar(sa.select(sa.func.count()).select_from(Consent)) == 2500
