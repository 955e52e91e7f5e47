"""Signing by the hundred: the same bytes as one by one, and good to other people's programs."""

import threading

import dkim as dkimpy
import pytest
import time_machine
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
from hypothesis import given, settings
from hypothesis import strategies as st

from campaigns.mail import accelerator, compile, dkim
from campaigns.mail.dkim import DkimKey
from campaigns.mail.signing import Signer
from tests.mail.letters import SCRIPTS, letter
from tests.mail.opendkim import OpenDkim

RSA = DkimKey("example.com", "s1", dkim.new_key()[0])
ED25519 = DkimKey("example.com", "s2", dkim.new_key("ed25519")[0])
TEXT = st.text(st.sampled_from("a . ,=-\t\r\n Ж"), max_size=100)


def one_by_one(raw, keys):
    """The plain road: the letter with a signature of each key, the first key's on top."""
    for key in reversed(keys):
        raw = dkim.sign(raw, key)
    return raw


def at_once(raws, keys, **how):
    """The fast road: the letters, all with the same fields, signed together."""
    covered = [dkim.covered(raw) for raw in raws]
    (names,) = {tuple(names) for names, _fields, _body in covered}
    signer = Signer(keys, names, **how)
    signed = signer.sign([(fields, body) for _names, fields, body in covered])
    return [signature + raw for signature, raw in zip(signed, raws, strict=True)]


@pytest.mark.parametrize(
    "keys", [[], [RSA], [ED25519], [RSA, ED25519]], ids=["none", "rsa", "ed25519", "both"]
)
@settings(max_examples=40, deadline=None)
@given(data=st.lists(st.tuples(SCRIPTS, SCRIPTS, TEXT), max_size=19), reply_to=st.booleans())
def test_together_they_get_what_each_gets_alone(keys, data, reply_to):
    raws = [
        compile.build(
            letter(subject=subject, to_name=name, text=text, reply_to="a@example.com" if reply_to else "")
        )
        for subject, name, text in data
    ]

    with time_machine.travel(1_795_000_000, tick=False):
        for how in ({}, {"plain": True}):
            if raws:
                assert at_once(raws, keys, **how) == [one_by_one(raw, keys) for raw in raws]
    assert Signer(keys, ["from"]).sign([]) == []


def test_each_signature_bears_the_second_it_was_made_in():
    raw = compile.build(letter())
    names, fields, body = dkim.covered(raw)
    signer = Signer([RSA], names)
    for second in (1_795_000_000, 1_795_000_001, 1_795_000_000):
        with time_machine.travel(second, tick=False):
            (signed,) = signer.sign([(fields, body)])
            assert f"t={second};".encode() in signed
            assert signed + raw == dkim.sign(raw, RSA)


@pytest.mark.parametrize("count", [1, 2, 3, 8, 9, 11, 24])
def test_dkimpy_verifies_what_was_signed_together(count):
    raws = [compile.build(letter(subject=f"Letter {number}")) for number in range(count)]
    record = dkim.dns_value(RSA.private_key).encode()

    for number, raw in enumerate(at_once(raws, [RSA, ED25519])):
        assert dkimpy.verify(raw, dnsfunc=lambda name, timeout=5: record)
        assert raw.index(b"a=rsa-sha256") < raw.index(b"a=ed25519-sha256")
        other = raw.replace(b"Letter %d" % number, b"Letter x")
        assert not dkimpy.verify(other, dnsfunc=lambda name, timeout=5: record)


@pytest.mark.parametrize("key", [RSA, ED25519], ids=["rsa", "ed25519"])
@pytest.mark.parametrize("keys", [None, [RSA, ED25519]], ids=["alone", "both"])
def test_opendkim_verifies_either_signature(key, keys):
    """It knows one key only, so of two signatures it can heed no other."""
    verifier = OpenDkim(dkim.dns_value(key.private_key))
    if not verifier.works:
        verifier.close()
        pytest.skip("needs opendkim-testmsg (Debian: opendkim-tools) and the right to make namespaces")
    raws = [compile.build(letter(subject=f"Letter {number}")) for number in range(11)]

    signed = at_once(raws, keys or [key])
    assert [verifier.objection(raw) for raw in signed] == [""] * 11
    assert verifier.objection(signed[0].replace(b"Letter 0", b"Letter 9")) != ""
    verifier.close()


def test_keys_of_other_sizes_sign_too():
    bigger = generate_private_key(65537, 3072).private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    key = DkimKey("example.com", "s1", bigger.decode())
    raws = [compile.build(letter(subject=f"Letter {number}")) for number in range(8)]

    assert accelerator.prepared(dkim.parsed(key.private_key)) is None
    with time_machine.travel(1_795_000_000, tick=False):
        assert at_once(raws, [key]) == [dkim.sign(raw, key) for raw in raws]


def test_one_signer_serves_several_threads():
    raws = [compile.build(letter(subject=f"Letter {number}")) for number in range(12)]
    covered = [dkim.covered(raw) for raw in raws]
    signer = Signer([RSA, ED25519], covered[0][0])
    results = []

    def sign():
        for _again in range(10):
            results.append(signer.sign([(fields, body) for _names, fields, body in covered]))

    with time_machine.travel(1_795_000_000, tick=False):
        threads = [threading.Thread(target=sign) for _thread in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        expected = [one_by_one(raw, [RSA, ED25519]) for raw in raws]
    assert len(results) == 40
    assert all(
        [signature + raw for signature, raw in zip(signed, raws, strict=True)] == expected
        for signed in results
    )


def test_a_key_that_is_none_is_refused_at_once():
    with pytest.raises(ValueError):
        Signer([DkimKey("example.com", "s1", "no key")], ["from"])
