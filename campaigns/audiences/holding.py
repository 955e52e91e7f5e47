"""What one person has of what a condition asks, in a few words."""

from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session, aliased

from campaigns.accounts.models import User
from campaigns.audiences import deeds, wording
from campaigns.audiences.fields import COMPANY_CUSTOM, Kind, kind
from campaigns.audiences.nodes import Test
from campaigns.consent.models import Consent, Purpose
from campaigns.contacts import fields as own_fields
from campaigns.contacts.field_models import About
from campaigns.contacts.models import (
    Category,
    Company,
    Contact,
    Import,
    Tag,
    contact_category,
    contact_tag,
)
from campaigns.crm import runouts
from campaigns.words import _, ngettext

_SHOWN = 120  # letters
_mother = aliased(Company)
_COLUMNS: dict[str, Any] = {
    "created": Contact.created_at,
    "verified": Contact.verified_at,
    "last_contact": Contact.last_contact_at,
    "next_step": Contact.next_step_on,
    "role": Contact.decision_role,
    "owner": User.name,
    "import": Import.filename,
    "company": Company.name,
    "industry": Company.industry,
    "legal_form": Company.legal_form,
    "headcount": Company.headcount,
    "company_country": Company.country,
    "parent": _mother.name,
}
_PURPOSES = {"consent": Purpose.MAIL, "tracking": Purpose.TRACKING}
_LABELS: dict[str, tuple[Any, Any, Any]] = {
    "category": (Category, contact_category.c.category_id, contact_category.c.contact_id),
    "tag": (Tag, contact_tag.c.tag_id, contact_tag.c.contact_id),
}


def held(session: Session, test: Test, contact_id: int) -> str:
    """What this contact has there; words for nothing when there is nothing."""
    match kind(test.field):
        case Kind.LABEL:
            return _shown(", ".join(_labels(session, test.field, contact_id)))
        case Kind.STATE:
            return _state(session, test.field, contact_id)
        case Kind.DEED:
            return _deeds(session, test.field, contact_id)
        case Kind.CUSTOM:
            return _shown(_custom(session, test, contact_id))
    column = _COLUMNS.get(test.field)
    found = session.scalar(_row(column if column is not None else getattr(Contact, test.field), contact_id))
    return _shown(found)


def _row(column: Any, contact_id: int) -> Any:
    joined = sa.select(column).select_from(Contact).outerjoin(Company, Company.id == Contact.company_id)
    joined = joined.outerjoin(_mother, _mother.id == Company.parent_id)
    joined = joined.outerjoin(User, User.id == Contact.owner_id)
    return joined.outerjoin(Import, Import.id == Contact.import_id).where(Contact.id == contact_id)


def _shown(found: Any) -> str:
    if isinstance(found, datetime):
        return wording.day(found.date())
    if isinstance(found, date):
        return wording.day(found)
    text = " ".join(str(found if found is not None else "").split())
    return (text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…") or _("nothing")


def _labels(session: Session, field: str, contact_id: int) -> list[str]:
    label, other, contact = _LABELS[field]
    query = sa.select(label.name).join(contact.table, other == label.id).where(contact == contact_id)
    return list(session.scalars(query.order_by(label.name).limit(50)))


def _state(session: Session, field: str, contact_id: int) -> str:
    purpose = _PURPOSES.get(field, field)
    mine = sa.select(Consent.state).where(Consent.contact_id == contact_id, Consent.purpose == purpose)
    return session.scalar(mine) or _("was never asked")


def _deeds(session: Session, field: str, contact_id: int) -> str:
    if field == "runs_out":
        days = [f"{one.product.name}: {wording.day(one.day)}" for one in runouts.of(session, contact_id)]
        return _shown(", ".join(days))
    many, last = deeds.of_one(session, field, contact_id)
    if not many or last is None:
        return _("never")
    times = ngettext("once", "%(num)s times", many)
    return _("%(times)s, last on %(day)s", times=times, day=wording.day(last.date()))


def _custom(session: Session, test: Test, contact_id: int) -> Any:
    holder: Any = Company if test.field == COMPANY_CUSTOM else Contact
    kept = session.scalar(_row(holder.fields, contact_id)) or {}
    about = About.COMPANY if test.field == COMPANY_CUSTOM else About.CONTACT
    made = own_fields.named(session, test.key, about)
    value = kept.get(made.key if made else test.key)
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    return ", ".join(map(str, value)) if isinstance(value, list) else value
