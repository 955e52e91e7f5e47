"""Who is in an audience: how many may be mailed, who is left out and why, why one person is or isn't in."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.orm import Session, selectinload

from campaigns.audiences import building, deeds, expanding, rules
from campaigns.audiences.leaves import Condition
from campaigns.audiences.models import Audience
from campaigns.audiences.nodes import Node, Op, tests
from campaigns.consent import gate
from campaigns.contacts.models import Category, Company, Contact, Tag
from campaigns.contacts.names import fold
from campaigns.database import now

IN = "in"  # as a reason: those who may be mailed
_STALE = timedelta(minutes=30)
_STALE_WHILE_BUSY = timedelta(days=1)


@dataclass(frozen=True)
class Count:
    """How many of those whom a rule fits may be mailed, and the others by the gate's reason."""

    count: int
    left_out: dict[str, int]
    about: bool = False  # worked out from some of the contacts, not counted
    counted_at: datetime | None = None  # None: just now

    @property
    def fitting(self) -> int:
        """All whom the rule fits."""
        return self.count + sum(self.left_out.values())


def count(session: Session, rule: str | Node, purpose: str = "mail") -> Count:
    """Count in one query; raises RuleProblem."""
    asked = sa.select(gate.refusal(purpose).label("reason")).select_from(Contact)
    fitting = asked.where(building.condition(session, rule)).subquery()
    grouped = sa.select(fitting.c.reason, sa.func.count()).group_by(fitting.c.reason)
    by_reason: dict[str | None, int] = dict(session.execute(grouped).all())
    mailed = by_reason.pop(None, 0)
    left_out = {str(reason): number for reason, number in by_reason.items()}
    return Count(mailed, dict(sorted(left_out.items(), key=lambda one: -one[1])))


def of_audience(session: Session, audience: Audience) -> Count:
    """Count an audience with all that it names and excludes; raises RuleProblem."""
    return count(session, expanding.whole(session, audience))


def people(
    session: Session,
    rule: str | Node,
    reason: str = IN,
    after: int = 0,
    limit: int = 51,
) -> Sequence[Contact]:
    """Those who may be mailed, or those left out for one reason, by number from beyond `after` on."""
    return page(session, building.condition(session, rule), reason, after, limit)


def page(session: Session, fits: Condition, reason: str | None, after: int, limit: int) -> Sequence[Contact]:
    """The same of those who answer a condition; with `None` as reason all of them, whatever the gate says."""
    chosen = sa.select(Contact).where(fits, Contact.id > after)
    if reason is not None:
        verdict = gate.refusal()
        chosen = chosen.where(verdict.is_(None) if reason == IN else verdict == reason)
    load = (selectinload(Contact.company), selectinload(Contact.categories), selectinload(Contact.tags))
    return session.scalars(chosen.options(*load).order_by(Contact.id).limit(limit)).all()


def unknown(session: Session, rule: str | Node) -> list[tuple[str, str]]:
    """Fields and values of the rule that name a label, company, product or campaign that is not there."""
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
    return missing + deeds.unknown(session, tests(node))


_NAMED = {"category": Category.key, "tag": Tag.key, "company": Company.key}


def remember(session: Session, audience: Audience) -> Count:
    """Count, and keep the numbers beside the audience for lists."""
    found = of_audience(session, audience)
    keep(session, audience, found)
    return found


def keep(session: Session, audience: Audience, found: Count) -> None:
    """Keep what was counted just now, unless the rule has changed meanwhile."""
    values = {"counted": found.count, "left_out": found.left_out, "counted_at": now()}
    session.execute(
        sa.update(Audience)
        .where(Audience.id == audience.id, Audience.rule == audience.rule)
        .values(**values, updated_at=Audience.updated_at)
    )


def kept(audience: Audience) -> Count | None:
    """What was last counted of an audience; None when it was not counted since its rule changed."""
    if audience.counted is None or audience.counted_at is None:
        return None
    return Count(audience.counted, dict(audience.left_out), counted_at=audience.counted_at)


def stale(session: Session, *, busy: bool = False, limit: int = 20) -> list[int]:
    """Audiences that were not counted for half an hour; for a day, while others need the machine."""
    counted = Audience.counted_at if not busy else sa.func.coalesce(Audience.counted_at, Audience.created_at)
    old = sa.or_(counted.is_(None), counted < now() - (_STALE_WHILE_BUSY if busy else _STALE))
    return list(session.scalars(sa.select(Audience.id).where(old).order_by(Audience.id).limit(limit)))
