"""Senders: checked, keyed, one the default."""

import pytest
import sqlalchemy as sa

from campaigns.accounts.models import AuditEntry
from campaigns.errors import BadInput, Conflict, NotFound
from campaigns.mail import dkim
from campaigns.mailings import dns_records, senders
from campaigns.mailings.senders import Identity
from tests import factories


def test_the_first_sender_is_the_default_and_has_a_key(session):
    first = senders.create(session, Identity("  Example  Tools ", "News@Example.COM ", "answers@example.com"))
    second = senders.create(
        session, Identity("Other", "other@example.com", bounce_domain="Back.Example.com.")
    )
    session.commit()

    assert (first.name, first.address, first.is_default) == ("Example Tools", "news@example.com", True)
    assert second.bounce_domain == "back.example.com"
    assert "PRIVATE" not in first.dkim_key
    (key,) = dns_records.keys_of(first)
    assert dkim.dns_name(key) == "campaigns._domainkey.example.com"
    assert dkim.sign(b"From: a@example.com\r\nSubject: s\r\n\r\nx\r\n", key).startswith(b"DKIM-Signature:")

    senders.make_default(session, second)
    session.commit()
    assert [sender.id for sender in senders.listed(session)] == [second.id, first.id]
    assert not senders.get(session, first.id).is_default


def test_a_new_key_gets_a_selector_of_its_own(session):
    sender = senders.create(session, Identity("News", "news@example.com"))
    old = sender.dkim_key
    senders.new_key(session, sender)
    assert sender.dkim_selector == "campaigns2"
    assert sender.dkim_key != old
    senders.new_key(session, sender)
    assert sender.dkim_selector == "campaigns3"


def test_a_second_key_signs_beside_the_first(session):
    sender = senders.create(session, Identity("News", "news@example.com"))
    assert [key.selector for key in dns_records.keys_of(sender)] == ["campaigns"]

    senders.new_second_key(session, sender)
    session.commit()
    assert "PRIVATE" not in sender.second_key
    first, second = dns_records.keys_of(sender)
    assert (first, second.selector) == (dns_records.keys_of(sender)[0], "campaigns-ed")
    signed = dkim.sign(b"From: a@example.com\r\nSubject: s\r\n\r\nx\r\n", second)
    assert b"a=ed25519-sha256" in signed

    senders.remove_second_key(session, sender)
    assert [key.selector for key in dns_records.keys_of(sender)] == ["campaigns"]
    senders.new_second_key(session, sender)
    assert [key.selector for key in dns_records.keys_of(sender)] == ["campaigns", "campaigns-ed2"]
    acts = list(session.scalars(sa.select(AuditEntry.act).order_by(AuditEntry.id)))
    assert acts == [
        *("sender.create", "sender.new_second_key", "sender.remove_second_key", "sender.new_second_key"),
    ]


def test_a_second_key_needs_a_first(session):
    sender = factories.make_sender(session, "bare@example.com")
    sender.dkim_key = ""

    with pytest.raises(Conflict):
        senders.new_second_key(session, sender)
    sender.second_key = "left over"
    assert dns_records.keys_of(sender) == []


@pytest.mark.parametrize(
    ("identity", "field"),
    [
        (Identity("", "news@example.com"), "name"),
        (Identity("x" * 201, "news@example.com"), "name"),
        (Identity("News", "nobody"), "address"),
        (Identity("News", "a@example.com\r\nBcc: b@example.com"), "address"),
        (Identity("News", "news@example.com", "no"), "reply_to"),
        (Identity("News", "news@example.com", bounce_domain="a b"), "bounce_domain"),
        (Identity("News", "taken@example.com"), "address"),
    ],
)
def test_what_a_sender_can_not_be(session, identity, field):
    senders.create(session, Identity("Taken", "taken@example.com"))
    with pytest.raises(BadInput) as caught:
        senders.create(session, identity)
    assert caught.value.field == field


def test_a_sender_can_be_changed_and_removed_unless_used(session):
    campaign = factories.make_campaign(session)
    used = senders.by_address(session, "NEWS@example.com")
    senders.change(session, used, Identity("New name", "news@example.com"))
    assert used.name == "New name"
    with pytest.raises(Conflict, match=campaign.name):
        senders.remove(session, used)
    free = senders.create(session, Identity("Free", "free@example.com"))
    senders.remove(session, free)
    session.flush()
    for ask in (
        lambda: senders.get(session, free.id),
        lambda: senders.by_address(session, "free@example.com"),
    ):
        with pytest.raises(NotFound):
            ask()
