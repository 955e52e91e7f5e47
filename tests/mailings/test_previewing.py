"""Previews and test letters."""

import dkim
import pytest

from campaigns.errors import BadInput, NotReady
from campaigns.mailings import preparing, previewing, scheduling, senders, trying
from campaigns.mailings.composing import Draft
from campaigns.settings import Smtp
from tests import factories

DRAFT = Draft(
    "x", "Hi {{ contact.first_name }}", "<p>Dear {{ contact.first_name }} {{ Nickname }}</p>", "html"
)


@pytest.fixture
def ann(session):
    factories.make_organisation(session)
    return factories.make_contact(session, "ann@example.com", first_name="Ann", last_name="Ždárská")


def test_a_draft_is_seen_as_a_contact_or_as_nobody(session, ann):
    seen = previewing.of_draft(session, DRAFT, ann.id)
    assert seen.subject == "Hi Ann"
    assert "Dear Ann" in seen.html
    assert "Dear Ann" in seen.text
    assert seen.unknown == ("Nickname",)
    assert seen.empty == ("Nickname",)
    assert "1 Long Lane" in seen.html
    assert not seen.clipped
    assert previewing.of_draft(session, DRAFT).subject == "Hi Anna"
    assert previewing.of_draft(session, DRAFT, 999_999).subject == "Hi Anna"


def test_holes_are_named(session):
    bare = factories.make_contact(session, "bare@example.com")
    assert "contact.first_name" in previewing.of_draft(session, DRAFT, bare.id).empty


def test_the_dark_view_turns_the_letters_own_dark_styles_on(session):
    source = "<style>@media (prefers-color-scheme: dark) { p { color: #fff } }</style><p>x</p>"
    seen = previewing.of_draft(session, Draft("x", "S", source, "html"))
    assert "prefers-color-scheme: dark" in seen.html
    assert "@media (min-width: 0px)" in seen.seen("dark")
    assert "@media (max-width: 0px)" in seen.seen("desktop")
    assert "prefers-color-scheme: dark" not in seen.seen("dark") + seen.seen("phone")


def test_a_launched_campaign_shows_what_was_frozen(session, ann):
    campaign = preparing.get(session, factories.make_campaign(session).id)
    scheduling.send_now(session, campaign)
    campaign.template.subject = "Changed"
    session.commit()
    assert previewing.of_campaign(session, preparing.get(session, campaign.id), ann.id).subject == "News"


def test_contacts_are_found_by_any_name_or_address(session, ann):
    factories.make_contact(session, "zora@example.com", first_name="Zora")
    for words in ("ann", "Ždá", "zdar", "ANN@ex"):
        assert [contact.id for contact in previewing.find_contacts(session, words)] == [ann.id]
    assert len(previewing.find_contacts(session, "")) == 2
    assert previewing.find_contacts(session, "%") == []


def test_a_test_letter_is_signed_and_counted_nowhere(session, ann, settings, smtp_server):
    settings.smtp = Smtp(host=smtp_server.host, port=smtp_server.port, tls="none")
    campaign = preparing.get(session, factories.make_campaign(session).id)
    senders.new_key(session, campaign.sender)
    letter, raw = trying.write(session, campaign, "me@example.com", ann.id)
    trying.send(letter, raw)

    (received,) = smtp_server.letters
    assert received.to == ["me@example.com"]
    assert received.message["Subject"] == "[Test] News"
    assert received.message["From"] == "Example Tools <news@example.com>"
    assert "Dear Ann" in received.message.get_body(("plain",)).get_content()
    record = dkim_record(campaign.sender)
    assert dkim.verify(received.raw, dnsfunc=lambda name, **_: record)


def dkim_record(sender):
    from campaigns.mailings import dns_records

    return next(value.encode() for kind, _name, value in dns_records.wanted(sender) if kind == "DKIM")


def test_a_refused_test_letter_says_why(session, ann, settings, smtp_server):
    settings.smtp = Smtp(host=smtp_server.host, port=smtp_server.port, tls="none")
    smtp_server.at_rcpt["*"] = "550 5.1.1 No such user"
    campaign = preparing.get(session, factories.make_campaign(session).id)
    with pytest.raises(NotReady, match="No such user"):
        trying.send(*trying.write(session, campaign, "me@example.com"))


def test_a_broken_template_can_not_be_tried(session, ann):
    campaign = factories.make_campaign(session, template=factories.make_template(session, "{{ oops"))
    with pytest.raises(BadInput, match="Line 1"):
        trying.write(session, preparing.get(session, campaign.id), "me@example.com")
