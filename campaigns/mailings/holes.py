"""Holes: for how many of an audience a merge field is empty where the letter shows it without a fallback."""

from collections.abc import Collection, Iterator
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from campaigns.audiences import building
from campaigns.consent import gate
from campaigns.contacts.models import Contact, contact_category, contact_tag
from campaigns.mailings import merging
from campaigns.mailings.language.filters import empty
from campaigns.mailings.models import Campaign

_SAMPLE = 500  # contacts looked at for fields that SQL can't count

_COUNTED: dict[str, Any] = {
    **{f"contact.{name}": getattr(Contact, name) == "" for name in merging.PLAIN},
    "contact.name": sa.and_(Contact.first_name == "", Contact.last_name == ""),
    "contact.company": Contact.company_id.is_(None),
    "contact.tags": Contact.id.not_in(sa.select(contact_tag.c.contact_id)),
    "contact.categories": Contact.id.not_in(sa.select(contact_category.c.contact_id)),
}


def count(session: Session, campaign: Campaign, fields: Collection[str]) -> Iterator[tuple[str, int, int]]:
    """Each field that is empty for somebody who gets the letter: name, for how many, out of how many sampled.

    Sampled is 0 where everybody was counted.
    """
    fits = building.of_audience(session, campaign.audience)
    mailed = sa.and_(fits, gate.refusal(campaign.purpose).is_(None))
    in_sql = sorted(field for field in fields if field in _COUNTED)
    if in_sql:
        columns = [sa.func.count(sa.case((_COUNTED[field], 1))) for field in in_sql]
        numbers = session.execute(sa.select(*columns).select_from(Contact).where(mailed)).one()
        yield from ((field, number, 0) for field, number in zip(in_sql, numbers, strict=True) if number)
    yield from _sampled(
        session, mailed, sorted(field for field in fields if field.startswith("contact.fields."))
    )


def _sampled(session: Session, mailed: Any, fields: list[str]) -> Iterator[tuple[str, int, int]]:
    if not fields:
        return
    ids = session.scalars(sa.select(Contact.id).where(mailed).order_by(Contact.id).limit(_SAMPLE)).all()
    contacts = merging.of_contacts(session, ids, fields).values()
    for field in fields:
        key = field.removeprefix("contact.fields.")
        number = sum(empty(contact["fields"].get(key)) for contact in contacts)
        if number:
            yield field, number, len(ids)
