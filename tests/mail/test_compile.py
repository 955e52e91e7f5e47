"""Letters as bytes: whatever goes in, one well-formed message comes out or a clear refusal."""

import email
import email.policy
import quopri
import random
from datetime import UTC, datetime
from email.header import decode_header, make_header
from email.message import EmailMessage
from email.utils import parsedate_to_datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from campaigns.mail import compile, reading
from campaigns.mail.letter import HeaderProblem
from tests.mail.letters import ODD, PIECES, PLAIN, SCRIPTS, letter

ONCE = ("from", "to", "subject", "date", "mime-version", "message-id", "content-type")
FIELDS = (
    "from_name",
    "to_name",
    "from_address",
    "to_address",
    "reply_to",
    "subject",
    "message_id",
    "name",
    "value",
)


def head_of(raw: bytes) -> list[tuple[str, str]]:
    """The header fields, read strictly; fails where a line is neither a field nor a continuation."""
    head = raw.partition(b"\r\n\r\n")[0].decode()
    fields: list[list[str]] = []
    for line in head.split("\r\n"):
        if line.startswith((" ", "\t")):
            assert line.strip(), "a folded line with nothing on it"
            fields[-1][1] += line
        else:
            name, colon, value = line.partition(":")
            assert colon, line
            assert name.isascii(), line
            assert " " not in name, line
            fields.append([name.lower(), value.strip()])
    return [(name, value) for name, value in fields]


def assert_well_formed(raw: bytes) -> None:
    assert b"\0" not in raw
    assert raw.replace(b"\r\n", b"").count(b"\r") == raw.replace(b"\r\n", b"").count(b"\n") == 0
    assert max(map(len, raw.split(b"\r\n"))) <= 998
    names = [name for name, _value in head_of(raw)]
    assert [names.count(name) for name in ONCE] == [1] * len(ONCE)
    assert len(names) == len(set(names))


@settings(max_examples=1000, deadline=None)
@given(field=st.sampled_from(FIELDS), odd=ODD)
def test_nothing_that_is_put_in_a_header_makes_another(field, odd):
    assert_no_other_header(field, odd)


def test_ten_thousand_mixtures_of_what_attackers_write_make_no_other_header():
    mix = random.Random(7)
    for _number in range(10_000):
        odd = "".join(mix.choices(PIECES, k=mix.randint(1, 5)))
        assert_no_other_header(mix.choice(FIELDS), odd)


def assert_no_other_header(field: str, odd: str) -> None:
    """Put it into one place of a letter: the letter is refused, or has the headers it should have."""
    changes = {field: odd}
    if field in ("name", "value"):
        pair = (odd, "fine") if field == "name" else ("X-Odd", odd)
        changes = {"headers": (*PLAIN.headers, pair)}

    try:
        raw = compile.build(letter(**changes))
    except HeaderProblem:
        return

    assert_well_formed(raw)
    expected = {*ONCE, *(name.lower() for name, _value in PLAIN.headers)}
    extra = {name for name, _value in head_of(raw)} - expected
    assert extra <= {"reply-to", "x-odd", odd.lower() if field == "name" else ""}
    assert "bcc" not in extra


@settings(max_examples=400, deadline=None)
@given(names=st.tuples(SCRIPTS, SCRIPTS), subject=SCRIPTS, html=SCRIPTS, text=SCRIPTS)
def test_what_goes_in_comes_out_again(names, subject, html, text):
    raw = compile.build(letter(from_name=names[0], to_name=names[1], subject=subject, html=html, text=text))

    assert_well_formed(raw)
    message = email.message_from_bytes(raw)
    assert str(make_header(decode_header(message["Subject"]))) == " ".join(subject.split())
    for header, name, address in (
        ("From", names[0], "news@example.com"),
        ("To", names[1], "ann@example.org"),
    ):
        said = reading.readable(message[header])
        assert said.removesuffix(">").endswith(address)
        if len(name) <= 100 and name.split() and not name.isascii():
            assert said.rpartition(" <")[0] == " ".join(name.split())
    plain, rich = message.get_payload()
    assert plain.get_payload(decode=True).decode() == text.replace("\r\n", "\n").replace("\n", "\r\n")
    assert rich.get_content_type() == "text/html"
    assert rich.get_payload(decode=True).decode() == html


@settings(max_examples=300, deadline=None)
@given(name=st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=60))
def test_ascii_names_are_understood_by_pythons_own_parser(name):
    message = email.message_from_bytes(compile.build(letter(to_name=name)), policy=email.policy.default)

    (address,) = message["To"].addresses
    assert (address.display_name, address.addr_spec) == (" ".join(name.split()), "ann@example.org")
    assert not message.defects


@pytest.mark.parametrize(
    "name",
    [
        "Jörg “X” Böll, GmbH",
        "Анна Каренина",
        "עברית ואנגלית",
        "日本語の名前",
        "👩‍👩‍👧‍👦 Family",
        "e\u0301cole",
        "O'Neil (Bob)",
        'Ann "The Blade" Lee',
        "ann@example.com",
        "a\\b",
        "Lee, Ann",
        "x" * 61,
        "=?utf-8?q?fake?=",
    ],
)
def test_names_of_all_scripts_arrive(name):
    raw = compile.build(letter(to_name=name))

    said = email.message_from_bytes(raw)["To"]
    assert "\r\n" not in reading.readable(said)
    decoded = reading.readable(said).rpartition(" <")[0]
    assert decoded.strip('"').replace('\\"', '"').replace("\\\\", "\\") == name


def test_a_name_of_600_characters_is_cut_between_words():
    raw = compile.build(letter(to_name="Barbora " * 75))

    name = reading.field(raw, "To").rpartition(" <")[0]
    assert name.endswith("Barbora…")
    assert len(name) <= 100


def test_a_long_name_is_not_cut_inside_a_character():
    raw = compile.build(letter(to_name="👩‍👩‍👧‍👦" * 20))

    name = reading.field(raw, "To").rpartition(" <")[0]
    assert not name.rstrip("…").endswith("\u200d")


def test_one_click_unsubscribe_is_never_encoded_or_broken():
    url = "<https://example.com/u/" + "t" * 300 + ">"
    raw = compile.build(letter(headers=(("List-Unsubscribe", f"{url}, <mailto:u@example.com>"),)))

    assert f"List-Unsubscribe: {url},\r\n <mailto:u@example.com>\r\n".encode() in raw


def test_a_list_id_may_have_a_name_in_any_script():
    raw = compile.build(letter(headers=(("List-Id", "Nože a pily <7.news.example.com>"),)))

    said = dict(head_of(raw))["list-id"]
    assert said.startswith("=?utf-8?")
    assert said.endswith("?= <7.news.example.com>")
    assert reading.field(raw, "List-Id") == "Nože a pily <7.news.example.com>"


def test_domains_go_out_as_a_labels_and_local_parts_as_they_are():
    raw = compile.build(letter(to_address="jörg@müller.example"))

    assert "<jörg@xn--mller-kva.example>".encode() in raw
    assert compile.needs_smtputf8(letter(to_address="jörg@müller.example"))
    assert not compile.needs_smtputf8(letter(to_address="jorg@müller.example"))


@pytest.mark.parametrize(
    "address",
    [
        "",
        "ann",
        "ann@",
        "@example.com",
        "a b@example.com",
        "a@b@c.example",
        "a@-x.example",
        "a@exa mple.com",
        "a@example.com>",
        "a..b@example.com",
        '"a b"@example.com',
        "a@" + "x" * 300,
        "a\u2028b@example.com",
        "a@x..y",
    ],
)
def test_what_is_no_address_is_refused_by_name(address):
    with pytest.raises(HeaderProblem) as caught:
        compile.build(letter(to_address=address))

    assert caught.value.field == "To"
    assert caught.value.status == 422


@pytest.mark.parametrize(
    "header",
    [
        ("From", "x@example.com"),
        ("SUBJECT", "x"),
        ("Content-Type", "text/html"),
        ("DKIM-Signature", "x"),
        ("Bcc", "x"),
        ("List-Id", "<a.example.com>"),
        ("X y", "1"),
        ("", "1"),
        ("X:", "1"),
        ("Feedback-ID", "kampaň"),
        ("List-Help", "<https://example.com/" + "x" * 1000 + ">"),
    ],
)
def test_headers_that_are_ours_or_none_are_refused(header):
    with pytest.raises(HeaderProblem):
        compile.build(letter(headers=(*PLAIN.headers, header)))


def test_the_text_comes_first_and_nothing_is_8_bit():
    raw = compile.build(letter(html="<p>žluťoučký</p>", text="žluťoučký"))

    message: EmailMessage = email.message_from_bytes(raw, policy=email.policy.default)
    assert [part.get_content_type() for part in message.iter_parts()] == ["text/plain", "text/html"]
    assert message.get_content_type() == "multipart/alternative"
    assert raw.isascii()


@pytest.mark.parametrize(
    ("body", "encoding"),
    [
        ("Hello " * 100, "quoted-printable"),
        ("Жёлтые листья " * 100, "base64"),
        ("日本語" * 50, "base64"),
        ("", "quoted-printable"),
        ("Žluté listí padá na dvůr a kůň stojí v dešti. " * 20, "quoted-printable"),
    ],
)
def test_latin_scripts_stay_readable_and_others_short(body, encoding):
    assert compile.encode_body(body)[0] == encoding


@pytest.mark.parametrize(
    "body",
    ["a\rb\r\nc\nd", "trailing \nblank\t\n", ".\n..\n.x", "x" * 3000, "\x01\x0b\x0c\x7f", "= =3D =\n=",
     *(f"{'x' * many} \n{'x' * many}é\t" for many in range(66, 80))],
)  # fmt: skip
def test_bodies_survive_odd_line_ends_and_lengths(body):
    encoding, encoded = compile.encode_body(body)

    assert encoding == "quoted-printable"
    assert max(map(len, encoded.split(b"\r\n"))) <= 76
    assert quopri.decodestring(encoded).decode().replace("\r\n", "\n") == body.replace("\r\n", "\n").replace(
        "\r", "\n"
    )


def test_date_and_message_id_stand_as_given():
    raw = compile.build(letter(message_id="abc.1@example.com"))

    fields = dict(head_of(raw))
    assert fields["message-id"] == "<abc.1@example.com>"
    assert parsedate_to_datetime(fields["date"]) == datetime(2026, 11, 22, 9, 30, tzinfo=UTC)
