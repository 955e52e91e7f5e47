"""What undoing left as it is, in words: which part of which contact, and why."""

from collections.abc import Sequence
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import Session

from campaigns.bulk import among
from campaigns.contacts import fields
from campaigns.contacts.change_models import Change
from campaigns.contacts.models import Category, Contact, Tag
from campaigns.words import _

_WHY = {
    "changed": lambda: _("was changed since"),
    "gone": lambda: _("what stood there is not there any more"),
    "restricted": lambda: _("their data are to be kept, but not used"),
    "not_ours": lambda: _("is the person’s own word"),
}
_COLUMNS = {
    "owner_id": lambda: _("Owner"),
    "company_id": lambda: _("Company"),
    "first_name": lambda: _("First name"),
    "last_name": lambda: _("Last name"),
    "phone": lambda: _("Phone"),
    "position": lambda: _("Position"),
    "language": lambda: _("Language"),
    "country": lambda: _("Country"),
    "city": lambda: _("City"),
    "timezone": lambda: _("Time zone"),
    "birthday": lambda: _("Birthday"),
    "birth_year": lambda: _("Year of birth"),
    "note": lambda: _("Note"),
    "channel": lambda: _("Preferred channel"),
    "decision_role": lambda: _("Role in the decision"),
}


@dataclass(frozen=True)
class Line:
    """One contact, and what was left on it: pairs of what and why."""

    contact_id: int
    label: str
    what: list[tuple[str, str]]


def lines(session: Session, changes: Sequence[Change]) -> list[Line]:
    """A line for each contact that is still there."""
    numbers = [change.contact_id for change in changes]
    found = session.scalars(sa.select(Contact).where(among(session, Contact.id, numbers)))
    contacts = {contact.id: contact for contact in found}
    return [
        Line(number, contacts[number].label, [_said(session, one) for one in change.what_left])
        for number, change in zip(numbers, changes, strict=True)
        if number in contacts
    ]


def _said(session: Session, left: str) -> tuple[str, str]:
    what, _blank, reason = left.rpartition(" ")
    part, _colon, key = what.partition(":")
    return _name(session, part, key), _WHY[reason]() if reason in _WHY else reason


def _name(session: Session, part: str, key: str) -> str:
    if part == "columns":
        return _COLUMNS[key]() if key in _COLUMNS else key
    if part in ("category", "tag"):
        model: type[Category] | type[Tag] = Category if part == "category" else Tag
        name = session.scalar(sa.select(model.name).where(model.id == int(key)))
        return f"“{name}”" if name else _("Category") if part == "category" else _("Tag")
    if part == "fields":
        found = fields.known(session, archived=True).get(key)
        return found.name if found else key
    return {"step": _("Next step"), "all": _("Everything")}.get(part, key)
