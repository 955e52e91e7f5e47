"""Two contacts side by side: each datum of both, and which of the two values is likely the better one."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session, selectinload

from campaigns.cleaning.models import MailDomain
from campaigns.consent import suppression
from campaigns.contacts import field_index, origins, phones
from campaigns.contacts.field_models import About
from campaigns.contacts.models import Contact
from campaigns.errors import NotFound
from campaigns.words import _

# Datum → the columns of a contact that it stands in.
COLUMNS: dict[str, tuple[str, ...]] = {
    "email": ("email", "address_hash", "domain"),
    "name": ("first_name", "last_name"),
    "phone": ("phone",),
    "company": ("company_id",),
    "position": ("position",),
    "decision_role": ("decision_role",),
    "channel": ("channel",),
    "language": ("language",),
    "timezone": ("timezone",),
    "country": ("country",),
    "city": ("city",),
    "birthday": ("birthday",),
    "birth_year": ("birth_year",),
    "owner": ("owner_id",),
}
_NAMED = {"name": ("first_name", "last_name")}  # datum → its names among the origins, where others
FIELD = "field:"  # before the key of a field of the firm's own
_LONG_AGO = datetime(1, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Datum:
    """One thing known of two contacts."""

    key: str
    label: str
    shown: Mapping[int, str]  # contact → the value as a person reads it; empty: not known
    better: int  # the contact whose value is likely the better one

    @property
    def differs(self) -> bool:
        """Whether both know it and say different things."""
        one, other = self.shown.values()
        return bool(one and other and one != other)


def both(session: Session, a_id: int, b_id: int) -> tuple[Contact, Contact]:
    """The two contacts with their companies and owners; raises NotFound when one is gone."""
    asked = sa.select(Contact).where(Contact.id.in_([a_id, b_id])).order_by(Contact.id)
    loaded = asked.options(selectinload(Contact.company), selectinload(Contact.owner))
    found = session.scalars(loaded.execution_options(populate_existing=True)).all()
    if len(found) != 2:
        raise NotFound(_("One of the two contacts is not there any more. They may have been merged already."))
    return found[0], found[1]


def compare(session: Session, a: Contact, b: Contact) -> list[Datum]:
    """All that is known of either of these two, whose companies and owners are loaded."""
    worth = _worth_of_addresses(session, a, b)
    found = []
    for key in COLUMNS:
        shown = {contact.id: _shown(contact, key) for contact in (a, b)}
        if any(shown.values()):
            ranks = {contact.id: _rank(contact, key, shown[contact.id], worth) for contact in (a, b)}
            found.append(Datum(key, labels()[key](), shown, _better(ranks)))
    return found + _of_fields(session, a, b)


def _of_fields(session: Session, a: Contact, b: Contact) -> list[Datum]:
    names = {key: field.name for key, field in field_index.fields_of(session, About.CONTACT).items()}
    found = []
    for key in dict.fromkeys([*a.fields, *b.fields]):
        shown = {contact.id: _plain(contact.fields.get(key)) for contact in (a, b)}
        if any(shown.values()):
            ranks = {contact.id: _rank(contact, f"fields.{key}", shown[contact.id], {}) for contact in (a, b)}
            found.append(Datum(FIELD + key, names.get(key, key), shown, _better(ranks)))
    return found


def choices(session: Session, a: Contact, b: Contact) -> dict[str, int]:
    """Datum → the contact whose value is likely the better one."""
    return {datum.key: datum.better for datum in compare(session, a, b)}


def _better(ranks: Mapping[int, tuple[Any, ...]]) -> int:
    return max(sorted(ranks), key=lambda contact_id: ranks[contact_id])


def _rank(contact: Contact, key: str, shown: str, worth: Mapping[int, int]) -> tuple[Any, ...]:
    """What is known comes before what is not, then what works, what was checked later, what says more."""
    return (
        bool(shown),
        worth.get(contact.id, 0) if key == "email" else 0,
        contact.last_contact_at or _LONG_AGO if key == "owner" else _LONG_AGO,
        _checked(contact, key),
        len(shown.split()),
        not (shown.isupper() or shown.islower()),
        len(shown),
    )


def _checked(contact: Contact, key: str) -> datetime:
    """When somebody last made sure of this datum, or the person said it."""
    names = _NAMED.get(key, (key,))
    return max(origins.one(contact, name).verified_at or _LONG_AGO for name in names)


def _worth_of_addresses(session: Session, a: Contact, b: Contact) -> dict[int, int]:
    """How well each address works: worst is one that is never mailed, then one in a domain without mail."""
    listed = suppression.suppressed(session, [a.address_hash, b.address_hash])
    asked = sa.select(MailDomain).where(MailDomain.domain.in_([a.domain, b.domain]))
    domains = {known.domain: known for known in session.scalars(asked)}
    worth = {}
    for contact in (a, b):
        known = domains.get(contact.domain)
        doubts = [contact.address_hash in listed]
        if known is not None:
            doubts += [known.mail == "none", bool(known.meant), known.disposable]
        worth[contact.id] = -sum(weight for weight, doubt in zip((8, 4, 2, 1), doubts, strict=False) if doubt)
    return worth


def _shown(contact: Contact, key: str) -> str:
    if key == "name":
        return contact.name
    if key == "phone":
        return phones.shown(contact.phone)
    if key == "company":
        return contact.company.name if contact.company else ""
    if key == "owner":
        return contact.owner.name or contact.owner.email if contact.owner else ""
    return _plain(getattr(contact, COLUMNS[key][0]))


def _plain(value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(map(str, value))
    return "" if value is None else str(value)


def labels() -> dict[str, Callable[[], str]]:
    """What each datum is called."""
    return {
        "email": lambda: _("Address"),
        "name": lambda: _("Name"),
        "phone": lambda: _("Phone"),
        "company": lambda: _("Company"),
        "position": lambda: _("Position"),
        "decision_role": lambda: _("Role in the decision"),
        "channel": lambda: _("Preferred channel"),
        "language": lambda: _("Language"),
        "timezone": lambda: _("Time zone"),
        "country": lambda: _("Country"),
        "city": lambda: _("City"),
        "birthday": lambda: _("Birthday"),
        "birth_year": lambda: _("Year of birth"),
        "owner": lambda: _("Owner"),
    }
