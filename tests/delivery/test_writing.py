"""Writing: what every letter carries, how far it follows its reader, and that it is the same each time."""

import email
import email.policy
import re

import dkim as verifier
import pytest
import sqlalchemy as sa

from campaigns import sealing, tokens
from campaigns.accounts.models import Organisation, Tracking
from campaigns.database import reading, transaction
from campaigns.delivery import batches, claiming, owning, writing
from campaigns.delivery.models import Segment
from campaigns.mail import dkim
from campaigns.mailings.models import Campaign
from campaigns.tokens import Purpose
from tests import factories
from tests.delivery.launching import launch, plan, segments

LINKS = '<p>{{ contact.first_name }}</p><a href="https://example.com/a?b=1&amp;c=2">one</a> <a href="https://example.com/z">two</a>'


def letters(campaign) -> dict[str, writing.Finished]:
    """Everybody's letter, by address, as a worker would write it now."""
    if not segments(campaign):
        plan(campaign)
    with transaction() as session:
        session.execute(sa.update(Segment).values(lease_until=None))
        lease = claiming.lease(session, campaign.id, segments(campaign)[0].id, owning.new())
    with reading() as session:
        edition = writing.edition(session, session.get_one(Campaign, campaign.id))
        found = batches.read(session, batches.who_waits(lease, campaign.purpose), edition, -1, 100).recipients
        return {one.address: writing.write(edition, one) for one in found}


def parsed(letter: writing.Finished):
    return email.message_from_bytes(letter.raw, policy=email.policy.default)


def html_of(letter: writing.Finished) -> str:
    return parsed(letter).get_body(("html",)).get_content()


def test_every_letter_says_how_to_leave_and_where_failures_go(session):
    ann = factories.make_contact(session, "ann@example.com", first_name="Ann", last_name="Lee")
    sender = factories.make_sender(session, bounce_domain="bounce.example.com", reply_to="desk@example.com")
    campaign = launch(session, html=LINKS, sender=sender)
    letter = letters(campaign)["ann@example.com"]
    message = parsed(letter)

    for name in (
        "From",
        "To",
        "Subject",
        "Date",
        "Message-ID",
        "MIME-Version",
        "List-Unsubscribe",
        "List-Id",
    ):
        assert len(message.get_all(name)) == 1, name
    assert message["From"] == "Example Tools <news@example.com>"
    assert message["To"] == "Ann Lee <ann@example.com>"
    assert message["Reply-To"] == "desk@example.com"
    assert message["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert message["List-Id"] == "<mail.example.com>"
    assert message["Feedback-ID"] == f"{campaign.id}:mail:campaign:example"
    page, by_letter = re.fullmatch(
        r"<http://localhost/u/([\w-]+)>, <mailto:unsubscribe\+([\w-]+)@bounce\.example\.com>",
        message["List-Unsubscribe"],
    ).groups()
    assert page == by_letter
    contact_id, message_id = tokens.read(Purpose.UNSUBSCRIBE, page)
    assert contact_id == ann.id
    token = re.fullmatch(r"b\+([\w-]+)@bounce\.example\.com", letter.envelope_from)[1]
    assert tokens.read(Purpose.BOUNCE, token) == (message_id,)
    assert tokens.read(Purpose.MESSAGE_ID, message["Message-ID"][1:].partition("@")[0]) == (message_id,)
    assert message["Message-ID"].endswith("@example.com>")
    assert f"/u/{page}" in html_of(letter)


def test_the_same_message_has_the_same_name_whenever_it_is_written(session):
    factories.make_contact(session, "ann@example.com")
    campaign = launch(session, html=LINKS)

    first, second = (letters(campaign)["ann@example.com"] for _time in range(2))

    assert parsed(first)["Message-ID"] == parsed(second)["Message-ID"]
    assert first.envelope_from == second.envelope_from


@pytest.mark.parametrize(
    ("organisation", "campaign_level", "asked", "level"),
    [
        (Tracking.IDENTIFIED, Tracking.IDENTIFIED, None, "c"),
        (Tracking.ANONYMOUS, Tracking.IDENTIFIED, None, "a/c"),
        (Tracking.ANONYMOUS, Tracking.IDENTIFIED, True, "c"),
        (Tracking.ANONYMOUS, Tracking.ANONYMOUS, True, "a/c"),
        (Tracking.OFF, Tracking.IDENTIFIED, True, ""),
        (Tracking.IDENTIFIED, Tracking.OFF, True, ""),
    ],
)
def test_links_and_pixel_follow_as_far_as_all_three_allow(
    session, organisation, campaign_level, asked, level
):
    firm = factories.make_organisation(session)
    firm.track_opens = firm.track_clicks = organisation
    factories.make_contact(session, "ann@example.com", tracked=bool(asked))
    campaign = launch(session, html=LINKS, track_opens=campaign_level, track_clicks=campaign_level)

    html = html_of(letters(campaign)["ann@example.com"])

    links = re.findall(r'href="(http://localhost/(?:a/)?c/[^"]+)"', html)
    pixels = re.findall(r'src="(http://localhost/(?:a/)?o/[^"]+)\.gif"', html)
    if not level:
        assert not links
        assert not pixels
        assert "https://example.com/a?b=1&amp;c=2" in html
        return
    assert len(links) == 2
    assert len(pixels) == 1
    names = [link.removeprefix(f"http://localhost/{level}/") for link in links]
    if level == "c":
        assert [tokens.read(Purpose.CLICK, name)[1] for name in names] == [1, 2]
        assert tokens.read(Purpose.OPEN, pixels[0].rpartition("/")[2])
    else:
        assert [tokens.read(Purpose.COUNT_CLICK, name) for name in names] == [
            (campaign.id, 1),
            (campaign.id, 2),
        ]
        assert tokens.read(Purpose.COUNT_OPEN, pixels[0].rpartition("/")[2]) == (campaign.id,)


def test_untracked_letters_differ_in_nothing_but_their_merge_fields(session):
    firm = factories.make_organisation(session)
    firm.track_opens = firm.track_clicks = Tracking.OFF
    for name in ("ann@example.com", "bob@example.com"):
        factories.make_contact(session, name, first_name=name[:3].title())
    campaign = launch(session, html=LINKS)

    def bare(letter: writing.Finished, name: str) -> str:
        own = html_of(letter).replace(name, "NAME")
        return re.sub(r"http://localhost/[up]/[\w-]+", "OWN", own)

    found = letters(campaign)
    assert bare(found["ann@example.com"], "Ann") == bare(found["bob@example.com"], "Bob")


def test_letters_are_signed_with_the_senders_key(session):
    pem, record = dkim.new_key()
    sender = factories.make_sender(session, dkim_selector="s1", dkim_key=sealing.seal(pem))
    factories.make_contact(session, "ann@example.com", first_name="Zoë")
    campaign = launch(session, html=LINKS, subject="Ahoj {{ contact.first_name }}", sender=sender)

    raw = letters(campaign)["ann@example.com"].raw

    assert verifier.verify(raw, dnsfunc=lambda name, timeout=5: record.encode())
    covered = re.search(rb"h=([^;]+);", raw)[1].lower()
    assert b"list-unsubscribe:" in covered
    assert b"list-unsubscribe-post" in covered


def test_a_name_that_was_made_to_break_headers_does_not(session):
    factories.make_contact(session, "ann@example.com", first_name="Ann\r\nBcc: eve@example.com")
    campaign = launch(session, html=LINKS, subject="Hi {{ contact.first_name }}")

    message = parsed(letters(campaign)["ann@example.com"])

    assert message["Bcc"] is None
    assert "eve@example.com" in message["To"].addresses[0].display_name


def test_what_is_edited_after_the_launch_is_not_sent(session):
    factories.make_contact(session, "ann@example.com")
    campaign = launch(session, html="<p>As agreed</p>")
    with transaction() as other:
        row = other.get_one(Campaign, campaign.id)
        other.execute(sa.update(type(campaign.template)).values(source="<p>Changed</p>"))
        other.execute(sa.update(type(campaign.sender)).values(name="Somebody", address="x@example.net"))
        assert row.revision_id

    letter = letters(campaign)["ann@example.com"]

    assert "As agreed" in html_of(letter)
    assert parsed(letter)["From"] == "Example Tools <news@example.com>"


def test_without_an_organisation_nobody_is_followed(session):
    factories.make_contact(session, "ann@example.com", tracked=True)
    campaign = launch(session, html=LINKS)
    session.execute(sa.delete(Organisation))
    session.commit()

    assert "/c/" not in html_of(letters(campaign)["ann@example.com"])


def test_what_is_known_of_many_contacts_at_once(session):
    firm = factories.make_organisation(session)
    firm.track_opens = firm.track_clicks = Tracking.IDENTIFIED
    ann = factories.make_contact(session, "ann@example.com", first_name="Ann", tracked=True)
    bob = factories.make_contact(session, "bob@example.com", first_name="Bob")
    campaign = launch(session, html=LINKS)

    with reading() as fresh:
        edition = writing.edition(fresh, fresh.get_one(Campaign, campaign.id))
        found = writing.known(fresh, [ann.id, bob.id, 10**9], edition)

    assert {id_: (one.contact["first_name"], one.said) for id_, one in found.items()} == {
        ann.id: ("Ann", "granted"),
        bob.id: ("Bob", None),
    }
