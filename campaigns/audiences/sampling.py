"""An audience while somebody waits: counted where that is quick, else worked out from some of the contacts.

Some thousand contacts, spread evenly over all, show how many of a million a rule fits to within a per cent
of all. What is rare among them is counted after all, if that is done within a moment.
"""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, TypeVar

import sqlalchemy as sa
from sqlalchemy.orm import Session, selectinload

from campaigns.audiences import building, previewing
from campaigns.audiences.models import Audience
from campaigns.audiences.nodes import Node, Test
from campaigns.audiences.previewing import Count
from campaigns.bulk import among
from campaigns.consent import gate
from campaigns.contacts.models import Category, Contact, contact_category

SMALL = 20_000  # contacts that are all counted at once
_LOOKED_AT, _TOGETHER = 4_000, 20  # contacts of the sample; neighbours are read at one go
_GLANCE = 1_000  # of them, where only many or few is asked
RARE = 60  # of them; fewer say too little
_MOST = 12  # categories that are shown
_MOMENT = 0.05  # seconds that a count may take

T = TypeVar("T")


class TooSlow(Exception):
    """It was not done within the time given."""


def count(session: Session, rule: str | Node, purpose: str = "mail") -> Count:
    """How many may be mailed and who is left out, perhaps only about; raises RuleProblem."""
    numbers = sample(session)
    if numbers is None:
        return previewing.count(session, rule, purpose)
    found = _by(session, gate.refusal(purpose), rule, numbers)
    if sum(number for _reason, number in found) < RARE:
        counted = _soon(session, lambda: previewing.count(session, rule, purpose))
        if counted is not None:
            return counted
    by_reason = {reason: scaled(number, numbers) for reason, number in found}
    mailed = by_reason.pop(None, 0)
    left_out = {str(reason): number for reason, number in by_reason.items()}
    return Count(mailed, dict(sorted(left_out.items(), key=lambda one: -one[1])), about=True)


def known(session: Session, audience: Audience) -> Count | None:
    """What the clock counted of a large audience; None where it is counted at once, or not counted yet."""
    return None if sample(session) is None else previewing.kept(audience)


def people(session: Session, rule: str | Node, limit: int = 6) -> Sequence[Contact]:
    """Some of those who may be mailed."""
    numbers = sample(session)
    if numbers is None:
        return previewing.people(session, rule, limit=limit)
    fitting = sa.select(Contact).where(*_mailed(session, rule, numbers)).order_by(Contact.id).limit(limit)
    found = session.scalars(fitting.options(selectinload(Contact.company))).all()
    if len(found) == limit:
        return found
    return _soon(session, lambda: previewing.people(session, rule, limit=limit)) or found


def fits_many(session: Session, rule: str | Node) -> bool:
    """Whether it fits one of a hundred or more, so that a page of them is soon found; raises RuleProblem."""
    numbers = sample(session)
    if numbers is None:
        return False
    some = numbers[:: len(numbers) // _GLANCE]
    chosen = among(session, Contact.id, some), building.condition(session, rule, of_each=True)
    found = session.scalar(sa.select(sa.func.count()).select_from(Contact).where(*chosen)) or 0
    return found * 100 >= len(some)


def page(session: Session, rule: str | Node, reason: str | None, after: int, limit: int) -> Sequence[Contact]:
    """As `previewing.page`, by the way that is soonest done; raises RuleProblem.

    Whom many fit is found by asking one after the other. Of a rule that few fit, the shortest list in which
    all of them must stand leads, and they are asked the rest; long lists are compared only without one.
    """
    node = building.understood(session, rule)
    if fits_many(session, node):
        fits = building.condition(session, node, of_each=True)
    else:
        fits = building.condition(session, node, leading=_rarest(session, node))
    return previewing.page(session, fits, reason, after, limit)


def _rarest(session: Session, node: Node) -> Test | None:
    """The part of a rule with a list that is short and must hold all whom the rule fits."""
    numbers, parts = sample(session), building.listed(session, node)
    if numbers is None or not parts:
        return None
    some = numbers[:: len(numbers) // _GLANCE]
    each = (sa.func.count().filter(building.condition(session, part, of_each=True)) for part in parts)
    found = session.execute(sa.select(*each).where(among(session, Contact.id, some))).one()
    fewest, rarest = min(zip(found, parts, strict=True), key=lambda one: one[0])
    return rarest if fewest * 100 < len(some) else None


Divided = list[tuple[str, int]]  # what they divide by, and how many there are of each; most first


def shares(session: Session, rule: str | Node) -> tuple[Divided, Divided]:
    """How many of those who may be mailed are in which category, and speak which language.

    Who is in several categories counts in each; the empty language is unknown. Raises RuleProblem.
    """
    numbers = sample(session)
    mailed = _mailed(session, rule, numbers)
    if numbers is not None:
        mailed = [among(session, Contact.id, session.scalars(sa.select(Contact.id).where(*mailed)).all())]
    link = contact_category.c
    linked = sa.select(Category.name, sa.func.count()).select_from(Contact)
    linked = linked.join(contact_category, link.contact_id == Contact.id)
    by_category = linked.join(Category, Category.id == link.category_id)
    by_language = sa.select(Contact.language, sa.func.count())
    return (
        _divided(session, by_category.where(*mailed), Category.name, numbers)[:_MOST],
        _divided(session, by_language.where(*mailed), Contact.language, numbers),
    )


def _divided(session: Session, query: Any, column: Any, numbers: Sequence[int] | None) -> Divided:
    rows = session.execute(query.group_by(column).order_by(sa.func.count().desc(), column)).all()
    return [(value, scaled(many, numbers)) for value, many in rows]


def _mailed(session: Session, rule: str | Node, numbers: Sequence[int] | None) -> list[Any]:
    fits = building.condition(session, rule, of_each=numbers is not None)
    chosen = [] if numbers is None else [among(session, Contact.id, numbers)]
    return [*chosen, fits, gate.refusal().is_(None)]


def _by(session: Session, column: Any, rule: str | Node, numbers: Sequence[int]) -> list[tuple[Any, int]]:
    fits = building.condition(session, rule, of_each=True)
    asked = sa.select(column.label("value")).select_from(Contact)
    chosen = asked.where(among(session, Contact.id, numbers), fits).subquery()
    query = sa.select(chosen.c.value, sa.func.count()).group_by(chosen.c.value)
    return [(value, number) for value, number in session.execute(query)]


def sample(session: Session) -> Sequence[int] | None:
    """Numbers of contacts spread evenly over all; None when there are so few that all are asked."""
    highest = session.scalar(sa.select(sa.func.max(Contact.id))) or 0
    if highest <= SMALL:
        return None
    parts = _LOOKED_AT // _TOGETHER
    starts = (1 + part * (highest - _TOGETHER) // (parts - 1) for part in range(parts))
    return [start + place for start in starts for place in range(_TOGETHER)]


def scaled(number: int, numbers: Sequence[int] | None) -> int:
    """What that many of the sample stand for, to two digits: more would be made up."""
    if numbers is None or not number:
        return number
    exact = number * numbers[-1] / len(numbers)  # the last of the sample is the last of all
    digit = 10 ** max(0, len(str(int(exact))) - 2)
    return round(exact / digit) * digit


def _soon(session: Session, find: Callable[[], T]) -> T | None:
    try:
        with within(session, _MOMENT):
            return find()
    except TooSlow:
        return None


@contextmanager
def within(session: Session, seconds: float) -> Iterator[None]:
    """Let the database break off what takes longer; raises TooSlow then."""
    if session.get_bind().dialect.name == "postgresql":
        inner = session.begin_nested()
        limit = sa.func.set_config("statement_timeout", str(int(seconds * 1000)), True)  # as SET LOCAL
        session.execute(sa.select(limit))
        try:
            yield
        except sa.exc.OperationalError as error:
            raise TooSlow from error
        finally:
            inner.rollback()  # nothing was written; and the limit ends here
        return
    driver: Any = session.connection().connection.driver_connection
    until = time.monotonic() + seconds
    driver.set_progress_handler(lambda: time.monotonic() > until, 10_000)
    try:
        yield
    except sa.exc.OperationalError as error:
        raise TooSlow from error
    finally:
        driver.set_progress_handler(None, 0)
