"""Turns a rule into one SQL condition over contacts; what stands in it reaches SQL as bound values only."""

from dataclasses import replace

import sqlalchemy as sa
from sqlalchemy.orm import Session

from campaigns.audiences import custom, deeds, expanding, firms, leaves, linked, own, rules
from campaigns.audiences.fields import Kind, kind
from campaigns.audiences.leaves import Condition, How, Leaf
from campaigns.audiences.models import Audience
from campaigns.audiences.nodes import And, Everybody, Node, Not, Op, Or, Test
from campaigns.contacts.models import Contact


def contact_ids(session: Session, rule: str | Node) -> sa.Select[int]:
    """The ids of all who fit the rule; raises RuleProblem."""
    return sa.select(Contact.id).where(condition(session, rule))


def condition(
    session: Session, rule: str | Node, *, of_each: bool = False, leading: Test | None = None
) -> Condition:
    """The rule as a condition on `Contact`, to stand in any statement that selects from it.

    `of_each` asks each contact by itself: quick for a few, slow for all; else lists of all are compared.
    `leading`: only the list of this part is, and those who stand in it are asked the rest by themselves.
    Raises RuleProblem for what can't be understood, or does not fit what the database holds.
    """
    how = How.EACH if of_each or leading is not None else leaves.of_all(session)
    return _condition(session, understood(session, rule), how, leading)


def of_audience(session: Session, audience: Audience, *, of_each: bool = False) -> Condition:
    """An audience as a condition on `Contact`, with its members or rule, and without whom it excludes."""
    how = How.EACH if of_each else leaves.of_all(session)
    return _condition(session, expanding.whole(session, audience), how)


def of_frozen(session: Session, rule: str) -> Condition:
    """The rule that was frozen for a campaign, as a condition on `Contact` whose lists can be cut to some."""
    return _condition(session, expanding.expanded(session, rules.parse_frozen(rule)), How.LISTED)


def understood(session: Session, rule: str | Node) -> Node:
    """The rule as a tree that names no other audience; raises RuleProblem."""
    return expanding.expanded(session, rules.parse(rule) if isinstance(rule, str) else rule)


def _condition(session: Session, node: Node, how: How, leading: Test | None = None) -> Condition:
    match node:
        case Everybody():
            return sa.true()
        case Not(inner):
            return sa.not_(_condition(session, inner, how))
        case And(nodes):
            return sa.and_(*(_condition(session, inner, how, leading) for inner in nodes))
        case Or(nodes):
            return sa.or_(*(_condition(session, inner, how) for inner in nodes))
        case Test():
            found, inside = leaf(session, node)
            fits = leaves.condition(found, How.LISTED if node is leading else how)
            return fits if inside else sa.not_(fits)


def listed(session: Session, node: Node) -> list[Test]:
    """The parts of an understood rule with a list in which all whom the rule fits stand."""
    parts = node.nodes if isinstance(node, And) else (node,)
    tests = [part for part in parts if isinstance(part, Test)]
    found = [(test, *leaf(session, test)) for test in tests]
    return [test for test, one, inside in found if inside and isinstance(one, leaves.Listed)]


def leaf(session: Session, test: Test) -> tuple[Leaf, bool]:
    """What one comparison asks, and whether those whom it fits are meant (else all others are)."""
    opposite = {Op.IS_NOT: Op.IS, Op.FILLED: Op.EMPTY}.get(test.op)
    if opposite is not None and not (test.op == Op.FILLED and kind(test.field) == Kind.DEED):
        found, inside = leaf(session, replace(test, op=opposite))
        return found, not inside
    match kind(test.field):
        case Kind.LABEL:
            return linked.of_label(session, test)
        case Kind.STATE:
            return linked.of_state(test)
        case Kind.DEED:
            return deeds.of_deed(session, test)
        case Kind.CUSTOM:
            return custom.of_field(session, test)
        case Kind.MEMBERS:
            return linked.of_members(test), True
    return _own(session, test), True


def _own(session: Session, test: Test) -> Leaf:
    match kind(test.field):
        case Kind.BIRTHDAY:
            return own.of_birthday(test)
        case Kind.DAY:
            return own.of_day(test)
        case Kind.NUMBER:
            return firms.of_headcount(test)
        case Kind.CHOICE:
            return own.of_choice(test)
        case Kind.BATCH:
            return own.of_batch(test)
    return firms.of_text(session, test) if test.field in firms.FIELDS else own.of_text(session, test)
