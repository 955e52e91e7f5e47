"""The list of addresses never mailed: who is on it, why, and who may take them off."""

import pytest

from campaigns import tokens
from campaigns.consent import suppression
from campaigns.consent.models import SuppressionReason as Why
from campaigns.contacts.addresses import AddressProblem
from campaigns.errors import Forbidden, NotFound
from tests import factories


def test_an_address_is_known_in_every_spelling_and_never_stored(session):
    suppression.suppress(session, " Anna@Example.COM", Why.MANUAL, "user:1")

    assert suppression.is_suppressed(session, "anna@example.com") == Why.MANUAL
    assert suppression.is_suppressed(session, "eva@example.com") is None
    entry = suppression.listed(session)[0][0]
    assert "anna" not in " ".join(map(str, vars(entry).values())).lower()


@pytest.mark.parametrize(
    ("first", "second", "kept"),
    [
        (Why.BOUNCED, Why.UNSUBSCRIBED, Why.UNSUBSCRIBED),
        (Why.UNSUBSCRIBED, Why.BOUNCED, Why.UNSUBSCRIBED),
        (Why.UNSUBSCRIBED, Why.COMPLAINED, Why.COMPLAINED),
        (Why.ERASED, Why.MANUAL, Why.ERASED),
    ],
)
def test_the_weightier_reason_stays(session, first, second, kept):
    for reason in (first, second):
        suppression.suppress(session, "anna@example.com", reason, "test")

    assert suppression.is_suppressed(session, "anna@example.com") == kept


@pytest.mark.parametrize("reason", Why)
def test_only_what_no_person_decided_can_be_lifted(session, reason):
    suppression.suppress(session, "anna@example.com", reason, "test")
    entry = suppression.listed(session)[0][0]

    if reason in (Why.MANUAL, Why.BOUNCED):
        suppression.lift(session, entry.id)
        assert suppression.is_suppressed(session, "anna@example.com") is None
    else:
        with pytest.raises(Forbidden):
            suppression.lift(session, entry.id)
        assert suppression.is_suppressed(session, "anna@example.com") == reason


def test_lifting_what_is_not_there_says_so(session):
    with pytest.raises(NotFound):
        suppression.lift(session, 4711)


def test_many_are_asked_at_once(session):
    hashes = [tokens.address_hash(f"p{n}@example.com") for n in range(2500)]
    suppression.suppress_many(session, hashes[::2], Why.BOUNCED, "import:3")

    assert suppression.suppressed(session, hashes) == dict.fromkeys(hashes[::2], Why.BOUNCED)


def test_no_address_is_no_entry(session):
    with pytest.raises(AddressProblem):
        suppression.suppress(session, "anna at example.com", Why.MANUAL, "test")


def test_the_list_shows_newest_first_with_its_contact(session):
    contact = factories.make_contact(session)
    suppression.suppress(session, "gone@example.com", Why.ERASED, "page")
    suppression.suppress(session, contact.email, Why.MANUAL, "user:1")

    rows = suppression.listed(session)
    assert [(entry.reason, person) for entry, person in rows] == [(Why.MANUAL, contact), (Why.ERASED, None)]
    assert [row[0].reason for row in suppression.listed(session, before=rows[0][0].id)] == [Why.ERASED]
    assert [row[0].reason for row in suppression.listed(session, Why.MANUAL)] == [Why.MANUAL]
