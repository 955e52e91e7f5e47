"""The columns that a file may have: of contacts and of companies, each with its key and its name."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import Session

from campaigns.consent.models import Purpose
from campaigns.contacts import fields
from campaigns.contacts.field_models import About, Field
from campaigns.errors import BadInput
from campaigns.exports.models import Subject
from campaigns.words import _, lazy

FIELD, CONSENT, CONSENT_AT = "fields.", "consent.", "consent_at."

_PLAIN: dict[Subject, dict[str, Any]] = {
    Subject.CONTACTS: {
        "email": lazy("Email"),
        "first_name": lazy("First name"),
        "last_name": lazy("Last name"),
        "phone": lazy("Phone"),
        "position": lazy("Position"),
        "company": lazy("Company"),
        "language": lazy("Language"),
        "country": lazy("Country"),
        "city": lazy("City"),
        "timezone": lazy("Time zone"),
        "birthday": lazy("Birthday"),
        "birth_year": lazy("Year of birth"),
        "decision_role": lazy("Role in the decision"),
        "channel": lazy("Preferred channel"),
        "handles": lazy("Handles"),
        "categories": lazy("Categories"),
        "tags": lazy("Tags"),
        "owner": lazy("Owner"),
        "source": lazy("Source"),
        "last_contact_at": lazy("Last contact"),
        "last_contact_how": lazy("Last contact by"),
        "next_step_on": lazy("Next step"),
        "created_at": lazy("Known since"),
        "verified_at": lazy("Confirmed"),
        "note": lazy("Note"),
        "id": lazy("Number"),
    },
    Subject.COMPANIES: {
        "name": lazy("Name"),
        "website": lazy("Website"),
        "legal_form": lazy("Legal form"),
        "headcount": lazy("Headcount"),
        "industry": lazy("Industry"),
        "country": lazy("Country"),
        "parent": lazy("Parent company"),
        "people": lazy("People"),
        "created_at": lazy("Known since"),
        "note": lazy("Note"),
        "id": lazy("Number"),
    },
}
_CONSENTS = {
    Purpose.MAIL: lazy("Consent to letters"),
    Purpose.TRACKING: lazy("Consent to tracking"),
    Purpose.PROFILING: lazy("Consent to profiling"),
    Purpose.AD_PLATFORMS: lazy("Consent to ad platforms"),
}
USUAL = {
    Subject.CONTACTS: (
        "email", "first_name", "last_name", "phone", "position", "language", "country", "city", "company",
        "categories", "tags",
    ),
    Subject.COMPANIES: ("name", "website", "industry", "country", "headcount", "people"),
}  # fmt: skip


@dataclass(frozen=True)
class Column:
    """One column of a file; `field` is the typed field that it shows, if it shows one."""

    key: str
    name: str
    field: Field | None = None


def known(session: Session, subject: Subject) -> dict[str, Column]:
    """All columns of a subject by key, in the order in which they are offered."""
    about = About.COMPANY if subject == Subject.COMPANIES else About.CONTACT
    found = {key: Column(key, str(name)) for key, name in _PLAIN[subject].items()}
    for key, field in fields.known(session, about).items():
        found[f"{FIELD}{key}"] = Column(f"{FIELD}{key}", field.name, field)
    if subject == Subject.CONTACTS:
        for purpose, name in _CONSENTS.items():
            found[f"{CONSENT}{purpose}"] = Column(f"{CONSENT}{purpose}", str(name))
            since = _("%(consent)s: since", consent=str(name))
            found[f"{CONSENT_AT}{purpose}"] = Column(f"{CONSENT_AT}{purpose}", since)
    return found


def chosen(session: Session, subject: Subject, keys: Iterable[str]) -> list[Column]:
    """These columns in this order; raises BadInput for one that is not there, or for none at all."""
    offered, wanted = known(session, subject), list(dict.fromkeys(keys))
    for key in wanted:
        if key not in offered:
            raise BadInput(_("There is no column “%(key)s”.", key=key[:60]), field="column")
    if not wanted:
        raise BadInput(_("Choose at least one column."), field="column")
    return [offered[key] for key in wanted]


def offered(session: Session, subject: Subject, keys: Sequence[str]) -> list[tuple[Column, bool]]:
    """All columns with whether they are chosen: those chosen first, in their order."""
    by_key = known(session, subject)
    first = [key for key in keys if key in by_key]
    return [(by_key[key], True) for key in first] + [
        (column, False) for key, column in by_key.items() if key not in first
    ]
