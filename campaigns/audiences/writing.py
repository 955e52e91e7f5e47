"""A rule as text: the other way round from reading it."""

import re
from datetime import date

from campaigns.audiences.fields import PERIOD, Kind, kind
from campaigns.audiences.nodes import And, Detail, Everybody, Node, Not, Op, Or, Test, Value, plain
from campaigns.audiences.nodes import Money as _Money
from campaigns.audiences.nodes import Relative as _Relative

_MEASURED = re.compile(
    r"[+-]?\d{1,12}(\.\d{1,6})?|\d{4}-\d\d-\d\d|\d\d-\d\d|[+-]\d{1,5}[dwmy]|today", re.ASCII
)
_WORDS_OF_PERIOD = {op: word for word, op in PERIOD.items()}


def text(node: Node) -> str:
    """The rule as text; `rules.parse` gives the same tree again."""
    match node:
        case Everybody():
            return "all"
        case Not(inner):
            return f"not {_part(inner)}"
        case And(nodes):
            return " and ".join(_part(inner) for inner in nodes)
        case Or(nodes):
            return " or ".join(_part(inner) for inner in nodes)
        case Test():
            return _deed(node) if kind(node.field) == Kind.DEED else _condition(node)


def quoted(value: str) -> str:
    """A value as it is written in a rule."""
    return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'


def value(given: Value, bare: bool = False) -> str:
    """One value; text stands in quotation marks, unless it may be `bare` and looks like a number or day."""
    match given:
        case str():
            return given if bare and _MEASURED.fullmatch(given) else quoted(given)
        case date():
            return given.isoformat()
        case _Relative() | _Money():
            return str(given)
    return plain(given)


def _part(node: Node) -> str:
    return f"({text(node)})" if isinstance(node, And | Or) else text(node)


def _condition(test: Test) -> str:
    custom = kind(test.field) == Kind.CUSTOM
    name = f"{test.field}.{quoted(test.key)}" if custom else test.field
    given = [value(one, custom) for one in test.values]
    if test.op in (Op.EMPTY, Op.FILLED):
        return f"{name} {test.op}"
    if test.op == Op.IN:
        return f"{name} in ({', '.join(given)})"
    return f"{name}{test.op}{given[0]}" if test.op == Op.IS else f"{name} {test.op} {given[0]}"


def _deed(test: Test) -> str:
    """`bought`, `bought:"Glue"`, or with more in brackets: `bought("Glue", since -1y, sum > 100)`."""
    if not test.details:
        return test.field if test.op == Op.FILLED else _condition(test)
    names = [quoted(str(one)) for one in test.values]
    if test.op == Op.HAS:
        names = [f"~ {names[0]}"]
    return f"{test.field}({', '.join([*names, *map(_detail, test.details)])})"


def _detail(detail: Detail) -> str:
    if detail.what == "on":
        return f"{_WORDS_OF_PERIOD[detail.op]} {value(detail.value)}"
    if detail.what == "of_last":
        return f"last {value(detail.value)} campaigns"
    return f"{detail.what} {'=' if detail.op == Op.IS else detail.op} {value(detail.value)}"
