"""Email addresses as they go on the wire: domains as A-labels (RFC 5890), local parts checked."""

import re
from functools import lru_cache

import idna

from campaigns.mail.letter import HeaderProblem
from campaigns.words import _

_ATOM = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~\u00a0-\U0010ffff-]+"
_LOCAL = re.compile(rf"{_ATOM}(\.{_ATOM})*")
_DOMAIN = re.compile(r"[A-Za-z0-9]([A-Za-z0-9_-]*[A-Za-z0-9])?(\.[A-Za-z0-9]([A-Za-z0-9_-]*[A-Za-z0-9])?)*")


def on_wire(address: str, header: str = "To") -> str:
    """The address with its domain in ASCII; a local part beyond ASCII stays as it is.

    Raises HeaderProblem naming `header` when it is no address that could stand in a header.
    """
    local, _at, domain = address.rpartition("@")
    if not _LOCAL.fullmatch(local) or not local.isprintable():
        raise _no_address(address, header)
    try:
        return f"{local}@{ascii_domain(domain)}"
    except ValueError as error:
        raise _no_address(address, header) from error


def is_ascii(*addresses: str) -> bool:
    """Whether these addresses can be sent without SMTPUTF8, going by their local parts."""
    return all(address.rpartition("@")[0].isascii() for address in addresses)


@lru_cache(maxsize=10_000)
def ascii_domain(domain: str) -> str:
    """The domain as DNS knows it; raises ValueError when it can't be one."""
    in_ascii = domain if domain.isascii() else idna.encode(domain, uts46=True).decode()
    if not _DOMAIN.fullmatch(in_ascii) or len(in_ascii) > 253:
        raise ValueError("not a domain")
    return in_ascii


def _no_address(address: str, header: str) -> HeaderProblem:
    return HeaderProblem(
        _("“%(address)s” is not an email address that a letter can carry.", address=address[:100]),
        field=header,
    )
