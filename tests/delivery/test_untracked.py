"""With tracking off, the letters of two people differ in nothing but what was merged into them."""

import re

import pytest

from campaigns.consent.models import Act, Purpose
from tests import factories
from tests.delivery.launching import launch, plan, send

LETTER = (
    "<p>Dear {{ contact.first_name }} {{ contact.last_name }},</p>"
    "{% if contact.city %}<p>In {{ contact.city }}</p>{% endif %}"
    '<p><a href="https://example.com/offer?a=1&amp;b=2">Look</a> and '
    '<a href="https://example.com/more">more</a></p><img src="https://example.com/logo.png" alt="">'
)
PEOPLE = {"anna@example.com": ("Anna", "Nová", "Zlín"), "oleg@example.com": ("Oleg", "Petr", "Kyiv")}
# What a letter says of its recipient: links of their own pages, its number, where bounces go, when it left.
_OWN = (
    (rb"(/[up]/|mailto:unsubscribe\+)[\w-]+", rb"\1TOKEN"),
    (rb"(?im)^(Message-ID: <)[^>]+", rb"\1NUMBER"),
    (rb"(?im)^(Date: ).*", rb"\1NOW"),
)


def _plain(raw: bytes, address: str) -> bytes:
    """The letter with each merge field in the place of its value."""
    raw = re.sub(rb"=\r\n", b"", raw)  # where quoted-printable breaks a line follows from the values
    for pattern, instead in _OWN:
        raw = re.sub(pattern, instead, raw)
    raw = raw.replace(address.encode(), b"ADDRESS")
    for value, name in zip(PEOPLE[address], (b"FIRST", b"LAST", b"CITY"), strict=True):
        for form in (value.encode(), re.sub(rb"[\x80-\xff]", lambda c: b"=%02X" % c[0][0], value.encode())):
            raw = raw.replace(form, name)
    return re.sub(rb"=\?utf-8\?[^?]+\?[^?]+\?=", b"FIRST LAST", raw)


@pytest.mark.parametrize("by", ["organisation", "campaign", "both"])
def test_two_letters_are_the_same_bytes_but_for_merge_fields(session, mail, by):
    organisation = factories.make_organisation(session)
    off, on = {"track_opens": "off", "track_clicks": "off"}, {"track_opens": "identified"}
    for name, value in (off if by != "campaign" else on).items():
        setattr(organisation, name, value)
    for email, (first, last, city) in PEOPLE.items():
        contact = factories.make_contact(session, email, first_name=first, last_name=last, city=city)
        act = Act.GRANTED if email == "anna@example.com" else Act.WITHDRAWN  # one may be followed, one not
        factories.grant_consent(session, contact, Purpose.TRACKING, act)
    campaign = launch(session, html=LETTER, **(off if by != "organisation" else {}))
    plan(campaign)
    send(campaign)

    first, second = (_plain(letter.raw, letter.to[0]) for letter in mail.letters)
    assert first == second
    assert {letter.to[0] for letter in mail.letters} == set(PEOPLE)
    for letter in mail.letters:
        assert b"https://example.com/more" in re.sub(rb"=\r\n", b"", letter.raw)
        assert not re.search(rb"localhost/(?!u/|p/)", re.sub(rb"=\r\n", b"", letter.raw))
