"""Who is in an audience: how many may be mailed, who is left out and why, why one person is or isn't in."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session, selectinload

from campaigns.audiences import building, rules
from campaigns.audiences.models import Audience
from campaigns.audiences.nodes import And, Node, Not, Op, Or, tests
from campaigns.consent import gate
from campaigns.contacts.models import Category, Company, Contact, Tag, contact_category
from campaigns.contacts.names import fold
from campaigns.database import now

IN = "in"  # as a reason: those who may be mailed
_STALE = timedelta(minutes=30)


@dataclass(frozen=True)
class Count:
    """How many of those whom a rule fits may be mailed, and the others by the gate's reason."""

    count: int
    left_out: dict[str, int]

    @property
    def fitting(self) -> int:
        """All whom the rule fits."""
        return self.count + sum(self.left_out.values())


def count(session: Session, rule: str | Node, purpose: str = "mail") -> Count:
    """Count in one query; raises RuleProblem."""
    asked = sa.select(gate.refusal(purpose).label("reason")).select_from(Contact)
    fitting = asked.where(building.condition(rule)).subquery()
    grouped = sa.select(fitting.c.reason, sa.func.count()).group_by(fitting.c.reason)
    by_reason: dict[str | None, int] = dict(session.execute(grouped).all())
    mailed = by_reason.pop(None, 0)
    left_out = {str(reason): number for reason, number in by_reason.items()}
    return Count(mailed, dict(sorted(left_out.items(), key=lambda one: -one[1])))


def people(
    session: Session, rule: str | Node, reason: str = IN, after: int = 0, limit: int = 51
) -> Sequence[Contact]:
    """Those who may be mailed, or those left out for one reason, by number from beyond `after` on."""
    verdict = gate.refusal()
    query = (
        sa.select(Contact)
        .where(building.condition(rule), Contact.id > after)
        .where(verdict.is_(None) if reason == IN else verdict == reason)
        .options(selectinload(Contact.company), selectinload(Contact.categories), selectinload(Contact.tags))
    )
    return session.scalars(query.order_by(Contact.id).limit(limit)).all()


def by_language(session: Session, rule: str | Node) -> list[tuple[str, int]]:
    """How many of those who may be mailed speak which language; the empty one is unknown."""
    number = sa.func.count()
    query = _mailed(sa.select(Contact.language, number), rule).group_by(Contact.language)
    return list(session.execute(query.order_by(number.desc())).all())


def by_category(session: Session, rule: str | Node) -> list[tuple[str, int]]:
    """How many of those who may be mailed are in which category; who is in several counts in each."""
    number = sa.func.count()
    query = (
        _mailed(sa.select(Category.name, number), rule)
        .join(contact_category, contact_category.c.contact_id == Contact.id)
        .join(Category, Category.id == contact_category.c.category_id)
        .group_by(Category.name)
    )
    return list(session.execute(query.order_by(number.desc()).limit(12)).all())


def _mailed(query: Any, rule: str | Node) -> Any:
    return query.select_from(Contact).where(building.condition(rule), gate.refusal().is_(None))


def unknown(session: Session, rule: str | Node) -> list[tuple[str, str]]:
    """Fields and values of the rule that name a category, tag or company which nobody has made."""
    node = rules.parse(rule) if isinstance(rule, str) else rule
    named = [
        (test.field, str(value))
        for test in tests(node)
        if test.field in _NAMED and test.op in (Op.IS, Op.IS_NOT, Op.IN)
        for value in test.values
    ]
    missing = []
    for field in dict.fromkeys(field for field, _value in named):
        keys = {fold(value): value for other, value in named if other == field}
        column = _NAMED[field]
        there = set(session.scalars(sa.select(column).where(column.in_(keys))))
        missing += [(field, value) for key, value in keys.items() if key not in there]
    return missing


_NAMED = {"category": Category.key, "tag": Tag.key, "company": Company.key}


@dataclass(frozen=True)
class Line:
    """One part of a rule, and whether it fits the person."""

    depth: int
    text: str
    fits: bool


def explain(session: Session, rule: str | Node, contact_id: int) -> list[Line]:
    """Each part of the rule with whether it fits this contact, the whole first; raises RuleProblem."""
    node = rules.parse(rule) if isinstance(rule, str) else rule
    parts = list(_parts(node, 0))
    asked = [building.condition(part).label(f"part{number}") for number, (_depth, part) in enumerate(parts)]
    fits = session.execute(sa.select(*asked).where(Contact.id == contact_id)).one()
    return [Line(depth, rules.text(part), bool(fit)) for (depth, part), fit in zip(parts, fits, strict=True)]


def _parts(node: Node, depth: int) -> list[tuple[int, Node]]:
    inner: tuple[Node, ...] = ()
    if isinstance(node, And | Or):
        inner = node.nodes
    elif isinstance(node, Not):
        inner = (node.node,)
    return [(depth, node), *(part for one in inner for part in _parts(one, depth + 1))]


def remember(session: Session, audience: Audience) -> Count:
    """Count, and keep the number beside the audience for lists."""
    found = count(session, audience.rule)
    session.execute(
        sa.update(Audience)
        .where(Audience.id == audience.id)
        .values(counted=found.count, counted_at=now(), updated_at=Audience.updated_at)
    )
    return found


def stale(session: Session, limit: int = 20) -> list[int]:
    """Audiences that were not counted for half an hour."""
    old = sa.or_(Audience.counted_at.is_(None), Audience.counted_at < now() - _STALE)
    return list(session.scalars(sa.select(Audience.id).where(old).order_by(Audience.id).limit(limit)))
