"""Counts whom a rule fits, exactly and quickly: by the lists that indexes keep, not contact by contact.

Each part of a rule becomes a list of contacts' numbers, or all but a list. Lists are joined, united and
taken from each other; “all but” is counted from the other side. A contact's row is read only where a rule
asks for something that no list holds.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from campaigns.audiences import building
from campaigns.audiences.leaves import Asked, Condition, Listed
from campaigns.audiences.nodes import And, Detail, Everybody, Node, Not, Op, Or, Test
from campaigns.contacts.models import Contact

_OTHERWISE = {Op.BEFORE: Op.SINCE, Op.UNTIL: Op.AFTER, Op.SINCE: Op.BEFORE, Op.AFTER: Op.UNTIL}
_WORK_MEM = "64MB"  # a list of a million numbers, sorted or hashed


@dataclass(frozen=True)
class Some:
    """Contacts in a list; with `inside=False` all others. `once`: no number stands in it twice."""

    rows: sa.Select[Any] | sa.CompoundSelect[Any]
    inside: bool = True
    once: bool = False


@dataclass(frozen=True)
class Own:
    """Contacts whose own row answers a question with yes."""

    where: Condition


Part = Some | Own


def count(session: Session, rule: str | Node) -> int:
    """How many contacts the rule fits; raises RuleProblem."""
    found = _part(session, building.understood(session, rule))
    generously(session)
    if isinstance(found, Own):
        return _number(session, Some(sa.select(Contact.id).where(found.where), once=True))
    listed = _number(session, found)
    return listed if found.inside else _number(session, Some(sa.select(Contact.id), once=True)) - listed


def _number(session: Session, part: Some) -> int:
    """How many there are; who stands in it twice is told apart last, when fewest are left."""
    listed = part.rows.subquery()
    number = sa.func.count() if part.once else sa.func.count(listed.c.id.distinct())
    return session.scalar(sa.select(number).select_from(listed)) or 0


def generously(session: Session) -> None:
    """Give this transaction room for long lists on PostgreSQL, which else goes to the disk for them.

    And have it group along an index, which has all of one contact together, rather than by hashes of all.
    """
    if session.get_bind().dialect.name == "postgresql":
        wishes = {"work_mem": _WORK_MEM, "enable_hashagg": "off"}
        session.execute(sa.select(*(sa.func.set_config(name, to, True) for name, to in wishes.items())))


def _part(session: Session, node: Node) -> Part:
    match node:
        case Everybody():
            return Own(sa.true())
        case Not(inner):
            return _opposite(_part(session, inner))
        case And(nodes):
            return _all_of(session, [_part(session, inner) for inner in nodes])
        case Or(nodes):
            return _some_of(session, [_part(session, inner) for inner in nodes])
        case Test() if any(one.what in ("first", "last") and one.op in _OTHERWISE for one in node.details):
            return _part(session, _in_time(node))
        case Test():
            leaf, inside = building.leaf(session, node)
            if isinstance(leaf, Asked):
                return Own(leaf.where if inside else sa.not_(leaf.where))
            return Some(_named(leaf), inside, leaf.once)


def _in_time(test: Test) -> Node:
    """The same without asking for the first or last time, which takes a look at all that was ever done.

    The last was before a day when there is one, and none since then.
    """
    parts: list[Node] = []
    left = tuple(one for one in test.details if one.what not in ("first", "last") or one.op not in _OTHERWISE)
    period = tuple(one for one in left if one.what in ("on", "of_last"))
    for one in test.details:
        if one in left:
            continue
        there = one.op in ((Op.SINCE, Op.AFTER) if one.what == "last" else (Op.BEFORE, Op.UNTIL))
        on = Detail("on", one.op if there else _OTHERWISE[one.op], one.value)
        asked = replace(test, details=(*period, on))
        parts.append(asked if there else Not(asked))
    if left == period and not all(isinstance(part, Not) for part in parts):
        return And(tuple(parts))  # who did it then did it
    return And((replace(test, details=left), *parts))


def _named(leaf: Listed) -> sa.Select[Any]:
    [column] = leaf.rows.selected_columns
    return leaf.rows.with_only_columns(column.label("id"))


def _opposite(part: Part) -> Part:
    if isinstance(part, Own):
        return Own(sa.not_(part.where))
    return Some(part.rows, not part.inside, part.once)


def _all_of(session: Session, parts: Sequence[Part]) -> Part:
    """Whom all parts fit."""
    asked = [part.where for part in parts if isinstance(part, Own)]
    within = [part for part in parts if isinstance(part, Some) and part.inside]
    without = [part for part in parts if isinstance(part, Some) and not part.inside]
    if not within and not without:
        return Own(sa.and_(*asked))
    if not within and not asked:
        return _any_of(without, inside=False)
    if not within:
        return Some(_less(session, sa.select(Contact.id).where(*asked), without), once=True)
    first = within[0]
    return Some(_less(session, _and_also(first, within[1:], asked), without), once=first.once)


def _some_of(session: Session, parts: Sequence[Part]) -> Part:
    """Whom at least one part fits."""
    if any(isinstance(part, Some) and not part.inside for part in parts):
        return _opposite(_all_of(session, [_opposite(part) for part in parts]))
    asked = [part.where for part in parts if isinstance(part, Own)]
    lists = [part for part in parts if isinstance(part, Some)]
    if not lists:
        return Own(sa.or_(*asked))
    if asked:
        lists.append(Some(sa.select(Contact.id).where(sa.or_(*asked)), once=True))
    return _any_of(lists, inside=True)


def _any_of(parts: Sequence[Some], inside: bool) -> Some:
    """Who stands in any of the lists, or in none."""
    if len(parts) == 1:
        return Some(parts[0].rows, inside, parts[0].once)
    return Some(sa.union_all(*(sa.select(part.rows.subquery().c.id) for part in parts)), inside)


def _and_also(first: Some, others: Sequence[Some], asked: Sequence[Condition]) -> sa.Select[Any]:
    """Who stands in all lists and answers yes."""
    if not others and not asked and isinstance(first.rows, sa.Select):
        return first.rows
    listed = first.rows.subquery()
    rows = sa.select(listed.c.id)
    if asked:
        rows = rows.join(Contact, Contact.id == listed.c.id).where(*asked)
    return rows.where(*(listed.c.id.in_(_ids(part)) for part in others))


def _less(session: Session, rows: sa.Select[Any], without: Sequence[Some]) -> sa.Select[Any]:
    """Those of the rows who stand in none of the lists.

    PostgreSQL joins the lists so; SQLite would look each number up, and makes a list of its own instead.
    """
    if not without:
        return rows
    left = rows.subquery()
    found = sa.select(left.c.id)
    for part in without:
        out = part.rows.subquery()
        if session.get_bind().dialect.name == "sqlite":
            found = found.where(left.c.id.not_in(sa.select(out.c.id)))
        else:
            found = found.where(~sa.exists().where(out.c.id == left.c.id))
    return found


def _ids(part: Some) -> Any:
    return sa.select(part.rows.subquery().c.id)
