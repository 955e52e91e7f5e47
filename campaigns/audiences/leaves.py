"""What one condition comes to in SQL: a question to the contact's own row, or a list of contacts elsewhere.

Every question is true or false, never NULL, so that `not` means what it says.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from campaigns.bulk import among
from campaigns.contacts.models import Contact

Condition = sa.ColumnElement[bool]


@dataclass(frozen=True)
class Asked:
    """A question to the contact's row; `each` is the quicker form where few contacts are asked."""

    where: Condition
    each: Condition | None = None


@dataclass(frozen=True)
class Listed:
    """The contacts whose number stands in `rows`; `once`: no number stands there twice."""

    contact: Any
    rows: sa.Select[Any]
    once: bool = False


_FEW = 40  # parameters; all that a rule may have of them is what a database takes
Leaf = Asked | Listed


def condition(leaf: Leaf, of_each: bool) -> Condition:
    """The leaf as a condition on `Contact`; `of_each` looks each contact up by itself."""
    if isinstance(leaf, Listed):
        if of_each:
            return is_there(leaf.rows.where(leaf.contact == Contact.id))
        return Contact.id.in_(leaf.rows)
    return leaf.each if of_each and leaf.each is not None else leaf.where


def is_there(asked: sa.Select[Any]) -> Condition:
    """Whether there is a row, looked up as a value: EXISTS makes PostgreSQL list all of them after all."""
    return asked.correlate(Contact).limit(1).scalar_subquery().is_not(None)


def one_of(session: Session, column: Any, values: Sequence[Any]) -> Condition:
    """`column IN values`; with one parameter, where there are many values."""
    if len(values) <= _FEW:
        return column.in_(values)
    if session.get_bind().dialect.name == "postgresql":
        return among(session, column, values)
    listed = sa.func.json_each(json.dumps(list(values), ensure_ascii=False)).table_valued("value")
    return column.in_(sa.select(listed.c.value))
