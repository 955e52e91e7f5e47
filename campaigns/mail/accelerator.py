"""The signing accelerator: RSA-2048 signatures eight at a time, where processor and library can.

The library is Intel's crypto_mb (extra `accelerator`); it needs AVX512-IFMA or AVX-IFMA. Where anything
is missing there simply is none. Its private operation takes the same time whatever the key is, and wipes
what it worked with; every signature is checked against the public key before it is given out.
"""

import ctypes
from collections.abc import Sequence
from functools import cache
from importlib import metadata
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

from campaigns.mail import dkim

WIDTH = 8
WORTH = 3  # from so many on it is quicker than one after the other
_BITS = 2048
_BYTES = _BITS // 8
_RSA_2K = 1  # MBX_ALGO_RSA_2K
_EXPONENT = 65537
# EMSA-PKCS1-v1_5 around a SHA-256 (RFC 8017, 9.2)
_DIGEST_INFO = bytes.fromhex("3031300d060960864801650304020105000420")
_PADDED = b"\x00\x01" + b"\xff" * (_BYTES - 35 - len(_DIGEST_INFO)) + b"\x00" + _DIGEST_INFO
_NEEDED = ("libintlc.so.5", "libirng.so", "libimf.so", "libsvml.so")  # in the order of their own needs
_Pointers = ctypes.c_void_p * WIDTH


class Wrong(Exception):
    """A signature did not fit its public key, or the library said that it failed."""


class Library:
    """crypto_mb, loaded from a file.

    Raises OSError when it can't be loaded or can't work on this processor, AttributeError when it is
    something else.
    """

    def __init__(self, file: Path) -> None:
        self._loaded = ctypes.CDLL(str(file))
        ask = self._named("mbx_get_algo_info", ctypes.c_uint64, ctypes.c_int)
        if not ask(_RSA_2K) & WIDTH:
            raise OSError("crypto_mb knows no RSA for this processor")
        self.private = self._named("mbx_rsa_private_crt_mb8", ctypes.c_uint32, *self._arguments(7))
        self.public = self._named("mbx_rsa_public_mb8", ctypes.c_uint32, *self._arguments(3))
        self.private_method, self.private_room = self._method("mbx_RSA2K_private_crt_Method")
        self.public_method, self.public_room = self._method("mbx_RSA2K_pub65537_Method")

    def _named(self, name: str, result: type, *arguments: type) -> "ctypes._NamedFuncPointer":
        function = getattr(self._loaded, name)
        function.restype, function.argtypes = result, arguments
        return function

    @staticmethod
    def _arguments(pointers: int) -> list[type]:
        return [*[ctypes.c_void_p] * pointers, ctypes.c_int, ctypes.c_void_p, ctypes.c_void_p]

    def _method(self, name: str) -> tuple[int, int]:
        method = self._named(name, ctypes.c_void_p)()
        room = self._named("mbx_RSA_Method_BufSize", ctypes.c_int, ctypes.c_void_p)(method)
        if not method or room <= 0:
            raise OSError("crypto_mb knows no RSA with 2048 bits")
        return method, room


class Eight:
    """One key, ready to sign; several threads may use it at once."""

    def __init__(self, library: Library, key: RSAPrivateKey) -> None:
        numbers = key.private_numbers()
        parts = (numbers.p, numbers.q, numbers.dmp1, numbers.dmq1, numbers.iqmp)
        self._library = library
        self._secrets = [_little_endian(part, _BYTES // 2) for part in parts]
        self._modulus = _little_endian(numbers.public_numbers.n, _BYTES)
        self._private = [_eight_times(secret) for secret in self._secrets]
        self._public = _eight_times(self._modulus)

    def sign(self, digests: Sequence[bytes]) -> list[bytes]:
        """Signatures (RSASSA-PKCS1-v1_5) of at most eight SHA-256 digests; raises Wrong."""
        blocks = b"".join([_PADDED + digest for digest in digests])
        asked = ctypes.create_string_buffer(blocks + blocks[:_BYTES] * (WIDTH - len(digests)), WIDTH * _BYTES)
        signed = ctypes.create_string_buffer(WIDTH * _BYTES)
        checked = ctypes.create_string_buffer(WIDTH * _BYTES)
        use = self._library
        room = ctypes.create_string_buffer(use.private_room)
        failed = use.private(
            _each(asked), _each(signed), *self._private, _BITS, use.private_method, room
        )  # fmt: skip
        room = ctypes.create_string_buffer(use.public_room)
        failed |= use.public(_each(signed), _each(checked), self._public, _BITS, use.public_method, room)
        if failed or checked.raw != asked.raw:
            raise Wrong
        raw = signed.raw
        return [raw[at : at + _BYTES] for at in range(0, len(digests) * _BYTES, _BYTES)]


def prepared(key: RSAPrivateKey, library: Library | None = None) -> Eight | None:
    """The key, ready for eight signatures at a time, once it has signed as `cryptography` does.

    None when there is no accelerator here, or the key is none for it.
    """
    library = library or found()
    if library is None or not _is_fit(key):
        return None
    eight = Eight(library, key)
    digests = [bytes([number]) * 32 for number in range(WIDTH)]
    try:
        made = eight.sign(digests)
    except Wrong:
        return None
    return eight if made == [dkim.signature(key, digest) for digest in digests] else None


@cache
def found() -> Library | None:
    """The library, where its wheel is installed and this processor suits it."""
    try:
        for name in _NEEDED:
            ctypes.CDLL(str(_file("intel-cmplr-lib-rt", name)))
        return Library(_file("ipp-crypto", "libcrypto_mb.so"))
    except (OSError, AttributeError, metadata.PackageNotFoundError):
        return None


def _file(package: str, name: str) -> Path:
    for file in metadata.files(package) or ():
        if file.name == name:
            return Path(str(file.locate()))
    raise FileNotFoundError(name)


def _is_fit(key: RSAPrivateKey) -> bool:
    numbers = key.private_numbers()
    sizes = {numbers.p.bit_length(), numbers.q.bit_length()}
    return key.key_size == _BITS and sizes == {_BITS // 2} and numbers.public_numbers.e == _EXPONENT


def _little_endian(number: int, size: int) -> "ctypes.Array[ctypes.c_char]":
    return ctypes.create_string_buffer(number.to_bytes(size, "little"), size)


def _eight_times(buffer: "ctypes.Array[ctypes.c_char]") -> "ctypes.Array[ctypes.c_void_p]":
    return _Pointers(*[ctypes.addressof(buffer)] * WIDTH)


def _each(buffer: "ctypes.Array[ctypes.c_char]") -> "ctypes.Array[ctypes.c_void_p]":
    start = ctypes.addressof(buffer)
    return _Pointers(*range(start, start + WIDTH * _BYTES, _BYTES))
