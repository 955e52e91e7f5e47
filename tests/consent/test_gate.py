"""The gate in SQL and in Python gives one answer, on every combination of what it looks at."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import islice, product

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import aliased

from campaigns.bulk import load
from campaigns.consent import gate
from campaigns.consent.gate import Facts, Reason
from campaigns.consent.models import Act, Basis, Consent, ConsentEvent, Suppression, SuppressionReason
from campaigns.consent.reasons import words
from campaigns.consent.rhythm import Rhythm
from campaigns.consent.standing import State
from campaigns.contacts.models import Contact
from campaigns.delivery.models import Message
from tests import factories

AT = datetime(2026, 11, 22, 12, tzinfo=UTC)
TOPIC = "mail:news"
SAID = [None, *product(State, Basis)]
LISTED = [None, *SuppressionReason]
PAUSES = [None, AT - timedelta(seconds=1), AT + timedelta(seconds=1)]
_COLUMNS = (
    "id",
    "email",
    "address_hash",
    "domain",
    "paused_until",
    "birth_year",
    "birthday",
    "restricted_at",
)
_REST = dict.fromkeys(
    ("first_name", "last_name", "name_key", "first_key", "phone", "position", "language", "timezone",
     "country", "city", "note", "decision_role", "channel", "source", "last_contact_how", "rhythm"), "",
) | {"handles": [], "fields": {}, "origins": {}, "created_at": AT, "updated_at": AT}  # fmt: skip
_LETTER = {"reason": "", "reply": "", "tries": 1, "fence": 0}
RESTRICTED = [None, AT]
ALL = 33 * 33 * 7 * 3 * 6 * 2
AGES = [(None, ""), (2011, "01-01"), (2010, "11-22"), (2010, "11-23"), (2010, ""), (1986, "")]


def combinations():
    """(mail, topic and ad platforms, suppressed, paused until, birth year and day, restricted): every one."""
    return product(SAID, SAID, LISTED, PAUSES, AGES, RESTRICTED)


@pytest.fixture(params=[5, pytest.param(1, marks=pytest.mark.long)])
def everybody(session, request):
    """One contact for each combination, or each fifth: no factor divides by it, so all values meet.

    Gives contact id → combination.
    """
    found = dict(enumerate(islice(combinations(), 0, None, request.param), start=1))
    contacts, consents, listed = [], [], []
    for number, (mail, topic, suppressed, paused_until, (year, day), since) in found.items():
        email, seal = f"p{number}@example.com", f"{number:032x}"
        contacts.append((number, email, seal, "example.com", paused_until, year, day, since, *_REST.values()))
        for purpose, said in (("mail", mail), (TOPIC, topic), ("ad_platforms", topic)):
            if said:
                consents.append((number, purpose, *said, AT, 1))
        if suppressed:
            listed.append((seal, suppressed, "test", AT))
    load(session, Contact, [*_COLUMNS, *_REST], contacts)
    event = ConsentEvent(
        contact_id=1, purpose="mail", act=Act.GRANTED, basis=Basis.CONSENT, source="test", at=AT
    )
    session.add(event)
    session.flush()
    assert event.id == 1
    _settle(session)
    load(session, Consent, ["contact_id", "purpose", "state", "basis", "at", "event_id"], consents)
    load(session, Suppression, ["address_hash", "reason", "source", "at"], listed)
    _settle(session)
    return found


def _settle(session):
    """Commit and count: what PostgreSQL planned for foreign keys when the tables were small, or counted
    itself while these rows were not there for it yet, would look at all rows for each, for minutes."""
    session.commit()
    session.execute(sa.text("ANALYZE"))
    session.commit()


def facts(purpose, mail, topic, suppressed, paused_until, age, restricted):
    said = (mail if purpose == "mail" else topic) or (None, None)
    at_large = (mail or (None, None)) if purpose == TOPIC else (None, None)
    return Facts(*said, *at_large, suppressed, paused_until, *age, restricted is not None)


def test_sql_and_python_agree_on_every_combination(session, everybody):
    assert len(everybody) in (ALL, ALL // 5 + 1)
    for purpose in ("mail", TOPIC, "ad_platforms"):
        expected = {
            number: gate.decide(facts(purpose, *combination), purpose, AT)
            for number, combination in everybody.items()
        }

        rows = session.execute(sa.select(Contact.id, gate.refusal(purpose, AT))).all()
        assert dict(map(tuple, rows)) == expected

        some = list(everybody)[::31]
        assert gate.refusals(session, some, purpose, AT) == {
            number: expected[number] for number in some if expected[number]
        }
        person = aliased(Contact)
        free = session.scalars(sa.select(person.id).where(gate.refusal(purpose, AT, person).is_(None)))
        assert set(free) == {number for number, reason in expected.items() if reason is None}
        assert {None, Reason.NO_CONSENT, Reason.BASIS} <= set(expected.values())


WISHES = [wish.value for wish in Rhythm]
LAST = [None, *(AT - timedelta(days=days) for days in (0.1, 6.4, 6.5, 6.6, 27.4, 27.5, 27.6, 400))]


def test_sql_and_python_agree_on_every_wish_for_fewer_letters(session):
    """Beside everything else that the gate looks at, and whenever the last letter was."""
    campaign = factories.make_campaign(session)
    found = dict(
        enumerate(product(SAID, [None, "bounced"], PAUSES, AGES[:2], RESTRICTED, WISHES, LAST), start=1)
    )
    rest = {name: value for name, value in _REST.items() if name != "rhythm"}
    contacts, consents, listed, letters = [], [], [], []
    for number, (mail, suppressed, paused_until, (year, day), since, wish, last) in found.items():
        email, seal = f"p{number}@example.com", f"{number:032x}"
        own = (number, email, seal, "example.com", paused_until, year, day, since, wish)
        contacts.append((*own, *rest.values()))
        consents += [(number, "mail", *mail, AT, 1)] if mail else []
        listed += [(seal, suppressed, "test", AT)] if suppressed else []
        letters += [(campaign.id, number, email, "sent", last)] if last else []
    load(session, Contact, [*_COLUMNS, "rhythm", *rest], contacts)
    _settle(session)
    load(session, Consent, ["contact_id", "purpose", "state", "basis", "at", "event_id"], consents)
    load(session, Suppression, ["address_hash", "reason", "source", "at"], listed)
    columns = ["campaign_id", "contact_id", "address", "status", "sent_at"]
    load(session, Message, [*columns, *_LETTER], [(*row, *_LETTER.values()) for row in letters])
    _settle(session)

    bound = ("mail", TOPIC, "mail:occasions-birthday")  # the last is a topic like any other
    for purpose in ("mail", TOPIC, "mail:occasions-birthday", "mail:occasions", "ad_platforms"):
        expected = {}
        for number, (mail, suppressed, paused_until, age, since, wish, last) in found.items():
            known = facts(purpose, mail, None, suppressed, paused_until, age, since)
            if purpose.startswith("mail:"):
                at_large = mail or (None, None)
                known = replace(known, mail_state=at_large[0], mail_basis=at_large[1])
            expected[number] = gate.decide(replace(known, rhythm=wish, last_sent_at=last), purpose, AT)
        person = aliased(Contact)
        rows = session.execute(sa.select(person.id, gate.refusal(purpose, AT, person))).all()
        assert dict(map(tuple, rows)) == expected
        limited = {Reason.OCCASIONS, Reason.TOO_OFTEN} & set(expected.values())
        assert limited == ({Reason.OCCASIONS, Reason.TOO_OFTEN} if purpose in bound else set())


MAY = Facts(State.GRANTED, Basis.CONSENT)


@pytest.mark.parametrize(
    ("known", "purpose", "reason"),
    [
        (Facts(), "mail", Reason.NO_CONSENT),
        (MAY, "mail", None),
        (Facts(State.CONFIRMED, Basis.CONSENT), "mail", None),
        (Facts(State.UNCONFIRMED, Basis.CONSENT), "mail", Reason.UNCONFIRMED),
        (Facts(State.EXPIRED, Basis.CONSENT), "mail", Reason.EXPIRED),
        (Facts(State.OBJECTED, Basis.CONSENT), "mail", Reason.OBJECTED),
        (Facts(State.GRANTED, Basis.EXISTING_CUSTOMER), "mail", None),
        (Facts(State.GRANTED, Basis.LEGITIMATE_INTEREST), "mail", Reason.BASIS),
        (Facts(State.GRANTED, Basis.CONTRACT), "mail", Reason.BASIS),
        (Facts(State.GRANTED, Basis.CONTRACT), TOPIC, None),
        (Facts(None, None, State.GRANTED, Basis.CONSENT), TOPIC, None),
        (Facts(None, None, State.GRANTED, Basis.CONTRACT), TOPIC, Reason.BASIS),
        (Facts(State.DECLINED, Basis.CONSENT, State.GRANTED, Basis.CONSENT), TOPIC, Reason.DECLINED),
        (Facts(State.GRANTED, Basis.CONSENT, State.WITHDRAWN, Basis.CONSENT), TOPIC, Reason.WITHDRAWN),
        (Facts(State.GRANTED, Basis.EXISTING_CUSTOMER), "ad_platforms", Reason.BASIS),
        (Facts(State.GRANTED, Basis.CONSENT, suppressed="bounced"), "mail", Reason.BOUNCED),
        (Facts(State.GRANTED, Basis.CONSENT, paused_until=AT + timedelta(1)), "mail", Reason.PAUSED),
        (Facts(State.GRANTED, Basis.CONSENT, birth_year=2010, birthday="12-01"), "mail", Reason.MINOR),
        (Facts(State.CONFIRMED, Basis.CONSENT, restricted=True), "mail", Reason.RESTRICTED),
        (Facts(State.GRANTED, Basis.CONSENT, restricted=True), "ad_platforms", Reason.RESTRICTED),
        (Facts(suppressed="erased", restricted=True), "mail", Reason.ERASED),
        (replace(MAY, rhythm="occasions"), "mail", Reason.OCCASIONS),
        (replace(MAY, rhythm="occasions"), TOPIC, Reason.OCCASIONS),
        (replace(MAY, rhythm="occasions"), "mail:occasions", None),
        (replace(MAY, rhythm="occasions", paused_until=AT + timedelta(1)), "mail", Reason.PAUSED),
        (replace(MAY, rhythm="weekly"), "mail", None),
        (replace(MAY, rhythm="weekly", last_sent_at=AT - timedelta(days=6)), "mail", Reason.TOO_OFTEN),
        (replace(MAY, rhythm="weekly", last_sent_at=AT - timedelta(days=6)), "mail:occasions", None),
        (replace(MAY, rhythm="weekly", last_sent_at=AT - timedelta(days=7)), "mail", None),
        (replace(MAY, rhythm="monthly", last_sent_at=AT - timedelta(days=27)), "mail", Reason.TOO_OFTEN),
        (replace(MAY, rhythm="monthly", last_sent_at=AT - timedelta(days=28)), "mail", None),
    ],
)
def test_the_gate_follows_the_law_as_we_read_it(known, purpose, reason):
    assert gate.decide(known, purpose, AT) == reason


def test_somebody_who_is_gone_is_refused(session):
    contact = factories.make_contact(session)

    assert gate.refusals(session, [contact.id, contact.id + 1000]) == {contact.id + 1000: Reason.ERASED}


def test_every_reason_reads_well():
    assert all(words(reason) != reason for reason in Reason)
    assert {reason.value for reason in SuppressionReason} <= {reason.value for reason in Reason}
