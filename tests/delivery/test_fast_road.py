"""The fast road says what the plain one says, whatever the letter and the contact; and refuses the same."""

import email
import email.policy
from dataclasses import replace
from datetime import datetime

import dkim as verifier
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from campaigns.accounts.models import Tracking
from campaigns.database import now
from campaigns.delivery import writing
from campaigns.delivery.editions import Edition, Recipient
from campaigns.delivery.writing import Finished
from campaigns.mail import dkim, press
from campaigns.mailings import rendering
from campaigns.mailings.language import TemplateProblem
from campaigns.mailings.models import Link
from tests.delivery.odd_letters import ADDRESSES, CONTACTS, FIRM, LEVELS, SENDER, SUBJECTS, TEMPLATES


@pytest.fixture(autouse=True)
def _settings(settings):
    """Settings of this test's own, with a key to sign tokens with."""


def edition_of(
    subject: str, html: str, text: str, opens=Tracking.IDENTIFIED, clicks=Tracking.IDENTIFIED, **changes
):
    """An edition with two links; raises TemplateProblem for what is no template."""
    links = [
        Link(position=1, url="https://example.com/a?b=1&c=2"),
        Link(position=2, url="https://example.com/.z"),
    ]
    made = Edition(
        campaign_id=7, purpose="mail:offers", letterer=rendering.letterer(subject, html, text, links),
        firm=FIRM, sender=SENDER, keys=(), track_opens=(opens, opens), track_clicks=(clicks, clicks),
        expires_at=now(),
    )  # fmt: skip
    return replace(made, **changes)


def reader(
    contact: dict, address: str = "ann@example.org", number: int = 5, said: str | None = None
) -> Recipient:
    return Recipient(number * 1000, number, address, 0, contact, said)


def both(edition: Edition, recipient: Recipient) -> tuple[Finished | Exception, Finished | Exception]:
    """The letter by the plain road, and by the fast one."""
    try:
        plain: Finished | Exception = writing.write(edition, recipient)
    except Exception as error:
        plain = error
    (fast,) = writing.write_many(edition, [recipient])
    return plain, fast


def assert_same(plain: Finished | Exception, fast: Finished | Exception) -> None:
    """Both say the same, or both refuse for the same reason; and the bytes are as they must be."""
    if isinstance(plain, Exception) or isinstance(fast, Exception):
        assert (type(plain), str(plain)) == (type(fast), str(fast))
        return
    assert (plain.envelope_from, plain.to, plain.envelope_id) == (
        fast.envelope_from,
        fast.to,
        fast.envelope_id,
    )
    one, other = (email.message_from_bytes(raw, policy=email.policy.default) for raw in (plain.raw, fast.raw))
    dates = [datetime.strptime(message["Date"], "%a, %d %b %Y %H:%M:%S %z") for message in (one, other)]
    assert abs((dates[0] - dates[1]).total_seconds()) < 10
    assert [item for item in one.items() if item[0] != "Date"] == [
        item for item in other.items() if item[0] != "Date"
    ]
    for kind in ("plain", "html"):
        said = [message.get_body((kind,)).get_payload(decode=True) for message in (one, other)]
        assert said[0] == said[1]
    assert len(list(other.walk())) == 3
    for raw in (plain.raw, fast.raw):
        assert_well_formed(raw)


def assert_well_formed(raw: bytes) -> None:
    """CRLF only, short lines, none with a dot in front or a blank behind, no header but ours."""
    assert raw.endswith(b"\r\n--=_letter--\r\n")
    bare = raw.replace(b"\r\n", b"")
    assert not {b"\r", b"\n", b"\0"} & {bare[at : at + 1] for at in range(len(bare))}
    head, _blank, body = raw.partition(b"\r\n\r\n")
    lines = body.split(b"\r\n")
    assert not [line for line in raw.split(b"\r\n") if line.startswith(b".")]
    assert not [line for line in lines if line.endswith((b" ", b"\t"))]
    assert max(map(len, lines)) <= 76
    assert max(map(len, head.split(b"\r\n"))) <= 998
    names = {line.partition(b":")[0] for line in head.split(b"\r\n") if line[:1] not in (b" ", b"\t")}
    assert names <= {
        b"From", b"To", b"Subject", b"Date", b"Message-ID", b"Reply-To", b"List-Unsubscribe", b"List-Id",
        b"List-Unsubscribe-Post", b"Feedback-ID", b"MIME-Version", b"Content-Type", b"DKIM-Signature",
    }  # fmt: skip


@settings(max_examples=300, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    subject=SUBJECTS, html=TEMPLATES, text=TEMPLATES, opens=LEVELS, clicks=LEVELS,
    contacts=st.lists(st.tuples(CONTACTS, ADDRESSES), min_size=1, max_size=3), data=st.data(),
)  # fmt: skip
def test_both_roads_say_the_same(subject, html, text, opens, clicks, contacts, data):
    marked = html + rendering.PIXEL if data.draw(st.booleans()) else html
    try:
        edition = edition_of(subject, marked, text, opens, clicks)
    except TemplateProblem:
        assume(False)
    for number, (contact, address) in enumerate(contacts, 1):
        assert_same(*both(edition, reader(contact, address, number * 10**6)))


ANN = {
    "first_name": "Ann", "last_name": "O'Neil & <b>", "name": "Ann O'Neil & <b>", "email": "ann@example.org",
    "language": "cs", "tags": ["vip", ".net"], "fields": {"size": 41, "born": "2000-02-29", "odd key": None},
}  # fmt: skip
PRESSABLE = (
    "Dear {{ contact.first_name|default('friend') }} of {{ firm.name }}\n.{{ contact.no or contact.city }}",
    "{% if contact.last_name %}.{{ contact.last_name }}{% else %}x{% endif %}{{ unsubscribe_url }}",
    "{% if firm.name %}{{ firm.postal_address }}{% elif contact.name %}no{% endif %}{{ web_url }}.",
    "{% for tag in contact.tags %}{{ tag|upper }}{{ link_2 }}\n{% endfor %}{{ contact.tags }}",
    "{% set mine = contact.first_name|upper %}{{ mine }}{% if mine %}{{ preferences_url }}{% endif %}",
    "{{ contact.fields.born|date('d. M. y') }} {{ 1234.5|money('CZK') }} {{ contact['fields']['size'] + 1 }}",
    "{% if unsubscribe_url %}{{ unsubscribe_url|replace('u', '.') }}{% endif %}{{ link_1|upper }}",
    "Жёлтые листья падают на мокрый двор. " * 20 + "{{ contact.last_name }} {{ link_1 }}",
    "",
)


@pytest.mark.parametrize("template", PRESSABLE)
@pytest.mark.parametrize("level", Tracking)
def test_what_letters_are_made_of_takes_the_fast_road(template, level):
    edition = edition_of(
        "For {{ contact.first_name }}: " + template[:40].partition("{")[0],
        f"<p>{template}</p>{rendering.PIXEL}",
        template,
        level,
        level,
    )
    recipient = reader(ANN)

    unsigned = writing.road(edition).write(recipient, press.to("Ann", "ann@example.org"))

    plain, fast = both(edition, recipient)
    assert_same(plain, fast)
    assert fast.raw.endswith(unsigned.body)


@pytest.mark.parametrize(
    "template",
    [
        "{% set firm = contact %}{{ firm.name }}{{ link_1 }}",
        "{% for contact in contact.tags %}{{ contact }}{% endfor %}",
        "{% set link_1 = 'x' %}{{ link_1 }}",
        f"<!--{{% if firm.name %}}pixel-->{{% endif %}}{rendering.PIXEL}",
        f"{{% for tag in contact.tags %}}{rendering.PIXEL}{{% endfor %}}",
        rendering.PIXEL * 2,
        "{{ firm.name|date('d', 1) }}",
    ],
)
def test_what_has_no_fast_form_is_written_all_the_same(template):
    assert_same(*both(edition_of("News", template, template), reader(ANN)))


@pytest.mark.parametrize(
    ("template", "contact"),
    [
        (
            "{% for a in contact.tags %}{% for b in contact.tags %}.{% endfor %}{% endfor %}",
            {"tags": 300 * ["x"]},
        ),
        ("{{ contact.first_name }}", {"first_name": "x" * 1_100_000}),
        ("{{ contact.first_name * 99999 }}", {"first_name": "x"}),
        ("{{ contact.tags }}", {"tags": ["x" * 600] * 99}),
        ("{{ contact.tags }}", {"tags": ["x"] * 60_000}),
        ("a\nb {{ contact.fields }}", {"fields": {"a": 1}}),
        ("{{ contact.fields.size|money('nonsense') }}", {}),
    ],
)
def test_limits_hold_on_both_roads_and_name_the_same(template, contact):
    plain, fast = both(edition_of("News", template, "x"), reader(ANN | contact))

    assert isinstance(plain, TemplateProblem)
    assert_same(plain, fast)


def test_one_contacts_data_hurts_nobody_else():
    edition = edition_of("Hi {{ contact.first_name }}", "<p>{{ contact.fields.size }}</p>", "x")
    bad = ANN | {"fields": {"size": {"a": 1}}}
    people = [
        reader(ANN, number=1),
        reader(bad, number=2),
        reader(ANN, "a b@example.org", 3),
        reader(ANN, number=4),
    ]

    written = writing.write_many(edition, people)

    assert [type(one).__name__ for one in written] == [
        "Finished",
        "TemplateProblem",
        "HeaderProblem",
        "Finished",
    ]
    assert written[3].envelope_id == writing.write(edition, people[3]).envelope_id


def test_without_a_senders_address_nobody_can_be_written_to():
    edition = edition_of("News", "x", "x", sender=SENDER | {"address": "a b@example.com"})

    assert {type(one).__name__ for one in writing.write_many(edition, [reader(ANN)] * 3)} == {"HeaderProblem"}


def test_letters_that_follow_nobody_differ_in_merge_fields_only():
    edition = edition_of(
        "News", PRESSABLE[0] + PRESSABLE[1] + rendering.PIXEL, PRESSABLE[1], *[Tracking.OFF] * 2
    )
    edition = replace(edition, letterer=replace(edition.letterer, text=edition.letterer.subject))
    ann, bob = ANN | {"last_name": "", "email": ""}, ANN | {"first_name": "Bob", "last_name": "", "email": ""}
    one, other = (
        letter.raw.partition(b"\r\n\r\n")[2].split(b"\r\n")
        for letter in writing.write_many(edition, [reader(ann), reader(bob)])
    )

    assert [pair for pair in zip(one, other, strict=True) if pair[0] != pair[1]] == [(b"Ann=", b"Bob=")]


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(html=TEMPLATES, contact=CONTACTS, address=ADDRESSES)
def test_dkimpy_verifies_what_either_road_signs(rsa, html, contact, address):
    key, record = rsa
    try:
        edition = edition_of("Hi {{ contact.first_name }}", html, html, keys=(key,))
    except TemplateProblem:
        assume(False)
    for letter in both(edition, reader(contact, address)):
        if isinstance(letter, Finished):
            assert verifier.verify(letter.raw, dnsfunc=lambda name, timeout=5: record.encode())


@pytest.fixture(scope="module")
def rsa():
    """A key, and its record."""
    pem, record = dkim.new_key()
    return dkim.DkimKey("example.com", "s1", pem), record


def test_both_keys_sign_every_letter(rsa):
    second = dkim.DkimKey("example.com", "s2", dkim.new_key("ed25519")[0])
    edition = edition_of("News", "<p>x</p>", "x", keys=(rsa[0], second))
    people = [reader(ANN, number=number) for number in range(1, 20)]

    for letter in writing.write_many(edition, people):
        assert letter.raw.count(b"DKIM-Signature: ") == 2
        assert letter.raw.index(b"s=s1;") < letter.raw.index(b"s=s2;")
        assert verifier.verify(letter.raw, dnsfunc=lambda name, timeout=5: rsa[1].encode())
