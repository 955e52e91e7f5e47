"""The list of addresses never mailed: who is on it, why, and who may take them off."""

import itertools

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


LASTING = (Why.MANUAL, Why.BOUNCED, Why.COMPLAINED)
OWN = (Why.UNSUBSCRIBED, Why.OBJECTED)


def held(session, *reasons):
    """What stays of these, said one after the other, when the person comes back."""
    email = f"{'.'.join(reasons)}@example.com"
    for reason in reasons:
        suppression.suppress(session, email, reason, "test")
    suppression.take_back(session, tokens.address_hash(email))
    return suppression.is_suppressed(session, email)


def test_a_person_takes_back_their_own_word_and_nothing_else(session):
    for own in OWN:
        assert held(session, own) is None
        for other in LASTING:
            assert held(session, other, own) == other
            assert held(session, own, other) == other
            assert held(session, own, other, own) == other
    assert held(session, *OWN) is None
    for order in itertools.permutations((*OWN, Why.MANUAL, Why.BOUNCED)):
        assert held(session, *order) == Why.BOUNCED
    for order in itertools.permutations((*OWN, *LASTING)):
        assert held(session, *order) == Why.COMPLAINED


@pytest.mark.parametrize("other", LASTING)
def test_whoever_was_erased_and_comes_again_is_held_by_what_is_not_theirs(session, other):
    for order in itertools.permutations((Why.ERASED, Why.UNSUBSCRIBED, other)):
        email = f"{'.'.join(order)}@example.com"
        for reason in order:
            suppression.suppress(session, email, reason, "test")
        assert suppression.is_suppressed(session, email) == Why.ERASED
        suppression.take_back(session, tokens.address_hash(email))
        assert suppression.is_suppressed(session, email) == Why.ERASED
        suppression.take_back(session, tokens.address_hash(email), erased=True)
        assert suppression.is_suppressed(session, email) == other


def test_an_admin_lifts_what_held_beneath_once_the_person_is_back(session):
    for reason in (Why.BOUNCED, Why.UNSUBSCRIBED):
        suppression.suppress(session, "anna@example.com", reason, "test")
    entry = suppression.listed(session)[0][0]
    with pytest.raises(Forbidden):
        suppression.lift(session, entry.id)

    suppression.take_back(session, entry.address_hash)
    suppression.lift(session, entry.id)

    assert suppression.is_suppressed(session, "anna@example.com") is None
