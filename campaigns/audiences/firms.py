"""Conditions on the company that a contact works for; who has none has nothing of it."""

from decimal import Decimal
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session, aliased

from campaigns.audiences import similar
from campaigns.audiences.leaves import Asked, Condition
from campaigns.audiences.nodes import Op, Test
from campaigns.audiences.own import among, bound, compare
from campaigns.contacts.models import Company, Contact
from campaigns.contacts.names import fold

_COLUMNS: dict[str, Any] = {
    "industry": Company.industry,
    "legal_form": Company.legal_form,
    "company_country": Company.country,
}
FIELDS = ("company", "parent", *_COLUMNS)


def of_text(session: Session, test: Test) -> Asked:
    """The company's name, that of the company it belongs to, or another line about it."""
    if test.field == "company":
        return _company(Contact.company_id.is_(None), lambda: folded(session, Company.key, test), test)
    if test.field == "parent":
        mother = aliased(Company)
        named = lambda: Company.parent_id.in_(sa.select(mother.id).where(folded(session, mother.key, test)))  # noqa: E731
        return _company(_without(Company.parent_id.is_not(None)), named, test)
    column = _COLUMNS[test.field]
    if test.op == Op.LIKE:
        return working_for(similar.to(session, column, str(test.values[0])))
    return _company(_without(column != ""), lambda: compare(column, test), test)


def of_headcount(test: Test) -> Asked:
    """How many people the company has."""
    column = Company.headcount
    if test.op == Op.EMPTY:
        return Asked(_without(column.is_not(None)))
    return working_for(sa.and_(column.is_not(None), measured(column, test)))


def measured(column: Any, test: Test) -> Condition:
    """A number against the value."""
    number = bound(Decimal(str(test.values[0])))
    return {
        Op.IS: column == number,
        Op.BEFORE: column < number,
        Op.SINCE: column >= number,
        Op.UNTIL: column <= number,
        Op.AFTER: column > number,
    }[test.op]


def working_for(where: Condition) -> Asked:
    """Who works for such a company."""
    return among(Contact.company_id, Company.id, where)


def _without(filled: Condition) -> Condition:
    """Who works for no company of which this can be said."""
    return sa.not_(working_for(filled).where)


def _company(empty: Condition, named: Any, test: Test) -> Asked:
    return Asked(empty) if test.op == Op.EMPTY else working_for(named())


def folded(session: Session, key: Any, test: Test) -> Condition:
    """The condition on a name's folded key."""
    values = [fold(str(value)) for value in test.values]
    if test.op == Op.LIKE:
        return similar.to(session, key, values[0])
    return key.contains(values[0], autoescape=True) if test.op == Op.HAS else key.in_(values)
