"""What is the matter with an address: nothing is thrown away for it, it is a hint and a filter."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from campaigns.cleaning.models import Looked, MailDomain
from campaigns.contacts.models import Contact
from campaigns.words import _


class Flaw(StrEnum):
    """What may be the matter with an address."""

    NO_MAIL = "no_mail"  # its domain takes no mail
    TYPO = "typo"  # its domain looks like a slip
    FAULT = "fault"  # it is not spelt as addresses are
    DISPOSABLE = "disposable"
    ROLE = "role"
    UNKNOWN = "unknown"  # nobody could be asked about its domain yet


ALL = tuple(Flaw)
# Of several people, or of a desk (RFC 2142 and what firms use).
ROLES = (
    "abuse", "accounting", "accounts", "admin", "administrator", "billing", "booking", "career",
    "careers", "contact", "enquiries", "faktury", "finance", "fakturace", "help", "helpdesk", "hello",
    "hostmaster", "hr", "info", "information", "inquiries", "invoice", "invoices", "jobs", "kancelar",
    "kontakt", "legal", "mail", "marketing", "media", "news", "newsletter", "noc", "no-reply",
    "noreply", "objednavky", "obchod", "office", "order", "orders", "podpora", "postmaster", "press",
    "privacy", "purchasing", "recepce", "reception", "recruitment", "root", "sales", "security",
    "sekretariat", "service", "shop", "staff", "studio", "support", "team", "webmaster", "welcome",
)  # fmt: skip
_ROLES = frozenset(ROLES)


def words(flaw: str) -> str:
    """The flaw in a few words."""
    return {
        Flaw.NO_MAIL: _("The domain takes no mail"),
        Flaw.TYPO: _("Likely mistyped"),
        Flaw.FAULT: _("Not spelt as an address"),
        Flaw.DISPOSABLE: _("Throw-away address"),
        Flaw.ROLE: _("Of a desk, not of a person"),
        Flaw.UNKNOWN: _("Not known whether the domain takes mail"),
    }[Flaw(flaw)]


def is_role(email: str) -> bool:
    """Whether the address is a desk's rather than a person's."""
    return email.partition("@")[0] in _ROLES


def domains(flaw: str) -> sa.Select[Any]:
    """The domains whose addresses have this flaw."""
    found = sa.select(MailDomain.domain)
    return {
        Flaw.NO_MAIL: found.where(MailDomain.mail == "none"),
        Flaw.TYPO: found.where(MailDomain.meant != "", MailDomain.dismissed.is_(False)),
        Flaw.DISPOSABLE: found.where(MailDomain.disposable),
        Flaw.UNKNOWN: found.where(MailDomain.mail == "unknown"),
    }[Flaw(flaw)]


def where(flaw: str) -> sa.ColumnElement[bool]:
    """The condition on Contact under which its address has this flaw."""
    if flaw == Flaw.ROLE:
        return sa.or_(*(sa.and_(Contact.email >= f"{role}@", Contact.email < f"{role}A") for role in ROLES))
    if flaw == Flaw.FAULT:
        return Contact.id.in_(sa.select(Looked.contact_id).where(Looked.fault != ""))
    return Contact.domain.in_(domains(flaw))


def among(flaw: str) -> sa.Select[Any]:
    """The numbers of all contacts whose address has this flaw, from an index."""
    return sa.select(Contact.id).where(where(flaw))


def count(session: Session, flaw: str) -> int:
    """How many addresses have this flaw; by domains as they were last counted."""
    if flaw in (Flaw.ROLE, Flaw.FAULT):
        return session.scalar(sa.select(sa.func.count()).select_from(among(flaw).subquery())) or 0
    total = sa.select(sa.func.coalesce(sa.func.sum(MailDomain.contacts), 0))
    return int(session.scalar(total.where(MailDomain.domain.in_(domains(flaw)))) or 0)


@dataclass(frozen=True)
class Hint:
    """What is the matter with one address, and the address that was likely meant."""

    flaws: tuple[Flaw, ...]
    meant: str = ""  # empty: nothing better is known


def of(session: Session, email: str) -> Hint:
    """What is the matter with a canonical address; no flaws for one that nothing is known against."""
    local, _at, domain = email.rpartition("@")
    known = session.get(MailDomain, domain)
    flaws = []
    if known is not None:
        flaws += [Flaw.NO_MAIL] if known.mail == "none" else []
        flaws += [Flaw.TYPO] if known.meant and not known.dismissed else []
        flaws += [Flaw.DISPOSABLE] if known.disposable else []
    if is_role(email):
        flaws.append(Flaw.ROLE)
    meant = f"{local}@{known.meant}" if known and Flaw.TYPO in flaws else ""
    return Hint(tuple(flaws), meant)
