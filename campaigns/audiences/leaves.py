"""What one condition comes to in SQL: a question to the contact's own row, or a list of contacts elsewhere.

Every question is true or false, never NULL, so that `not` means what it says.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from campaigns.bulk import among
from campaigns.contacts.models import Contact

Condition = sa.ColumnElement[bool]


class How(Enum):
    """In which way contacts are held against the lists."""

    LISTED = "listed"  # whoever's number is in the list, which is made whole
    JOINED = "joined"  # whoever has a row there
    EACH = "each"  # each contact looked up by itself: quick for a few, slow for all


@dataclass(frozen=True)
class Asked:
    """A question to the contact's row; `each` is the quicker form where few contacts are asked."""

    where: Condition
    each: Condition | None = None


@dataclass(frozen=True)
class Listed:
    """The contacts whose number stands in `rows`; `once`: no number stands there twice.

    `grouped`: several rows together say whether one stands there.
    """

    contact: Any
    rows: sa.Select[Any]
    once: bool = False
    grouped: bool = False


_FEW = 40  # parameters; all that a rule may have of them is what a database takes
Leaf = Asked | Listed


def condition(leaf: Leaf, how: How) -> Condition:
    """The leaf as a condition on `Contact`."""
    if isinstance(leaf, Asked):
        return leaf.each if how == How.EACH and leaf.each is not None else leaf.where
    if how == How.LISTED or (how == How.JOINED and leaf.grouped):
        return Contact.id.in_(leaf.rows)
    own = leaf.rows.where(leaf.contact == Contact.id)
    return is_there(own) if how == How.EACH else sa.exists(own.correlate(Contact))


def of_all(session: Session) -> How:
    """The quickest way where all contacts are asked.

    Within `or` and `not` PostgreSQL goes through a whole list for each contact, by IN, once the list is too
    long for its `work_mem`: hours for a million contacts and half a million of them in the list.
    """
    return How.JOINED if session.get_bind().dialect.name == "postgresql" else How.LISTED


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
