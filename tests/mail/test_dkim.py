"""Signatures that other people's programs verify: dkimpy for RSA, OpenDKIM for both algorithms."""

import dkim as dkimpy
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from campaigns.mail import compile, dkim
from campaigns.mail.dkim import DkimKey
from campaigns.mail.smtp import Relay, SmtpConnection
from tests.mail.letters import SCRIPTS, letter
from tests.mail.opendkim import OpenDkim

LINES = st.text(st.sampled_from("a . ,=-\t\r\n Ж"), max_size=200)


@pytest.fixture(scope="module", params=["rsa", "ed25519"])
def signer(request):
    """A key, its record, and OpenDKIM knowing it."""
    pem, record = dkim.new_key(request.param)
    verifier = OpenDkim(record)
    if not verifier.works:
        verifier.close()
        pytest.skip("needs opendkim-testmsg (Debian: opendkim-tools) and the right to make namespaces")
    yield DkimKey("example.com", "s1", pem), verifier
    verifier.close()


@pytest.fixture(scope="module")
def rsa():
    """An RSA key, and dkimpy knowing it."""
    pem, record = dkim.new_key()
    key = DkimKey("example.com", "s1", pem)
    assert dkim.dns_name(key) == "s1._domainkey.example.com"
    return key, lambda raw: dkimpy.verify(raw, dnsfunc=lambda name, timeout=5: record.encode())


@settings(max_examples=150, deadline=None)
@given(html=LINES, text=LINES, subject=SCRIPTS, name=SCRIPTS)
def test_dkimpy_verifies_every_letter(rsa, html, text, subject, name):
    key, is_good = rsa

    assert is_good(dkim.sign(compile.build(letter(html=html, text=text, subject=subject, to_name=name)), key))


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(html=LINES, text=LINES, subject=SCRIPTS, name=SCRIPTS)
def test_opendkim_verifies_every_letter(signer, html, text, subject, name):
    key, verifier = signer
    raw = compile.build(letter(html=html, text=text, subject=subject, to_name=name))

    assert verifier.objection(dkim.sign(raw, key)) == ""


@pytest.mark.parametrize("body", [b"", b"\r\n\r\n", b"a  \r\n\t b\r\n\r\n\r\n", b"no end", b"..\r\n.\r\n"])
def test_odd_bodies_verify_too(rsa, signer, body):
    raw = (
        b"From: a@example.com\r\nDate: Sun, 22 Nov 2026 09:30:00 +0000\r\n"
        b"Subject:  two  blanks \r\n\tfolded\r\nX-Other: x\r\n\r\n" + body
    )

    assert rsa[1](dkim.sign(raw, rsa[0]))
    assert signer[1].objection(dkim.sign(raw, signer[0])) == ""


@pytest.mark.parametrize("body", [b"a\r\r\n", b"a \r\n\r\n", b"\r\n\r\na \t\r\n"])
def test_only_whole_line_breaks_at_the_end_are_left_out(rsa, body):
    raw = b"From: a@example.com\r\nDate: Sun, 22 Nov 2026 09:30:00 +0000\r\nSubject: s\r\n\r\n" + body

    assert b"c=relaxed/simple;" in dkim.sign(raw, rsa[0])
    assert rsa[1](dkim.sign(raw, rsa[0]))
    assert rsa[1](dkim.sign(raw, rsa[0]) + b"\r\n\r\n")


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (b"Hello", b"Hullo"),
        (b"Subject: New", b"Subject: Old"),
        (b"\r\nDate:", b"\r\nSubject: another\r\nDate:"),
        (b"\r\nDate:", b"\r\nFrom: other@example.com\r\nDate:"),
        (b"One-Click", b"Two-Click"),
        (b"https://example.com/u/", b"https://example.net/u/"),
        (b"ann@example.org", b"eve@example.org"),
        (b"abc.1@", b"abc.2@"),
        (b"Feedback-ID: 7", b"Feedback-ID: 8"),
    ],
)
def test_no_signed_part_can_be_changed_or_doubled(rsa, signer, before, after):
    raw = compile.build(letter())

    assert not rsa[1](dkim.sign(raw, rsa[0]).replace(before, after, 1))
    assert signer[1].objection(dkim.sign(raw, signer[0]).replace(before, after, 1)) != ""


def test_two_signatures_stand_beside_each_other(rsa):
    ed25519 = DkimKey("example.com", "s2", dkim.new_key("ed25519")[0])
    raw = dkim.sign(dkim.sign(compile.build(letter()), ed25519), rsa[0])

    assert raw.count(b"DKIM-Signature:") == 2
    assert rsa[1](raw)


def test_the_domain_is_signed_for_as_an_a_label(rsa):
    key = DkimKey("müller.example", "s1", rsa[0].private_key)

    assert b"d=xn--mller-kva.example;" in dkim.sign(compile.build(letter()), key)


def test_a_key_does_not_show_itself():
    key = DkimKey("example.com", "s1", dkim.new_key()[0])

    assert "PRIVATE" not in repr(key)


def test_a_signature_survives_the_way(rsa, signer, smtp_server):
    for key, objection in (
        (rsa[0], lambda raw: "" if rsa[1](raw) else "bad"),
        (signer[0], signer[1].objection),
    ):
        raw = dkim.sign(compile.build(letter(text=".\n..\n. x  \n\n\n", html="<p>.</p>")), key)
        with SmtpConnection(Relay(smtp_server.host, smtp_server.port, tls="none")) as smtp:
            smtp.send("b@example.com", "ann@example.org", raw)

        assert smtp_server.letters[-1].raw == raw
        assert objection(smtp_server.letters[-1].raw) == ""
