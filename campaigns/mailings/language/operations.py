"""Arithmetic and comparing inside a template: bounded, and kind to missing data.

A contact whose field is empty or holds a word where a number was meant must not break a letter,
so nothing here fails for the sake of a value; only for size.
"""

import operator
from collections.abc import Callable
from datetime import date, datetime
from typing import Any

from jinja2 import Undefined
from jinja2.runtime import Context
from markupsafe import Markup

from campaigns.mailings.language.budget import MAX_TEXT, bounded, number
from campaigns.mailings.language.filters import budget_of, scalar, text
from campaigns.mailings.language.problem import Refused
from campaigns.words import _


def binary(context: Context, sign: str, left: Any, right: Any) -> Any:
    """`left sign right` for the signs + - * / // and %."""
    budget_of(context).spend(1)
    left, right = scalar(left), scalar(right)
    if sign == "+" and (isinstance(left, str) or isinstance(right, str)):
        return concat(context, [left, right])
    if sign == "*" and (isinstance(left, str) or isinstance(right, str)):
        return _repeat(context, left, right)
    if sign == "%" and isinstance(left, str):
        raise Refused(_("The percent sign works with numbers only. To join texts, write ~ between them."))
    return _SIGNS[sign](bounded(number(left)), bounded(number(right)))


def unary(context: Context, sign: str, value: Any) -> int | float:
    """`-value` or `+value`."""
    budget_of(context).spend(1)
    found = bounded(number(scalar(value)))
    return -found if sign == "-" else found


def concat(context: Context, parts: list[Any]) -> str:
    """The texts one after the other."""
    made = [text(part) for part in parts]
    budget_of(context).text(sum(map(len, made)))
    if any(isinstance(part, Markup) for part in made):
        return Markup("").join(made)
    return "".join(made)


def compare(context: Context, left: Any, sign: str, right: Any) -> bool:
    """`left sign right`; things that can't be compared are simply not equal, not smaller, not larger."""
    budget_of(context).spend(1)
    if sign in ("in", "notin"):
        return _holds(context, right, scalar(left)) is (sign == "in")
    left, right = scalar(left), scalar(right)
    if sign in ("eq", "ne"):
        return _equal(left, right) is (sign == "eq")
    try:
        return bool(_ORDERS[sign](*_orderable(left, right)))
    except TypeError:
        return False


def _repeat(context: Context, left: Any, right: Any) -> str:
    piece, times = (left, right) if isinstance(left, str) else (right, left)
    count = max(0, int(min(number(times), MAX_TEXT + 1)))
    budget_of(context).text(len(text(piece)) * count)
    return text(piece) * count


def _divide(left: float, right: float) -> float | None:
    return left / right if right else None


def _divide_whole(left: float, right: float) -> float | None:
    return left // right if right else None


def _modulo(left: float, right: float) -> float | None:
    return left % right if right else None


def _sum(left: float, right: float) -> float:
    return bounded(left + right)


def _difference(left: float, right: float) -> float:
    return bounded(left - right)


def _product(left: float, right: float) -> float:
    return bounded(left * right)


_SIGNS: dict[str, Callable[[Any, Any], Any]] = {
    "+": _sum,
    "-": _difference,
    "*": _product,
    "/": _divide,
    "//": _divide_whole,
    "%": _modulo,
}
_ORDERS: dict[str, Callable[[Any, Any], Any]] = {
    "lt": operator.lt,
    "lteq": operator.le,
    "gt": operator.gt,
    "gteq": operator.ge,
}


def _equal(left: Any, right: Any) -> bool:
    # Nothing and an empty text are the same to a marketer.
    return ("" if left is None else left) == ("" if right is None else right)


def _orderable(left: Any, right: Any) -> tuple[Any, Any]:
    """Both sides as numbers when one is a number, as ISO text when one is a day."""
    if isinstance(left, date) or isinstance(right, date):
        return _iso(left), _iso(right)
    if isinstance(left, int | float) or isinstance(right, int | float):
        return number(left), number(right)
    return text(left), text(right)


def _iso(value: Any) -> str:
    return value.date().isoformat() if isinstance(value, datetime) else text(value)


def _holds(context: Context, whole: Any, part: Any) -> bool:
    if whole is None or isinstance(whole, Undefined):
        return False
    if isinstance(whole, dict):
        return part in whole
    if isinstance(whole, list):
        budget_of(context).spend(len(whole))
        return any(not isinstance(item, list | dict) and _equal(part, item) for item in whole)
    budget_of(context).text(len(text(whole)))
    return text(part) in text(whole)
