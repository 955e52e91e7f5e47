"""The details of themselves that people see and correct, by the link of a letter to their own address.

The link works for as long as the letter says.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session, selectinload

from campaigns import tokens
from campaigns.accounts import audit, people
from campaigns.contacts import companies, field_forms, fields, names, origins, phones, verifying
from campaigns.contacts.field_models import Field
from campaigns.contacts.mistakes import Mistakes
from campaigns.contacts.models import Contact
from campaigns.crm import logging
from campaigns.crm.models import Kind
from campaigns.database import now
from campaigns.errors import BadInput, NotFound
from campaigns.preferences.models import DetailsRequest
from campaigns.preferences.requesting import WORKS_FOR
from campaigns.tokens import BadToken, Purpose
from campaigns.words import LANGUAGES, _, speaking

FRESH = timedelta(days=7)  # letters lie about, and are passed on
_SHORT = {"first_name": 200, "last_name": 200, "position": 120}


@dataclass(frozen=True)
class Guest:
    """Who came by the link, and what of their fields is shown to them."""

    request: DetailsRequest
    contact: Contact
    fields: dict[str, Field]

    @property
    def fresh(self) -> bool:
        """Whether the letter came lately enough to take everything along, or away."""
        return self.request.asked_at > now() - FRESH


def guest(session: Session, token: str) -> Guest:
    """Who the link is for. Raises NotFound when it was not made here, is too old, or the person is gone."""
    try:
        (number,) = tokens.read(Purpose.DETAILS, token)
    except (BadToken, ValueError) as error:
        raise NotFound(
            _("This link is not complete. Open it again from the letter, without copying it.")
        ) from error
    request = session.get(DetailsRequest, number)
    if request is None or request.asked_at < now() - WORKS_FOR:
        raise NotFound(_("This link has expired."))
    found = sa.select(Contact).where(Contact.id == request.contact_id)
    contact = session.scalars(found.options(selectinload(Contact.company))).one()
    known = fields.known(session).items()
    return Guest(request, contact, {key: field for key, field in known if field.shared})


def form(who: Guest) -> dict[str, Any]:
    """What the page shows, by the names of its inputs."""
    shown: dict[str, Any] = {name: getattr(who.contact, name) for name in (*_SHORT, "phone", "language")}
    shown["company"] = who.contact.company.name if who.contact.company else ""
    return shown | field_forms.shown(who.contact.fields, who.fields)


def correct(session: Session, who: Guest, given: Mapping[str, str]) -> list[str]:
    """Keep what the person says of themselves, and that they said it; returns the names of what changed.

    What the form does not name stays. Raises Mistakes.
    """
    contact = who.contact
    values, own, mistakes = _read(who, given)
    if mistakes:
        raise Mistakes(mistakes)
    before = origins.snapshot(contact)
    for name, value in values.items():
        setattr(contact, name, value)
    if "company" in given:
        contact.company = companies.company(session, given["company"])
    for name, key in names.keys(contact.first_name, contact.last_name, contact.email).items():
        setattr(contact, name, key)
    fields.keep(session, contact, own)
    after = origins.snapshot(contact)
    changed = origins.differing(before, after)
    said = [*values, *(["company"] if "company" in given else []), *(f"fields.{key}" for key in own)]
    origins.note(contact, [name for name in said if after.get(name) or name in changed], origins.PERSON)
    verifying.confirm(session, contact, origins.PERSON)
    who.request.answered_at = now()
    once = f"details:{who.request.id}"
    logging.log(session, contact.id, Kind.REPLY, summary=_summary(session), once=once)
    audit.note(session, "contact.correct", f"contact:{contact.id}", by="person", changed=changed)
    return changed


def _summary(session: Session) -> str:
    """What the timeline says of it, in the language of the firm that reads it."""
    ours = people.organisation(session)
    with speaking(ours.language if ours else "en"):
        return _("Confirmed their details")


def _read(who: Guest, given: Mapping[str, str]) -> tuple[dict[str, Any], dict[str, Any], dict[str, str]]:
    values: dict[str, Any] = {
        name: names.tidy(given[name], length) for name, length in _SHORT.items() if name in given
    }
    mistakes: dict[str, str] = {}
    if "phone" in given:
        try:
            values["phone"] = _phone(who.contact, given["phone"])
        except BadInput as error:
            mistakes["phone"] = error.message
    if given.get("language", who.contact.language) in {*LANGUAGES, who.contact.language}:
        values |= {"language": given["language"]} if "language" in given else {}
    else:
        mistakes["language"] = _("Choose a language of the list.")
    own, wrong = field_forms.read(given, who.fields, who.contact.country, who.contact.fields)
    return values, own, mistakes | wrong


def _phone(contact: Contact, given: str) -> str:
    """A number that can be dialled; what was there before may stay as it is."""
    kept = phones.normal(given, contact.country)
    if kept and kept != contact.phone and not kept.startswith("+"):
        raise BadInput(
            _("Write the phone number with its country code, such as +420 777 123 456."), field="phone"
        )
    return kept
