"""Signing by the hundred: what a campaign's DKIM signatures have in common is made once.

Says the same, byte for byte, as `dkim.sign`, which is the plain road and takes whole letters.
"""

import hashlib
import time
from binascii import b2a_base64
from collections.abc import Sequence

import structlog
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

from campaigns.mail import accelerator, dkim
from campaigns.mail.dkim import DkimKey

_WIDTH = dkim.LINE_WIDTH
_log = structlog.get_logger()


class Signer:
    """Signs the letters of one campaign with each of `keys`; may be used by several threads.

    `names` are the fields that are signed, in their order; From and Subject are named once more at the end.
    `plain` leaves the accelerator aside.
    """

    def __init__(self, keys: Sequence[DkimKey], names: Sequence[str], *, plain: bool = False) -> None:
        self._hands = [_Hand(key, names, plain) for key in keys]

    @property
    def accelerated(self) -> bool:
        """Whether RSA signatures are made eight at a time; letters on their own never are."""
        return any(hand.accelerated for hand in self._hands)

    def sign(self, letters: Sequence[tuple[bytes, bytes]]) -> list[bytes]:
        """For each letter its DKIM-Signature fields, folded, each ending in CRLF, in the order of the keys.

        A letter is its signed fields in relaxed form (RFC 6376, 3.4.2), each ending in CRLF, in the order
        of `names`, and the SHA-256 of its body.
        """
        at = int(time.time())
        bodies = [b2a_base64(body, newline=False) for _fields, body in letters]
        signed = [hand.sign(letters, bodies, at) for hand in self._hands]
        return [b"".join(fields) for fields in zip(*signed, strict=True)] if signed else [b""] * len(letters)


class _Hand:
    """One key, and what its signatures have in common within one second."""

    def __init__(self, key: DkimKey, names: Sequence[str], plain: bool) -> None:
        self._key, self._names = key, [*names, *dkim.OVER_SIGNED]
        self._private = dkim.parsed(key.private_key)
        self._eight = None
        if isinstance(self._private, RSAPrivateKey) and not plain:
            self._eight = accelerator.prepared(self._private)
        self._static = self._made_at(0)

    @property
    def accelerated(self) -> bool:
        """Whether the accelerator signs, as far as there are enough letters."""
        return self._eight is not None

    def sign(self, letters: Sequence[tuple[bytes, bytes]], bodies: list[bytes], at: int) -> list[bytes]:
        """One field for each letter; `bodies` are their hashes in base64."""
        static = self._static
        if static[0] != at:
            static = self._static = self._made_at(at)
        _second, wire, wire_end, relaxed, relaxed_end = static
        digests = [
            hashlib.sha256(b"".join((fields, relaxed, body, relaxed_end))).digest()
            for (fields, _hash), body in zip(letters, bodies, strict=True)
        ]
        return [
            b"".join((wire, body, wire_end, _wrapped(signature), b"\r\n"))
            for body, signature in zip(bodies, self._signatures(digests), strict=True)
        ]

    def _made_at(self, second: int) -> tuple[int, bytes, bytes, bytes, bytes]:
        """The field around its body hash, as it is written and as it is signed."""
        unsigned = dkim.unsigned(self._key, self._names, "\0", second)
        wire, _hash, wire_end = unsigned.partition(b"\0")
        relaxed, _hash, relaxed_end = dkim.relaxed(unsigned).partition(b"\0")
        return second, wire, wire_end, relaxed, relaxed_end

    def _signatures(self, digests: list[bytes]) -> list[bytes]:
        if self._eight is None:
            return [dkim.signature(self._private, digest) for digest in digests]
        made: list[bytes] = []
        for at in range(0, len(digests), accelerator.WIDTH):
            made += self._by_eights(digests[at : at + accelerator.WIDTH])
        return made

    def _by_eights(self, digests: list[bytes]) -> list[bytes]:
        eight = self._eight
        if eight is not None and len(digests) >= accelerator.WORTH:
            try:
                return eight.sign(digests)
            except accelerator.Wrong:
                self._eight = None
                _log.error("signing.accelerator_wrong", domain=self._key.domain)
        return [dkim.signature(self._private, digest) for digest in digests]


def _wrapped(signature: bytes) -> bytes:
    text = b2a_base64(signature, newline=False)
    return b"\r\n ".join([text[at : at + _WIDTH] for at in range(0, len(text), _WIDTH)])
