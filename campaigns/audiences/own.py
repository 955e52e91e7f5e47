"""Conditions on what stands in a contact's own row."""

from decimal import Decimal
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import InstrumentedAttribute, Session

from campaigns.accounts.models import User
from campaigns.audiences import moments, similar
from campaigns.audiences.leaves import Asked, Condition, is_there
from campaigns.audiences.nodes import Op, Relative, Test
from campaigns.contacts import addresses
from campaigns.contacts.models import Contact, Import

_DAYS: dict[str, InstrumentedAttribute[Any]] = {
    "created": Contact.created_at,
    "verified": Contact.verified_at,
    "last_contact": Contact.last_contact_at,
    "next_step": Contact.next_step_on,
}
_CHOICES: dict[str, InstrumentedAttribute[str]] = {"role": Contact.decision_role, "channel": Contact.channel}


def of_text(session: Session, test: Test) -> Asked:
    """A line of text, without regard to capital letters; the owner by name or address."""
    if test.field == "owner":
        return _owner(test)
    column = getattr(Contact, test.field)
    if test.op == Op.LIKE:
        return Asked(similar.to(session, column, str(test.values[0])))
    return Asked(compare(column, test))


def compare(column: Any, test: Test) -> Condition:
    """Text against the values, without regard to capital letters."""
    if test.op == Op.EMPTY:
        return column == ""
    small = sa.func.lower(column)
    if test.op == Op.HAS:
        return small.contains(str(test.values[0]).lower(), autoescape=True)
    return small.in_([_as_kept(test.field, str(value)) for value in test.values])


def _as_kept(field: str, value: str) -> str:
    """The value in the form in which the field keeps it, so that any spelling of an address fits."""
    if field in ("email", "domain"):
        try:
            found = addresses.canonical(value if field == "email" else f"a@{value}")
        except addresses.AddressProblem:
            return value.lower()
        return found.email if field == "email" else found.domain
    return value.lower()


def _owner(test: Test) -> Asked:
    if test.op == Op.EMPTY:
        return Asked(Contact.owner_id.is_(None))
    named = sa.or_(compare(User.email, test), compare(User.name, test))
    return among(Contact.owner_id, User.id, named)


def bound(number: Decimal) -> int | float:
    """A number as every database takes it."""
    return int(number) if number == number.to_integral_value() else float(number)


def among(column: Any, other: Any, where: Condition) -> Asked:
    """Whether the column names one of those rows of another table."""
    listed = sa.and_(column.is_not(None), column.in_(sa.select(other).where(where)))
    return Asked(listed, is_there(sa.select(other).where(other == column, where)))


def of_day(test: Test) -> Asked:
    """A moment, or the day of the next step."""
    column = _DAYS[test.field]
    if test.op == Op.EMPTY:
        return Asked(column.is_(None))
    fits = moments.compared(column, test.op, test.values[0], by_day=test.field == "next_step")
    return Asked(sa.and_(column.is_not(None), fits))


def of_birthday(test: Test) -> Asked:
    """A day of the year, or days until it."""
    if test.op == Op.EMPTY:
        return Asked(Contact.birthday == "")
    value, birthday = test.values[0], Contact.birthday
    known = birthday != ""  # as its index says
    if not isinstance(value, Relative):
        return Asked(sa.and_(known, birthday == value))
    days, inside = moments.birthdays(value, test.op)
    return Asked(sa.and_(known, birthday.in_(days) if inside else birthday.not_in(days)))


def of_choice(test: Test) -> Asked:
    """One of a few words."""
    column = _CHOICES[test.field]
    return Asked(column == "" if test.op == Op.EMPTY else column.in_([str(one) for one in test.values]))


def of_batch(test: Test) -> Asked:
    """The import that made the contact, by number or by the name of its file."""
    column = Contact.import_id
    if test.op == Op.EMPTY:
        return Asked(column.is_(None))
    given = [str(value) for value in test.values]
    numbers = [int(one) for one in given if one.isascii() and one.isdigit() and len(one) < 16]
    files = [one.lower() for one in given]
    return among(column, Import.id, sa.or_(Import.id.in_(numbers), sa.func.lower(Import.filename).in_(files)))
