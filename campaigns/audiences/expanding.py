"""Rules that name other audiences: what those mean is put in their place.

A static audience stands for the members that were taken last, a living one for its rule; exclusions are
added to each. What comes out names no audience, so it can be frozen for a campaign.
"""

from dataclasses import replace
from decimal import Decimal

import sqlalchemy as sa
from sqlalchemy.orm import Session

from campaigns.audiences import rules
from campaigns.audiences.fields import MEMBERS, Kind, kind
from campaigns.audiences.lexing import RuleProblem
from campaigns.audiences.models import Audience, Exclusion, Taking
from campaigns.audiences.nodes import And, Everybody, Node, Not, Op, Or, Test, inner, mapped, tests
from campaigns.audiences.reading import WIDE
from campaigns.words import _

_DEEPEST = 10  # audiences within audiences


def expanded(session: Session, node: Node, within: tuple[str, ...] = ()) -> Node:
    """The tree without any audience in it; raises RuleProblem at the place of one that can't be used.

    `within`: the audiences that are being looked into; naming one of them again would never end.
    """
    if not any(kind(test.field) == Kind.AUDIENCE for test in tests(node)):
        return node
    found = _expanded(session, node, within)
    if len(tests(found)) > WIDE.conditions or _depth(found) > WIDE.deepest // 2:
        raise RuleProblem(_("With all the audiences that it names, this rule is too large."), _place(node))
    return found


def _depth(node: Node) -> int:
    return 1 + max(map(_depth, inner(node)), default=0)


def _place(node: Node) -> int:
    return next(test.at for test in tests(node) if kind(test.field) == Kind.AUDIENCE)


def _expanded(session: Session, node: Node, within: tuple[str, ...]) -> Node:
    match node:
        case Not(part):
            return Not(_expanded(session, part, within))
        case And(nodes):
            return And(tuple(_expanded(session, part, within) for part in nodes))
        case Or(nodes):
            return Or(tuple(_expanded(session, part, within) for part in nodes))
        case Test() if kind(node.field) == Kind.AUDIENCE:
            named = [_named(session, str(value), node, within) for value in node.values]
            meant = named[0] if len(named) == 1 else Or(tuple(named))
            return Not(meant) if node.op == Op.IS_NOT else meant
    return node


def _named(session: Session, name: str, test: Test, within: tuple[str, ...]) -> Node:
    audience = session.scalar(sa.select(Audience).where(Audience.name == " ".join(name.split())))
    if audience is None:
        raise RuleProblem(_("There is no audience called “%(name)s”.", name=name[:100]), test.at)
    if audience.name in within:
        ring = " → ".join([*within[within.index(audience.name) :], audience.name])
        raise RuleProblem(_("This audience would contain itself: %(ring)s.", ring=ring), test.at)
    if len(within) >= _DEEPEST:
        raise RuleProblem(_("Audiences stand within audiences more than %(n)s deep.", n=_DEEPEST), test.at)
    try:
        return whole(session, audience, within)
    except RuleProblem as problem:
        told = _("In the audience “%(name)s”: %(why)s", name=audience.name, why=problem.message)
        raise RuleProblem(told, test.at) from problem


def whole(session: Session, audience: Audience, within: tuple[str, ...] = ()) -> Node:
    """The tree of an audience with all it stands for: members, other audiences, exclusions."""
    inside = (*within, audience.name)
    if audience.living:
        node = expanded(session, rules.parse(audience.rule), inside)
    else:
        node = members(session, audience)
    excluded = [
        Not(_named(session, name, Test("audience", Op.IS, (name,)), inside))
        for name in exclusions(session, audience.id)
    ]
    return without(node, excluded)


def without(node: Node, excluded: list[Not]) -> Node:
    """The tree less those whom the others fit."""
    if not excluded:
        return node
    first = () if isinstance(node, Everybody) else node.nodes if isinstance(node, And) else (node,)
    parts = (*first, *excluded)
    return parts[0] if len(parts) == 1 else And(parts)


def members(session: Session, audience: Audience) -> Node:
    """The members of a static audience as they were taken last; nobody, when they never were."""
    newest = sa.select(sa.func.max(Taking.id)).where(Taking.audience_id == audience.id)
    return Test(MEMBERS, Op.IS, (Decimal(session.scalar(newest) or 0),))


def exclusions(session: Session, audience_id: int) -> list[str]:
    """The names of the audiences whose people are left out of this one."""
    query = sa.select(Audience.name).join(Exclusion, Exclusion.other_id == Audience.id)
    return list(session.scalars(query.where(Exclusion.audience_id == audience_id).order_by(Audience.name)))


def frozen(session: Session, audience: Audience) -> str:
    """The audience as a rule that says the same whatever becomes of this audience and others."""
    return rules.text(whole(session, audience))


def renamed(node: Node, old: str, new: str) -> Node:
    """The tree with another name for one audience."""

    def change(test: Test) -> Test:
        if kind(test.field) != Kind.AUDIENCE:
            return test
        return replace(test, values=tuple(new if value == old else value for value in test.values))

    return mapped(node, change)
