"""What lists and forms of contacts ask about consent: a filter, and a part of the form for a new contact."""

from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from campaigns.consent import gate, ledger, suppression
from campaigns.consent.models import Act, Basis, Consent, Purpose, Suppression, SuppressionReason
from campaigns.consent.standing import NO, YES, Method, State
from campaigns.consent.wordings import wording
from campaigns.contacts.filters import Filter
from campaigns.contacts.models import Contact
from campaigns.contacts.names import tidy
from campaigns.errors import BadInput
from campaigns.words import _

_STATES: dict[str, list[str]] = {
    "agreed": sorted(YES),
    "refused": sorted(NO),
    "unconfirmed": [State.UNCONFIRMED],
}


def choices() -> list[tuple[str, str]]:
    """What a list can be narrowed to."""
    return [
        ("may", _("May be mailed")),
        ("agreed", _("Agreed")),
        ("unconfirmed", _("Not confirmed yet")),
        ("never", _("Never asked")),
        ("refused", _("Said no")),
        ("suppressed", _("On the never-mailed list")),
        ("restricted", _("Kept, but not to be used")),
    ]


def where(value: str) -> sa.ColumnElement[bool]:
    """The contacts that stand so on letters."""
    if value == "may":
        return gate.refusal().is_(None)
    if value == "restricted":
        return Contact.restricted_at.is_not(None)
    if value == "suppressed":
        return sa.exists().where(Suppression.address_hash == Contact.address_hash)
    said = sa.exists().where(Consent.contact_id == Contact.id, Consent.purpose == Purpose.MAIL)
    return sa.not_(said) if value == "never" else said.where(Consent.state.in_(_STATES[value]))


def among(value: str) -> sa.Select[Any] | None:
    """Their numbers from an index, where one lists them."""
    if value == "suppressed":
        return sa.select(Contact.id).where(Contact.address_hash.in_(sa.select(Suppression.address_hash)))
    if value == "restricted":
        return sa.select(Contact.id).where(Contact.restricted_at.is_not(None))
    if value in _STATES:
        said = sa.select(Consent.contact_id).where(Consent.purpose == Purpose.MAIL)
        return said.where(Consent.state.in_(_STATES[value]))
    return None


def offered_filter() -> Filter:
    """The filter, as lists of contacts take it."""
    return Filter("consent", lambda: _("Consent"), choices, where, among, frozenset({"suppressed"}))


def check(session: Session, contact: Contact) -> None:
    """Raise BadInput for the address of somebody who was erased at their own wish."""
    listed = suppression.suppressed(session, [contact.address_hash]).get(contact.address_hash)
    if listed == SuppressionReason.ERASED:
        raise BadInput(
            _("This person was erased at their own wish, and is not put here again."),
            field="email",
        )


def keep(session: Session, contact: Contact, form: Mapping[str, str]) -> None:
    """Write down what a new contact agreed to, by the form's own part. Raises BadInput without the words."""
    purposes = [purpose for purpose in (Purpose.MAIL, Purpose.TRACKING) if form.get(f"agreed_{purpose}")]
    if not purposes:
        return
    text, how = form.get("agreed_words", ""), tidy(form.get("agreed_how", ""), 300)
    if not how:
        raise BadInput(_("Say how they told you, such as “signed the card at the fair”."), field="agreed_how")
    language = contact.language or "en"
    for purpose in purposes:
        try:
            words = wording(session, purpose, language, text)
        except BadInput as error:
            raise BadInput(error.message, field="agreed_words") from error
        ledger.record(
            session,
            contact.id,
            purpose,
            Act.GRANTED,
            Basis.CONSENT,
            contact.source,
            Method.STAFF,
            words.id,
            evidence=how,
        )
