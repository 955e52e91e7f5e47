"""Domains that look like a slip of the pen: gmial.com for gmail.com."""

from collections.abc import Sequence
from dataclasses import dataclass

import sqlalchemy as sa
from rapidfuzz import process
from rapidfuzz.distance import OSA
from sqlalchemy.orm import Session

from campaigns.cleaning.domains import FREE, FREQUENT
from campaigns.cleaning.models import MailDomain

# Of these providers there is this one domain only.
_ALONE = {"gmail": "gmail.com", "icloud": "icloud.com"}
# Endings that are no country's, or a country's that few have an address in.
_SLIPS = {
    **dict.fromkeys(
        ("con", "cmo", "ocm", "om", "cm", "vom", "xom", "comm", "coml", "cim", "c0m", "co"), "com"
    ),
    **dict.fromkeys(("ner", "nte", "ney"), "net"),
}
# Real ones that look like a slip.
_REAL = frozenset(
    ("email.com", "mail.de", "mail.cz", "email.it", "gmx.fr", "gmx.us", "hotmail.be", "hotmail.nl")
)
_DIGITS = str.maketrans("", "", "0123456789")
_OFTEN = 100  # contacts in a domain, from which on others are compared with it
_TIMES = 50  # as many as in the one that is taken for a slip
_MOST = 500  # domains of our own that others are compared with


@dataclass(frozen=True)
class Frequent:
    """The domains that others are compared with: those of the world, and those frequent in this database."""

    world: Sequence[str]
    ours: dict[str, int]  # how many contacts each has


def frequent(session: Session) -> Frequent:
    """What domains are compared with now."""
    rows = session.execute(
        sa.select(MailDomain.domain, MailDomain.contacts)
        .where(MailDomain.contacts >= _OFTEN)
        .order_by(MailDomain.contacts.desc())
        .limit(_MOST)
    )
    return Frequent(FREQUENT, {row.domain: row.contacts for row in rows if row.domain not in FREE})


def meant(domain: str, known: Frequent, contacts: int = 0, takes_mail: bool = False) -> str:
    """The domain that was likely meant; empty when this one is likely right.

    `contacts` have an address in it, and `takes_mail` says that it works: then it is no slip for a domain
    that is frequent here only, for those may well have neighbours.
    """
    if domain in FREE or domain in _REAL or domain in known.ours:
        return ""
    label, _point, ending = domain.rpartition(".")
    right = f"{label}.{_SLIPS.get(ending, ending)}"
    if right != domain and right in known.world:
        return right
    if label in _ALONE:
        return _ALONE[label]
    found = _near(right, known.world)
    if found or takes_mail:
        return found
    ours = [each for each, number in known.ours.items() if number >= _TIMES * max(contacts, 1)]
    return _near(right, ours)


def _near(domain: str, known: Sequence[str]) -> str:
    """The one that differs in one letter, or in two where it is long; endings must be the same."""
    label, _point, ending = domain.rpartition(".")
    same = {each: each.removesuffix(f".{ending}") for each in known if each.endswith(f".{ending}")}
    found = process.extractOne(label, same, scorer=OSA.distance, score_cutoff=2)
    if found is None or not 0 < found[1] <= _allowed(found[0]) or _numbered(label) == _numbered(found[0]):
        return ""
    return found[2]


def _numbered(label: str) -> str:
    """The label without its digits: firm12 and firm13 are neighbours, no slips."""
    return label.translate(_DIGITS)


def _allowed(label: str) -> int:
    return 0 if len(label) < 5 else 1 if len(label) < 9 else 2
