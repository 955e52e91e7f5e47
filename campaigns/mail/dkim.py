"""DKIM signatures (RFC 6376, RFC 8463): rsa-sha256 and ed25519-sha256, relaxed/relaxed."""

import base64
import hashlib
import re
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Literal

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key

from campaigns.mail.addresses import ascii_domain

# What a signature covers when it is there. From and Subject are named once more than they occur, so
# that nobody can add a second one on the way (RFC 6376, 8.15).
SIGNED = (
    *("from", "to", "subject", "date", "message-id", "reply-to", "list-id", "list-unsubscribe"),
    *("list-unsubscribe-post", "feedback-id", "auto-submitted", "mime-version", "content-type"),
)
OVER_SIGNED = ("from", "subject")
_BLANKS = re.compile(rb"[ \t]+")
_LINE_WIDTH = 72


@dataclass(frozen=True, slots=True)
class DkimKey:
    """A domain's signing key; the public half is in DNS at `<selector>._domainkey.<domain>`."""

    domain: str
    selector: str
    private_key: str = field(repr=False)  # PEM


def new_key(algorithm: Literal["rsa", "ed25519"] = "rsa") -> tuple[str, str]:
    """A fresh private key as PEM, and the TXT record that publishes it; RSA has 2048 bits."""
    key: RSAPrivateKey | Ed25519PrivateKey
    key = Ed25519PrivateKey.generate() if algorithm == "ed25519" else generate_private_key(65537, 2048)
    pem = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ).decode()
    return pem, dns_value(pem)


def dns_name(key: DkimKey) -> str:
    """Where in DNS the public half belongs."""
    return f"{key.selector}._domainkey.{key.domain}"


def dns_value(private_key: str) -> str:
    """The TXT record that publishes this private key's public half."""
    key = _parsed(private_key)
    public = key.public_key()
    if isinstance(key, Ed25519PrivateKey):
        raw = public.public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)
        return f"v=DKIM1; k=ed25519; p={_base64(raw)}"
    der = public.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    return f"v=DKIM1; k=rsa; p={_base64(der)}"


def sign(raw: bytes, key: DkimKey) -> bytes:
    """The same letter with a DKIM-Signature in front; for two signatures sign twice."""
    head, _blank, body = raw.partition(b"\r\n\r\n")
    fields = list(_relaxed_fields(head))
    signed = [field for name in SIGNED for field in reversed(fields) if field[0] == name]
    unsigned = _unsigned(key, [*(name for name, _line in signed), *OVER_SIGNED], _body_hash(body))
    _name, itself = next(_relaxed_fields(unsigned))
    signature = _signature(key, b"".join(line + b"\r\n" for _name, line in signed) + itself)
    return unsigned + _wrapped(signature) + b"\r\n" + raw


def _relaxed_fields(head: bytes) -> Iterator[tuple[str, bytes]]:
    """Each field's lower-case name with its canonical form (RFC 6376, 3.4.2)."""
    for line in head.replace(b"\r\n ", b" ").replace(b"\r\n\t", b" ").split(b"\r\n"):
        name, _colon, value = line.partition(b":")
        lower = name.strip().lower()
        yield lower.decode(), lower + b":" + _BLANKS.sub(b" ", value).strip()


def _body_hash(body: bytes) -> str:
    """SHA-256 of the body's canonical form (RFC 6376, 3.4.4)."""
    relaxed = body.replace(b"\t", b" ") + b"\r\n"
    while b"  " in relaxed:  # ten times as quick as an expression over the whole body
        relaxed = relaxed.replace(b"  ", b" ")
    relaxed = relaxed.replace(b" \r\n", b"\r\n").rstrip(b"\r\n")
    return _base64(hashlib.sha256(relaxed + b"\r\n" if relaxed else b"").digest())


def _unsigned(key: DkimKey, names: list[str], body_hash: str) -> bytes:
    algorithm = "ed25519" if isinstance(_parsed(key.private_key), Ed25519PrivateKey) else "rsa"
    lines = [":".join(names[at : at + 5]) for at in range(0, len(names), 5)]
    covered = ":\r\n ".join(lines)
    return (
        f"DKIM-Signature: v=1; a={algorithm}-sha256; c=relaxed/relaxed; d={ascii_domain(key.domain)};\r\n"
        f" s={key.selector}; t={int(time.time())};\r\n"
        f" h={covered};\r\n"
        f" bh={body_hash};\r\n"
        f" b="
    ).encode()


def _signature(key: DkimKey, data: bytes) -> str:
    private = _parsed(key.private_key)
    if isinstance(private, Ed25519PrivateKey):
        return _base64(private.sign(hashlib.sha256(data).digest()))
    return _base64(private.sign(data, PKCS1v15(), hashes.SHA256()))


@lru_cache(maxsize=100)
def _parsed(pem: str) -> RSAPrivateKey | Ed25519PrivateKey:
    key = serialization.load_pem_private_key(pem.encode(), None)
    if not isinstance(key, RSAPrivateKey | Ed25519PrivateKey):
        raise ValueError("DKIM knows RSA and Ed25519 keys only")
    return key


def _wrapped(text: str) -> bytes:
    return "\r\n ".join(text[at : at + _LINE_WIDTH] for at in range(0, len(text), _LINE_WIDTH)).encode()


def _base64(raw: bytes) -> str:
    return base64.b64encode(raw).decode()
