"""What a rule is once it is understood: a typed tree of conditions."""

import calendar
import dataclasses
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from enum import StrEnum

from campaigns.database import now


class Op(StrEnum):
    """How a condition compares."""

    IS = ":"
    IS_NOT = "!="
    HAS = "~"
    LIKE = "~~"
    BEFORE = "<"
    AFTER = ">"
    UNTIL = "<="
    SINCE = ">="
    IN = "in"
    EMPTY = "is empty"
    FILLED = "is not empty"


@dataclass(frozen=True, slots=True)
class Relative:
    """A day counted from today: -90 is ninety days ago; months keep the day of the month where they can."""

    days: int = 0
    months: int = 0

    def on(self, today: date) -> date:
        """The day itself; raises OverflowError beyond the calendar."""
        year, month = divmod(today.year * 12 + today.month - 1 + self.months, 12)
        if not 1 <= year <= 9998:
            raise OverflowError
        last = calendar.monthrange(year, month + 1)[1]
        return date(year, month + 1, min(today.day, last)) + timedelta(days=self.days)

    def __str__(self) -> str:
        if self.months:
            return f"{self.months:+d}m" if self.months % 12 else f"{self.months // 12:+d}y"
        return f"{self.days:+d}d" if self.days else "today"


@dataclass(frozen=True, slots=True)
class Money:
    """An amount of one currency, such as 99.50 EUR."""

    amount: Decimal
    currency: str = "EUR"

    def __str__(self) -> str:
        shown = plain(self.amount)
        return shown if self.currency == "EUR" else f"{shown} {self.currency}"


Value = str | date | Relative | Decimal | Money


def plain(number: Decimal) -> str:
    """A number as it is written: without an exponent, or zeros that say nothing."""
    shown = f"{number:f}"
    shown = shown.rstrip("0").rstrip(".") if "." in shown else shown
    return "0" if shown in ("-0", "") else shown


@dataclass(frozen=True, slots=True)
class Everybody:
    """Everyone there is."""


@dataclass(frozen=True, slots=True)
class Detail:
    """What is asked of deeds beyond their kind: when they were done, how many there are, their sum.

    `what` is `on` (the day each was done), `first` or `last` (the day of the first or last), `times`,
    `quantity`, `sum`, or `of_last` (those that belong to the last so many campaigns).
    """

    what: str
    op: Op
    value: Value


@dataclass(frozen=True, slots=True)
class Test:
    """One comparison of one field; `key` names the field that a firm made for itself.

    Of a deed (bought, opened, …) the values are what it was done with, and `details` say more.
    `at` is the place in the rule's text.
    """

    field: str
    op: Op
    values: tuple[Value, ...] = ()
    key: str = ""
    details: tuple[Detail, ...] = ()
    at: int = dataclasses.field(default=0, compare=False)

    __test__ = False  # the name means a condition, not a test of the code


@dataclass(frozen=True, slots=True)
class Not:
    """Those whom the condition leaves out."""

    node: "Node"


@dataclass(frozen=True, slots=True)
class And:
    """Those whom every condition fits."""

    nodes: tuple["Node", ...]


@dataclass(frozen=True, slots=True)
class Or:
    """Those whom at least one condition fits."""

    nodes: tuple["Node", ...]


Node = Everybody | Test | Not | And | Or


def tests(node: Node) -> list[Test]:
    """Every comparison in the tree, in order."""
    if isinstance(node, Test):
        return [node]
    return [test for part in inner(node) for test in tests(part)]


def inner(node: Node) -> tuple[Node, ...]:
    """The conditions right below this one."""
    if isinstance(node, Not):
        return (node.node,)
    return node.nodes if isinstance(node, And | Or) else ()


def mapped(node: Node, change: Callable[[Test], Test]) -> Node:
    """The tree with another comparison in the place of each."""
    match node:
        case Not(part):
            return Not(mapped(part, change))
        case And(nodes):
            return And(tuple(mapped(part, change) for part in nodes))
        case Or(nodes):
            return Or(tuple(mapped(part, change) for part in nodes))
        case Test():
            return change(node)
    return node


def today() -> date:
    """The day that relative days count from, in UTC."""
    return now().date()
