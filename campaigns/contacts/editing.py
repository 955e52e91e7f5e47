"""Contacts one by one: made from a form, changed, deleted; every mistake is named at its field."""

import re
from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import available_timezones

import sqlalchemy as sa
from babel import Locale
from sqlalchemy.orm import Session

from campaigns.contacts import (
    companies,
    field_forms,
    fields,
    handles,
    identity,
    names,
    origins,
    phones,
    sources,
    tagging,
)
from campaigns.contacts.addresses import canonical
from campaigns.contacts.mistakes import Mistakes
from campaigns.contacts.models import Channel, Contact, DecisionRole
from campaigns.errors import BadInput
from campaigns.words import LANGUAGES, _

_SHORT = {"first_name": 200, "last_name": 200, "position": 120, "city": 120}
_DAY = re.compile(r"(\d{2})-(\d{2})")
_OLDEST = 1900


def create(session: Session, form: Mapping[str, str], owner_id: int | None = None) -> Contact:
    """A new contact from what a form says, with the source it came from. Raises Mistakes."""
    values, own, mistakes = _read(session, form, None)
    try:
        values["source"] = sources.accepted(form.get("source", ""))
    except BadInput as error:
        mistakes["source"] = error.message
    if mistakes:
        raise Mistakes(mistakes)
    contact = Contact(owner_id=owner_id, fields={}, **values)
    contact.categories, contact.tags = _labels(session, form)
    contact.company = companies.company(session, form.get("company", ""))
    session.add(contact)
    session.flush()
    fields.keep(session, contact, own)
    return contact


def change(session: Session, contact: Contact, form: Mapping[str, str], source: str = "") -> Contact:
    """Keep what a form says of a contact whose company, categories and tags are loaded. Raises Mistakes.

    With a `source`, what is different from now on is noted as from there.
    """
    values, own, mistakes = _read(session, form, contact)
    if mistakes:
        raise Mistakes(mistakes)
    before = origins.snapshot(contact)
    for name, value in values.items():
        setattr(contact, name, value)
    contact.categories, contact.tags = _labels(session, form)
    contact.company = companies.company(session, form.get("company", ""))
    fields.keep(session, contact, own)
    if source:
        origins.note(contact, origins.differing(before, origins.snapshot(contact)), source)
    session.flush()
    return contact


def _labels(session: Session, form: Mapping[str, str]) -> tuple[list[Any], list[Any]]:
    def names_in(field: str) -> list[str]:
        return [name for name in form.get(field, "").splitlines() if names.fold(name)]

    return (
        tagging.categories(session, names_in("categories")),
        tagging.tags(session, names_in("tags")),
    )


def _read(
    session: Session, form: Mapping[str, str], contact: Contact | None
) -> tuple[dict[str, Any], dict[str, Any], dict[str, str]]:
    """The columns that a form fills, the values of fields by key, and what is wrong at which input."""
    values: dict[str, Any] = {name: names.tidy(form.get(name, ""), length) for name, length in _SHORT.items()}
    values["note"] = names.tidy_lines(form.get("note", ""))
    mistakes: dict[str, str] = {}
    for read in (_address, _place, _birth, _work, _handles):
        try:
            values |= read(session, form, contact)
        except BadInput as error:
            mistakes[error.field] = error.message
    values["phone"] = phones.normal(form.get("phone", ""), values.get("country", ""))
    if "email" in values:
        values |= names.keys(values["first_name"], values["last_name"], values["email"])
    own, wrong = field_forms.read(
        form, fields.known(session), values.get("country", ""), contact.fields if contact else None
    )
    return values, own, mistakes | wrong


def _address(session: Session, form: Mapping[str, str], contact: Contact | None) -> dict[str, Any]:
    address = canonical(form.get("email", ""))
    if contact is not None and contact.email == address.email:
        return {"email": address.email}
    if session.scalar(sa.select(Contact.id).where(Contact.email == address.email)):
        raise BadInput(_("There is a contact with this address already."), field="email")
    owner = identity.owners(session, [address.email]).get(address.email)
    if owner is not None and owner is not contact:
        raise BadInput(_("This is another address of %(name)s.", name=owner.label), field="email")
    if owner is not None:
        identity.drop_address(session, address.email)
    return {"email": address.email, "domain": address.domain, "address_hash": address.hash}


def _place(_session: Session, form: Mapping[str, str], _contact: Contact | None) -> dict[str, Any]:
    language, country = form.get("language", "").strip().lower(), form.get("country", "").strip().upper()
    zone = form.get("timezone", "").strip()
    if language and language not in Locale("en").languages and language not in LANGUAGES:
        raise BadInput(_("Choose a language of the list."), field="language")
    if country and (len(country) != 2 or country not in Locale("en").territories):
        raise BadInput(_("Choose a country of the list."), field="country")
    if zone and zone not in available_timezones():
        raise BadInput(_("Choose a time zone of the list."), field="timezone")
    return {"language": language[:8], "country": country, "timezone": zone}


def _birth(_session: Session, form: Mapping[str, str], _contact: Contact | None) -> dict[str, Any]:
    """The day as MM-DD and the year, either of which may be missing."""
    day, year = form.get("birthday", "").strip(), form.get("birth_year", "").strip()
    if day:
        parts = _DAY.fullmatch(day)
        try:
            date(2000, int(parts[1]), int(parts[2])) if parts else date(2000, 0, 0)
        except ValueError as error:
            raise BadInput(
                _("Write the birthday as month and day, such as 03-31."), field="birthday"
            ) from error
    if year and not (year.isdecimal() and _OLDEST <= int(year) <= datetime.now(UTC).year):
        raise BadInput(_("Write the year of birth with four digits."), field="birth_year")
    return {"birthday": day, "birth_year": int(year) if year else None}


def _work(_session: Session, form: Mapping[str, str], _contact: Contact | None) -> dict[str, Any]:
    """What the person has to say at work, and how they like to be spoken to; where the form asks for it."""
    found = {}
    for name, kind, problem in (
        ("decision_role", DecisionRole, _("Choose what the person has to say.")),
        ("channel", Channel, _("Choose how the person likes to be spoken to.")),
    ):
        if name in form:
            if form[name] not in set(kind):
                raise BadInput(problem, field=name)
            found[name] = form[name]
    return found


def _handles(_session: Session, form: Mapping[str, str], _contact: Contact | None) -> dict[str, Any]:
    return {"handles": handles.read(form["handles"])} if "handles" in form else {}
