"""Why somebody is, or isn't, in an audience: its rule walked for one person, in plain words."""

from collections.abc import Iterator
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import Session

from campaigns.audiences import building, expanding, holding, rules, wording
from campaigns.audiences.fields import MEMBERS, Kind, kind
from campaigns.audiences.models import Audience, Taking
from campaigns.audiences.nodes import And, Everybody, Node, Not, Op, Or, Test, inner
from campaigns.contacts.models import Contact
from campaigns.words import _


@dataclass(frozen=True)
class Line:
    """One part of a rule: whether it fits the person, and what they have of what it asks."""

    depth: int
    text: str  # as it is written in a rule
    words: str  # as it is said
    fits: bool
    has: str = ""


def explain(session: Session, rule: str | Node, contact_id: int) -> list[Line]:
    """Each part of the rule with whether it fits this contact, the whole first; raises RuleProblem."""
    node = rules.parse(rule) if isinstance(rule, str) else rule
    parts = list(_parts(node, 0))
    fits = _fits(session, [part for _depth, part in parts], contact_id)
    return [
        Line(depth, rules.text(part), _said(session, part), fit, _has(session, part, contact_id))
        for (depth, part), fit in zip(parts, fits, strict=True)
    ]


def of_audience(session: Session, audience: Audience, contact_id: int) -> list[Line]:
    """The same of a kept audience: its members or its rule, then whom it leaves out."""
    rule = rules.parse(audience.rule) if audience.living else expanding.members(session, audience)
    excluded = [Not(Test("audience", Op.IS, (name,))) for name in expanding.exclusions(session, audience.id)]
    return explain(session, expanding.without(rule, excluded), contact_id)


def audiences_of(session: Session, contact_id: int, limit: int = 30) -> list[tuple[Audience, bool]]:
    """Audiences by name, each with whether it fits this contact; those that can't be read are left out."""
    asked: list[tuple[Audience, sa.ColumnElement[bool]]] = []
    for audience in session.scalars(sa.select(Audience).order_by(Audience.name).limit(limit)):
        try:
            asked.append((audience, building.of_audience(session, audience, of_each=True)))
        except rules.RuleProblem:
            continue
    if not asked:
        return []
    columns = [fits.label(f"fits{place}") for place, (_audience, fits) in enumerate(asked)]
    found = session.execute(sa.select(*columns).where(Contact.id == contact_id)).one_or_none()
    fitting = found if found is not None else [False] * len(asked)
    return [(audience, bool(fit)) for (audience, _fits), fit in zip(asked, fitting, strict=True)]


def _fits(session: Session, nodes: list[Node], contact_id: int) -> list[bool]:
    asked = [
        building.condition(session, node, of_each=True).label(f"part{place}")
        for place, node in enumerate(nodes)
    ]
    return [bool(fit) for fit in session.execute(sa.select(*asked).where(Contact.id == contact_id)).one()]


def _parts(node: Node, depth: int) -> Iterator[tuple[int, Node]]:
    """The node and all below it; who is meant by “none of these” stands below at once."""
    yield depth, node
    below = inner(node.node) if isinstance(node, Not) and isinstance(node.node, Or) else inner(node)
    for part in below:
        yield from _parts(part, depth + 1)


def _said(session: Session, node: Node) -> str:
    match node:
        case Everybody():
            return _("Everybody")
        case Not():
            return _("None of these")
        case And():
            return _("All of these")
        case Or():
            return _("At least one of these")
        case Test() if node.field == MEMBERS:
            return _taken(session, node)
        case Test():
            return wording.said(node)


def _taken(session: Session, test: Test) -> str:
    taking = session.get(Taking, int(str(test.values[0])))
    if taking is None:
        return _("is one of the members that were taken")
    return _("is one of the members taken on %(day)s", day=wording.day(taking.taken_at.date()))


def _has(session: Session, node: Node, contact_id: int) -> str:
    """What the person has of what the condition asks."""
    if not isinstance(node, Test) or kind(node.field) in (Kind.AUDIENCE, Kind.MEMBERS):
        return ""
    return holding.held(session, node, contact_id)
