"""Email addresses: the one form in which each is kept, compared and mailed."""

import re
import unicodedata
from enum import StrEnum
from functools import lru_cache
from typing import NamedTuple

from email_validator import EmailNotValidError, ValidatedEmail, validate_email

from campaigns import tokens
from campaigns.errors import BadInput
from campaigns.words import _

LONGEST = 254  # octets, RFC 5321 4.5.3.1.3
_LONGEST_LOCAL = 64  # octets, RFC 5321 4.5.3.1.1
_ATOM = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+"
_ASCII_LOCAL = re.compile(rf"{_ATOM}(?:\.{_ATOM})*")
# What spreadsheets and copied text leave around an address, besides blanks.
_INVISIBLE = "\ufeff\u200b\u200c\u200d\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2060"
_AROUND = re.compile(rf"^[\s{_INVISIBLE}]+|[\s{_INVISIBLE}]+$")


class AddressReason(StrEnum):
    """What is wrong with an address."""

    MISSING = "address_missing"
    NO_AT = "address_without_at"
    LOCAL_PART = "address_local_part"
    DOMAIN = "address_domain"
    TOO_LONG = "address_too_long"


class AddressProblem(BadInput):
    """The text is no address that can be mailed; `reason` says why."""

    def __init__(self, reason: AddressReason, given: str) -> None:
        super().__init__(sentence(reason, given), field="email")
        self.reason = reason


class Address(NamedTuple):
    """An address in canonical form; its domain stands in Unicode (the wire form is made by `mail/`)."""

    email: str
    domain: str

    @property
    def hash(self) -> str:
        """What the suppression list knows the address by."""
        return tokens.address_hash(self.email)


class _Domain(NamedTuple):
    name: str
    longest: int  # octets of its longest form: as given, in Unicode, in ASCII


def canonical(given: str) -> Address:
    """The address in the form it is kept in: no blanks around, NFC, lower case, Unicode domain.

    Small letters only, not case folding, which would turn “straße@” into the mailbox “strasse@”.
    An ASCII local part takes a quick road (RFC 5321 4.1.2), its domain is examined once.
    Raises AddressProblem.
    """
    text = _AROUND.sub("", given) if given else ""
    if not text:
        raise AddressProblem(AddressReason.MISSING, given)
    local, at, domain = text.rpartition("@")
    if not at:
        raise AddressProblem(AddressReason.NO_AT, text)
    known = _domain(domain) if len(domain) <= LONGEST else None
    if known is None:
        raise AddressProblem(AddressReason.DOMAIN, text)
    if _ASCII_LOCAL.fullmatch(local):
        if len(local) > _LONGEST_LOCAL or len(local) + 1 + known.longest > LONGEST:
            raise AddressProblem(AddressReason.TOO_LONG, text)
        return Address(f"{local.lower()}@{known.name}", known.name)
    return _thoroughly(local, known, text)


def _thoroughly(local: str, known: _Domain, text: str) -> Address:
    """The slow road: all of email-validator, and once more after the letters were made small."""
    if len(local.encode("utf-8", "replace")) > _LONGEST_LOCAL:
        raise AddressProblem(AddressReason.TOO_LONG, text)
    small = _checked(local, known, text).local_part
    while (smaller := unicodedata.normalize("NFC", small.lower())) != small:
        small = _checked(smaller, known, text).local_part
    return Address(f"{small}@{known.name}", known.name)


def _checked(local: str, known: _Domain, text: str) -> ValidatedEmail:
    if len(local.encode("utf-8", "replace")) + 1 + known.longest > LONGEST:
        raise AddressProblem(AddressReason.TOO_LONG, text)
    try:
        return _validated(f"{local}@{known.name}")
    except EmailNotValidError as error:
        raise AddressProblem(AddressReason.LOCAL_PART, text) from error


def _validated(text: str) -> ValidatedEmail:
    # The test environment lets “.test” domains through (RFC 6761), which staging systems use.
    return validate_email(text, check_deliverability=False, strict=True, test_environment=True)


@lru_cache(maxsize=50_000)
def _domain(given: str) -> _Domain | None:
    """The domain in canonical form, or None when there can't be one of this name."""
    try:
        found = _validated(f"a@{given}")
    except EmailNotValidError:
        return None
    forms = (given, found.domain, found.ascii_domain)
    return _Domain(found.domain, max(len(form.encode()) for form in forms))


def sentence(reason: AddressReason, given: str) -> str:
    """What to tell a person about an address that can't be taken."""
    shown = "".join(c if c.isprintable() else "�" for c in (given or "").strip())
    if len(shown) > 80:
        shown = shown[:79] + "…"
    return {
        AddressReason.MISSING: _("There is no email address."),
        AddressReason.NO_AT: _(
            "“%(address)s” has no @. An address looks like anna@example.com.", address=shown
        ),
        AddressReason.LOCAL_PART: _(
            "“%(address)s” is no address: look for blanks, commas and dots before the @.",
            address=shown,
        ),
        AddressReason.DOMAIN: _(
            "“%(address)s” has no valid domain after the @, such as example.com.", address=shown
        ),
        AddressReason.TOO_LONG: _(
            "“%(address)s” is too long: 64 characters may stand before the @, 254 in all.", address=shown
        ),
    }[reason]
