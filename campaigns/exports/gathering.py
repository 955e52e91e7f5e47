"""Reads contacts and companies for files: some hundred numbers at a time, then only what the columns need."""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal, InvalidOperation
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session, aliased

from campaigns.accounts.models import User
from campaigns.bulk import among
from campaigns.consent.models import Consent
from campaigns.contacts import field_words
from campaigns.contacts.field_models import FieldKind
from campaigns.contacts.models import Category, Company, Contact, Tag, contact_category, contact_tag
from campaigns.exports.columns import CONSENT, CONSENT_AT, FIELD, Column
from campaigns.exports.models import Subject

Facts = Mapping[int, Any]  # number of a contact or company → what one column shows
_LABELS: dict[str, tuple[Any, sa.Table]] = {
    "categories": (Category, contact_category),
    "tags": (Tag, contact_tag),
}


def rows(
    session: Session, subject: Subject, columns: Sequence[Column], numbers: Sequence[int]
) -> list[list[Any]]:
    """One row for each of these numbers, in their order.

    Those who are gone are passed over, and contacts whose data are kept but not used (GDPR Art. 18).
    """
    model: Any = Company if subject == Subject.COMPANIES else Contact
    plain = [column.key for column in columns if column.key in model.__table__.c]
    needed = sorted({*plain, "id", "fields"} if any(one.field for one in columns) else {*plain, "id"})
    asked = sa.select(*(model.__table__.c[name] for name in needed)).where(among(session, model.id, numbers))
    if model is Contact:
        asked = asked.where(Contact.restricted_at.is_(None))
    there = {row["id"]: row for row in session.execute(asked).mappings()}
    readers = [_reader(session, column, numbers, there) for column in columns]
    return [[read(number) for read in readers] for number in numbers if number in there]


def _reader(
    session: Session, column: Column, numbers: Sequence[int], there: Mapping[int, Any]
) -> Callable[[int], Any]:
    if column.field is not None:
        return _field(column, there)
    if column.key in _FOUND:
        facts = _FOUND[column.key](session, numbers)
        return lambda number: facts.get(number, "")
    if column.key.startswith((CONSENT, CONSENT_AT)):
        facts = _consents(session, column.key, numbers)
        return lambda number: facts.get(number, "")
    if column.key == "handles":
        return lambda number: "; ".join(
            f"{one['kind']} {one['name']}" for one in there[number]["handles"] or ()
        )
    return lambda number: there[number][column.key]


def _field(column: Column, there: Mapping[int, Any]) -> Callable[[int], Any]:
    assert column.field is not None
    key, amount = column.key.removeprefix(FIELD), column.field.kind in (FieldKind.NUMBER, FieldKind.MONEY)

    def read(number: int) -> Any:
        value = (there[number]["fields"] or {}).get(key)
        if amount and value is not None:
            try:
                return Decimal(value)
            except InvalidOperation:
                return value
        return field_words.plain(value)

    return read


def _labels(kind: str, session: Session, numbers: Sequence[int]) -> Facts:
    model, table = _LABELS[kind]
    contact, label = table.columns
    worn = (
        sa.select(contact, model.name).join(model, model.id == label).where(among(session, contact, numbers))
    )
    found: dict[int, list[str]] = defaultdict(list)
    for number, name in session.execute(worn.order_by(model.name)):
        found[number].append(name)
    return {number: ", ".join(names) for number, names in found.items()}


def _companies(session: Session, numbers: Sequence[int]) -> Facts:
    named = sa.select(Contact.id, Company.name).join(Company, Company.id == Contact.company_id)
    return _pairs(session, named.where(among(session, Contact.id, numbers)))


def _owners(session: Session, numbers: Sequence[int]) -> Facts:
    called = sa.func.coalesce(sa.func.nullif(User.name, ""), User.email)
    named = sa.select(Contact.id, called).join(User, User.id == Contact.owner_id)
    return _pairs(session, named.where(among(session, Contact.id, numbers)))


def _parents(session: Session, numbers: Sequence[int]) -> Facts:
    parent = aliased(Company)
    named = sa.select(Company.id, parent.name).join(parent, parent.id == Company.parent_id)
    return _pairs(session, named.where(among(session, Company.id, numbers)))


def _people(session: Session, numbers: Sequence[int]) -> Facts:
    counted = sa.select(Contact.company_id, sa.func.count()).group_by(Contact.company_id)
    return _pairs(session, counted.where(among(session, Contact.company_id, numbers)))


def _consents(session: Session, key: str, numbers: Sequence[int]) -> Facts:
    prefix, value = (CONSENT, Consent.state) if key.startswith(CONSENT) else (CONSENT_AT, Consent.at)
    said: Any = sa.select(Consent.contact_id, value).where(Consent.purpose == key.removeprefix(prefix))
    return _pairs(session, said.where(among(session, Consent.contact_id, numbers)))


def _pairs(session: Session, query: Any) -> Facts:
    return {row[0]: row[1] for row in session.execute(query)}


_FOUND: dict[str, Callable[[Session, Sequence[int]], Facts]] = {
    "categories": lambda session, numbers: _labels("categories", session, numbers),
    "tags": lambda session, numbers: _labels("tags", session, numbers),
    "company": _companies,
    "owner": _owners,
    "parent": _parents,
    "people": _people,
}
