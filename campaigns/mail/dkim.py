"""DKIM signatures (RFC 6376, RFC 8463): rsa-sha256 and ed25519-sha256, relaxed/relaxed."""

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class DkimKey:
    """A domain's signing key; the public half is in DNS at `<selector>._domainkey.<domain>`."""

    domain: str
    selector: str
    private_key: str = field(repr=False)  # PEM, PKCS 8


def new_key(algorithm: str = "rsa") -> tuple[str, str]:
    """A fresh private key as PEM, and the TXT record that publishes it; `rsa` (2048) or `ed25519`."""
    raise NotImplementedError


def dns_name(key: DkimKey) -> str:
    """Where in DNS the public half belongs."""
    return f"{key.selector}._domainkey.{key.domain}"


def dns_value(key: DkimKey) -> str:
    """The TXT record that publishes this key's public half."""
    raise NotImplementedError


def sign(raw: bytes, key: DkimKey) -> bytes:
    """The same letter with a DKIM-Signature in front; From and Subject are over-signed."""
    raise NotImplementedError
