"""One form for each address, on the quick road as on the thorough one."""

import unicodedata

import pytest
from email_validator import EmailNotValidError, validate_email
from hypothesis import given, settings
from hypothesis import strategies as st

from campaigns.contacts.addresses import AddressProblem, AddressReason, canonical


@pytest.mark.parametrize(
    ("given_text", "kept"),
    [
        ("anna@example.com", "anna@example.com"),
        ("  Anna.Nováková@Example.COM\u200b\n", "anna.nováková@example.com"),
        ("ANNA+Offers@EXAMPLE.com", "anna+offers@example.com"),
        ("anna@xn--pota-h6a.example.com", "anna@pošta.example.com"),
        ("Anna@POŠTA.example.com", "anna@pošta.example.com"),
        (unicodedata.normalize("NFD", "žofie@pošta.example.com"), "žofie@pošta.example.com"),
        ("anna@straße.example.com", "anna@straße.example.com"),
        ("STRAßE@example.com", "straße@example.com"),
        ("anna@firm.test", "anna@firm.test"),
        ("o'brien@example.org", "o'brien@example.org"),
        ("\ufeffanna@example.com\xa0", "anna@example.com"),
    ],
)
def test_an_address_has_one_form(given_text, kept):
    address = canonical(given_text)

    assert address.email == kept
    assert address.domain == kept.rpartition("@")[2]
    assert canonical(kept) == address


@pytest.mark.parametrize(
    ("given_text", "reason"),
    [
        ("", AddressReason.MISSING),
        (" \t\u200b ", AddressReason.MISSING),
        ("anna at example.com", AddressReason.NO_AT),
        ("anna@", AddressReason.DOMAIN),
        ("anna@localhost", AddressReason.DOMAIN),
        ("anna@example", AddressReason.DOMAIN),
        ("anna@example..com", AddressReason.DOMAIN),
        ("anna@-example.com", AddressReason.DOMAIN),
        ("anna@[127.0.0.1]", AddressReason.DOMAIN),
        ("anna@" + "a" * 400 + ".com", AddressReason.DOMAIN),
        ("@example.com", AddressReason.LOCAL_PART),
        ("anna@@example.com", AddressReason.LOCAL_PART),
        ("anna nova@example.com", AddressReason.LOCAL_PART),
        ("anna..nova@example.com", AddressReason.LOCAL_PART),
        ("anna,nova@example.com", AddressReason.LOCAL_PART),
        ('"anna"@example.com', AddressReason.LOCAL_PART),
        ("Anna <anna@example.com>", AddressReason.DOMAIN),
        ("anna\r\nBcc: eve@example.com", AddressReason.LOCAL_PART),
        ("anna@example.com\r\nBcc: eve", AddressReason.DOMAIN),
        ("a" * 65 + "@example.com", AddressReason.TOO_LONG),
        ("ž" * 33 + "@example.com", AddressReason.TOO_LONG),
        ("a@" + ".".join(["b" * 60] * 4) + ".example.com", AddressReason.DOMAIN),
        ("a" * 60 + "@" + ".".join(["b" * 60] * 3) + ".example.com", AddressReason.TOO_LONG),
    ],
)
def test_what_is_no_address_is_refused_with_its_reason(given_text, reason):
    with pytest.raises(AddressProblem) as refused:
        canonical(given_text)

    assert refused.value.reason == reason
    assert refused.value.status == 422
    assert "\r" not in refused.value.message
    assert "\n" not in refused.value.message


def _thorough(text: str) -> str | None:
    """The whole of email-validator, without any road of ours."""
    try:
        found = validate_email(text, check_deliverability=False, strict=True, test_environment=True)
    except EmailNotValidError:
        return None
    return f"{found.local_part.lower()}@{found.domain}"


_letters = st.sampled_from("abzAZ09._-+'!#{}|~@ ,;:<>()[]\"\\\x00\n")
_local = st.text(_letters, max_size=70)
_domain = st.one_of(
    st.sampled_from(
        ["example.com", "EXAMPLE.com", "firm.test", "pošta.example.com", "xn--pota-h6a.example.com"]
    ),
    st.text(st.sampled_from("abAB01.-_ šß。\n"), max_size=20).map(lambda text: f"{text}.example.com"),
    st.builds(lambda n: ".".join(["b" * n] * 4) + ".example.com", st.integers(40, 63)),
)


@settings(max_examples=1500, deadline=None)
@given(_local, _domain)
def test_the_quick_road_agrees_with_email_validator(local, domain):
    text = f"{local}@{domain}".strip()
    try:
        ours = canonical(text).email
    except AddressProblem:
        ours = None

    assert ours == _thorough(text)


@settings(max_examples=1000, deadline=None)
@given(st.text(min_size=1, max_size=12), st.sampled_from(["example.com", "pošta.example.com"]))
def test_a_canonical_address_stays_as_it_is(local, domain):
    try:
        kept = canonical(f"{local}@{domain}")
    except AddressProblem:
        return

    assert canonical(kept.email) == kept
    assert len(kept.email.encode()) <= 254
    assert kept.email == unicodedata.normalize("NFC", kept.email.lower())
