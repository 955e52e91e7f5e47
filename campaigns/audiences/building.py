"""Turns a rule into one SQL condition over contacts; what stands in a rule reaches SQL only as bound values.

Every condition is true or false, never NULL, so that `not` means what it says.
"""

from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import InstrumentedAttribute

from campaigns.accounts.models import User
from campaigns.audiences import rules
from campaigns.audiences.nodes import And, Everybody, Kind, Node, Not, Op, Or, Relative, Test, Value, today
from campaigns.consent.models import Act, Consent, Purpose
from campaigns.contacts import addresses
from campaigns.contacts.models import Category, Company, Contact, Tag, contact_category, contact_tag
from campaigns.contacts.names import fold

Condition = sa.ColumnElement[bool]

_LABELS: dict[str, tuple[type[Category] | type[Tag], sa.Column[int], sa.Column[int]]] = {
    "category": (Category, contact_category.c.category_id, contact_category.c.contact_id),
    "tag": (Tag, contact_tag.c.tag_id, contact_tag.c.contact_id),
}
_DAYS: dict[str, InstrumentedAttribute[Any]] = {
    "created": Contact.created_at,
    "last_contact": Contact.last_contact_at,
    "next_step": Contact.next_step_on,
}
_PURPOSES = {"consent": Purpose.MAIL, "tracking": Purpose.TRACKING}


def contact_ids(rule: str | Node) -> sa.Select[int]:
    """The ids of all who fit the rule; raises RuleProblem."""
    return sa.select(Contact.id).where(condition(rule))


def condition(rule: str | Node, *, of_each: bool = False) -> Condition:
    """The rule as a condition on `Contact`, to stand in any statement that selects from it.

    `of_each` asks each contact by itself: quick for a few, slow for all; else lists of all are compared.
    """
    node = rules.parse(rule) if isinstance(rule, str) else rule
    match node:
        case Everybody():
            return sa.true()
        case Not(inner):
            return sa.not_(condition(inner, of_each=of_each))
        case And(nodes):
            return sa.and_(*(condition(inner, of_each=of_each) for inner in nodes))
        case Or(nodes):
            return sa.or_(*(condition(inner, of_each=of_each) for inner in nodes))
        case Test():
            return _test(node, of_each)


def _test(test: Test, of_each: bool) -> Condition:
    """One comparison; the negative ones are the opposite of their positive twins."""
    if test.op == Op.IS_NOT:
        return sa.not_(_test(Test(test.field, Op.IS, test.values, test.key), of_each))
    if test.op == Op.FILLED:
        return sa.not_(_test(Test(test.field, Op.EMPTY, (), test.key), of_each))
    match test.kind:
        case Kind.LABEL:
            return _label(test, of_each)
        case Kind.STATE:
            return _state(test, of_each)
        case Kind.BIRTHDAY:
            return _birthday(test)
        case Kind.DAY:
            return _day(test)
        case Kind.TEXT:
            return _text(test, of_each)


def _label(test: Test, of_each: bool) -> Condition:
    label, other, contact = _LABELS[test.field]
    if test.op == Op.EMPTY:
        return sa.not_(_among(contact, sa.select(contact), of_each))
    meant = sa.select(label.id).where(_folded(label.key, test))
    if of_each:
        return _among(contact, sa.select(contact).where(other.in_(meant)), of_each)
    return Contact.id.in_(sa.select(contact).join(label, label.id == other).where(_folded(label.key, test)))


def _among(contact: Any, listed: sa.Select[Any], of_each: bool) -> Condition:
    """Whether the contact is in a list of numbers: looked up in it, or the whole list made.

    Looked up as a value, not as EXISTS, of which PostgreSQL would make the whole list after all.
    """
    if of_each:
        return _is_there(listed.where(contact == Contact.id))
    return Contact.id.in_(listed)


def _is_there(asked: sa.Select[Any]) -> Condition:
    return asked.correlate(Contact).limit(1).scalar_subquery().is_not(None)


def _folded(key: InstrumentedAttribute[str], test: Test) -> Condition:
    """The condition on a name's folded key."""
    values = [fold(str(value)) for value in test.values]
    return key.contains(values[0], autoescape=True) if test.op == Op.HAS else key.in_(values)


def _state(test: Test, of_each: bool) -> Condition:
    states = {str(value) for value in test.values}
    if Act.GRANTED in states:
        states.add(Act.CONFIRMED)  # who confirmed has agreed
    mine = sa.select(Consent.contact_id).where(Consent.purpose == _PURPOSES[test.field])
    said = _among(Consent.contact_id, mine.where(Consent.state.in_(sorted(states))), of_each)
    return sa.or_(said, sa.not_(_among(Consent.contact_id, mine, of_each))) if "none" in states else said


def _text(test: Test, of_each: bool) -> Condition:
    if test.field == "company":
        return _by_id(Contact.company_id, Company.id, test, lambda: _folded(Company.key, test), of_each)
    if test.field == "owner":
        return _by_id(Contact.owner_id, User.id, test, lambda: _called(test), of_each)
    if test.key:
        return _compare(sa.func.coalesce(Contact.fields[test.key].as_string(), ""), test)
    return _compare(getattr(Contact, test.field), test)


def _called(test: Test) -> Condition:
    return sa.or_(_compare(User.email, test), _compare(User.name, test))


def _by_id(column: Any, other: Any, test: Test, named: Any, of_each: bool) -> Condition:
    if test.op == Op.EMPTY:
        return column.is_(None)
    if of_each:
        return _is_there(sa.select(other).where(other == column, named()))
    return sa.and_(column.is_not(None), column.in_(sa.select(other).where(named())))


def _compare(column: Any, test: Test) -> Condition:
    """Text compared without regard to capital letters."""
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


def _day(test: Test) -> Condition:
    column = _DAYS[test.field]
    if test.op == Op.EMPTY:
        return column.is_(None)
    day = _on(test.values[0])
    start, end = _moment(test.field, day), _moment(test.field, day + timedelta(days=1))
    compared = {
        Op.IS: sa.and_(column >= start, column < end),
        Op.BEFORE: column < start,
        Op.SINCE: column >= start,
        Op.UNTIL: column < end,
        Op.AFTER: column >= end,
    }[test.op]
    return sa.and_(column.is_not(None), compared)


def _on(value: Value) -> date:
    if isinstance(value, Relative):
        return value.on(today())
    assert isinstance(value, date)  # the parser lets nothing else stand with a day
    return value


def _moment(field: str, day: date) -> date:
    return day if field == "next_step" else datetime.combine(day, time(), UTC)


def _birthday(test: Test) -> Condition:
    if test.op == Op.EMPTY:
        return Contact.birthday == ""
    value = test.values[0]
    if isinstance(value, str):
        return Contact.birthday == value
    assert isinstance(value, Relative)
    days, inside = birthdays(value, test.op)
    return (
        Contact.birthday.in_(days)
        if inside
        else sa.and_(Contact.birthday != "", Contact.birthday.not_in(days))
    )


def birthdays(value: Relative, op: Op) -> tuple[Sequence[str], bool]:
    """Days of the year as MM-DD, and whether they are the wanted ones or all others are.

    `<= +7d` means that the next birthday is at most seven days ahead, `>= -7d` that the last one was
    at most seven days ago; the 29th of February is kept on the 28th in other years.
    """
    if op in (Op.IS, Op.IS_NOT):
        return _span(value.days, value.days), True
    ahead = value.days > 0 or (value.days == 0 and op in (Op.UNTIL, Op.BEFORE))
    inside = (op in (Op.UNTIL, Op.BEFORE)) == ahead
    with_edge = (op in (Op.UNTIL, Op.SINCE)) == inside
    reach = abs(value.days) - (0 if with_edge else 1)
    return (_span(0, reach) if ahead else _span(-reach, 0)), inside


def _span(first: int, last: int) -> list[str]:
    days = [today() + timedelta(days=ahead) for ahead in range(first, last + 1)]
    found = {day.strftime("%m-%d") for day in days}
    for day in days:
        if (day.month, day.day) == (2, 28) and not _leap(day.year):
            found.add("02-29")
    return sorted(found)


def _leap(year: int) -> bool:
    return year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)
