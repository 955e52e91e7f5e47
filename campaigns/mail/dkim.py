"""DKIM signatures (RFC 6376, RFC 8463): rsa-sha256 and ed25519-sha256, relaxed/simple.

The body's simple form, because ours need no other: quoted-printable and base64 have no blank at the end
of a line and nothing that a server would recode, so the body is hashed as it stands.
"""

import base64
import hashlib
import re
import time
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Literal

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed

from campaigns.mail.addresses import ascii_domain

# What a signature covers when it is there. From and Subject are named once more than they occur, so
# that nobody can add a second one on the way (RFC 6376, 8.15).
SIGNED = (
    *("from", "to", "subject", "date", "message-id", "reply-to", "list-id", "list-unsubscribe"),
    *("list-unsubscribe-post", "feedback-id", "auto-submitted", "mime-version", "content-type"),
)
OVER_SIGNED = ("from", "subject")
LINE_WIDTH = 72
_BLANKS = re.compile(rb"[ \t]+")
_FOLDS = re.compile(rb"\r\n(?=[ \t])")
_PADDING, _SHA256 = PKCS1v15(), Prehashed(hashes.SHA256())


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
    key = parsed(private_key)
    public = key.public_key()
    if isinstance(key, Ed25519PrivateKey):
        raw = public.public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)
        return f"v=DKIM1; k=ed25519; p={_base64(raw)}"
    der = public.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    return f"v=DKIM1; k=rsa; p={_base64(der)}"


def sign(raw: bytes, key: DkimKey) -> bytes:
    """The same letter with a DKIM-Signature in front; for two signatures sign twice."""
    names, fields, body_hash = covered(raw)
    field = unsigned(key, [*names, *OVER_SIGNED], _base64(body_hash), int(time.time()))
    digest = hashlib.sha256(fields + relaxed(field)).digest()
    signed = _base64(signature(parsed(key.private_key), digest))
    wrapped = "\r\n ".join(signed[at : at + LINE_WIDTH] for at in range(0, len(signed), LINE_WIDTH))
    return field + wrapped.encode() + b"\r\n" + raw


def covered(raw: bytes) -> tuple[list[str], bytes, bytes]:
    """What is signed of a letter: the names of its fields, their relaxed forms, the body's SHA-256.

    Each form ends in CRLF; of fields that occur twice the last comes first (RFC 6376, 3.4.2 and 5.4.2).
    """
    head, _blank, body = raw.partition(b"\r\n\r\n")
    lines = [relaxed(line) for line in _FOLDS.sub(b" ", head).split(b"\r\n")]
    fields = [(line.partition(b":")[0].decode("latin-1"), line) for line in lines]
    signed = [field for name in SIGNED for field in reversed(fields) if field[0] == name]
    forms = b"".join(line + b"\r\n" for _name, line in signed)
    return [name for name, _line in signed], forms, hashlib.sha256(_simple(body)).digest()


def _simple(body: bytes) -> bytes:
    """The body's canonical form: one line break at its end (RFC 6376, 3.4.3)."""
    end = len(body)
    while body.endswith(b"\r\n", 0, end):
        end -= 2
    return body[:end] + b"\r\n"


def relaxed(field: bytes) -> bytes:
    """A header field's canonical form without its line break (RFC 6376, 3.4.2)."""
    name, _colon, value = _FOLDS.sub(b" ", field).partition(b":")
    return name.strip().lower() + b":" + _BLANKS.sub(b" ", value).strip()


def unsigned(key: DkimKey, names: list[str], body_hash: str, at: int) -> bytes:
    """The DKIM-Signature field up to `b=`; `at` is the time in seconds, `body_hash` base64."""
    algorithm = "ed25519" if isinstance(parsed(key.private_key), Ed25519PrivateKey) else "rsa"
    lines = [":".join(names[start : start + 5]) for start in range(0, len(names), 5)]
    listed = ":\r\n ".join(lines)
    return (
        f"DKIM-Signature: v=1; a={algorithm}-sha256; c=relaxed/simple; d={ascii_domain(key.domain)};\r\n"
        f" s={key.selector}; t={at};\r\n"
        f" h={listed};\r\n"
        f" bh={body_hash};\r\n"
        f" b="
    ).encode()


def signature(private: RSAPrivateKey | Ed25519PrivateKey, digest: bytes) -> bytes:
    """The signature of a SHA-256 digest (RFC 8017, RSASSA-PKCS1-v1_5; RFC 8463, 3)."""
    if isinstance(private, Ed25519PrivateKey):
        return private.sign(digest)
    return private.sign(digest, _PADDING, _SHA256)


@lru_cache(maxsize=100)
def parsed(pem: str) -> RSAPrivateKey | Ed25519PrivateKey:
    """The private key of a PEM; raises ValueError."""
    key = serialization.load_pem_private_key(pem.encode(), None)
    if not isinstance(key, RSAPrivateKey | Ed25519PrivateKey):
        raise ValueError("DKIM knows RSA and Ed25519 keys only")
    return key


def _base64(raw: bytes) -> str:
    return base64.b64encode(raw).decode()
