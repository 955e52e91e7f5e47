"""The filters and tests of the template language: small, pure, and paid for from the budget.

Each takes the context first, so that Jinja never runs one while compiling.
"""

import re
from collections.abc import Callable
from datetime import date, datetime
from typing import Any

from babel import Locale, UnknownLocaleError
from babel.dates import format_date, format_datetime
from babel.numbers import format_currency
from jinja2 import Undefined, pass_context
from jinja2.runtime import Context
from markupsafe import Markup
from markupsafe import escape as to_markup

from campaigns.mailings.language.budget import Budget, bounded, number
from campaigns.mailings.language.problem import Refused
from campaigns.words import _

FILTERS: dict[str, Callable[..., Any]] = {}

_NAMED_FORMATS = ("short", "medium", "long", "full")
_STRFTIME = {
    "d": "dd", "m": "MM", "Y": "yyyy", "y": "yy", "H": "HH", "I": "hh", "M": "mm", "S": "ss",
    "p": "a", "B": "MMMM", "b": "MMM", "A": "EEEE", "a": "EEE", "j": "D", "-d": "d", "-m": "M",
}  # fmt: skip


def budget_of(context: Context) -> Budget:
    """The budget of the rendering that this context belongs to."""
    return context.budget  # type: ignore[attr-defined]


def language_of(context: Context) -> Locale:
    """The reader's language where it is known, else the organisation's, else English."""
    contact, firm = context.get("contact"), context.get("firm")
    for person in (contact, firm):
        code = person.get("language") if isinstance(person, dict) else ""
        try:
            return Locale.parse(str(code).replace("-", "_"))
        except (ValueError, UnknownLocaleError, TypeError):
            continue
    return Locale("en")


def scalar(value: Any) -> Any:
    """The value when it is one thing, not a list of things; nothing stays nothing."""
    if isinstance(value, Undefined):
        return None
    if isinstance(value, list | dict):
        raise Refused(_("This is a list. Take its parts with a for loop, |first or |join."))
    return value


def text(value: Any) -> str:
    """The value as the text that the letter shows."""
    value = scalar(value)
    if value is None:
        return ""
    return value if isinstance(value, str) else str(value)


def items(value: Any) -> list[Any]:
    """The value as a list: nothing is empty, one thing is a list of one, a dict its names."""
    if value is None or isinstance(value, Undefined):
        return []
    return list(value) if isinstance(value, list | dict) else [value]


def empty(value: Any) -> bool:
    """Whether a fallback should stand in: nothing there, or only blanks."""
    if isinstance(value, str):
        return not value.strip()
    return isinstance(value, Undefined) or value is None or value == []


def _filter(function: Callable[..., Any]) -> Callable[..., Any]:
    FILTERS[function.__name__.strip("_")] = pass_context(function)
    return function


def _on_text(change: Callable[[str], str], weight: int = 1) -> Callable[[Context, Any], str]:
    def run(context: Context, value: Any) -> str:
        given = text(value)
        budget_of(context).text(len(given) * weight)
        return change(given)

    return pass_context(run)


def _title(value: str) -> str:
    return re.sub(r"[^\s\-(\[/]+", lambda word: word[0][:1].upper() + word[0][1:].lower(), value)


FILTERS["upper"] = _on_text(lambda value: value.upper())
FILTERS["lower"] = _on_text(lambda value: value.lower())
FILTERS["capitalize"] = _on_text(lambda value: value[:1].upper() + value[1:].lower())
FILTERS["title"] = _on_text(_title, weight=4)
FILTERS["trim"] = _on_text(lambda value: value.strip())


@_filter
def default(context: Context, value: Any, fallback: Any = "", _boolean: Any = None) -> Any:
    """The value, or the fallback when there is nothing or only blanks."""
    return fallback if empty(value) else value


@_filter
def replace(context: Context, value: Any, old: Any, new: Any) -> str:
    """The text with one piece replaced by another."""
    given, old, new = text(value), text(old), text(new)
    budget_of(context).text(len(given))
    found = given.count(old) if old else 0
    budget_of(context).text(len(given) + found * max(0, len(new) - len(old)))
    return given.replace(old, new) if old else given


@_filter
def join(context: Context, value: Any, between: Any = ", ") -> str:
    """The parts of a list as one text."""
    parts, between = [text(item) for item in items(value)], text(between)
    budget_of(context).spend(len(parts))
    budget_of(context).text(sum(map(len, parts)) + len(between) * len(parts))
    return between.join(parts)


@_filter
def length(context: Context, value: Any) -> int:
    """How many parts a list has, or characters a text."""
    return len(value) if isinstance(value, list | dict | str) else len(items(value))


@_filter
def first(context: Context, value: Any) -> Any:
    """The first part of a list, or character of a text."""
    return next(iter(value if isinstance(value, str) else items(value)), None)


@_filter
def last(context: Context, value: Any) -> Any:
    """The last part of a list, or character of a text."""
    found = value if isinstance(value, str) else items(value)
    return found[-1] if found else None


@_filter
def round_(context: Context, value: Any, digits: Any = 0) -> int | float:
    """The number rounded to so many digits behind the point (0 … 10)."""
    places = int(min(10, max(0, number(digits))))
    rounded = round(bounded(number(value)), places)
    return int(rounded) if places == 0 else rounded


@_filter
def date_(context: Context, value: Any, format: Any = "long") -> str:
    """The day (or moment) written out: `long`, `short`, or a pattern such as `d MMMM` or `%d.%m.%Y`."""
    moment, pattern = _moment(value), text(format)
    if moment is None:
        return text(value)
    budget_of(context).text(len(pattern) * 8)
    if pattern in _NAMED_FORMATS:
        return format_date(moment, pattern, locale=language_of(context))
    try:
        return format_datetime(moment, _babel_pattern(pattern), locale=language_of(context))
    except (KeyError, ValueError, AttributeError, TypeError, NotImplementedError, IndexError) as error:
        raise _no_format(pattern) from error


def _moment(value: Any) -> datetime | None:
    if isinstance(value, str):
        try:
            value = datetime.fromisoformat(value)
        except ValueError:
            return None
    if isinstance(value, datetime):
        return value
    return datetime(value.year, value.month, value.day) if isinstance(value, date) else None  # noqa: DTZ001


def _no_format(pattern: str) -> Refused:
    return Refused(_("“%(pattern)s” is no date format. Try “long” or “%%d.%%m.%%Y”.", pattern=pattern))


def _babel_pattern(pattern: str) -> str:
    if len(pattern) > 60:
        raise Refused(_("This date format is too long."))
    if "%" not in pattern:
        return pattern
    found = []
    for literal, directive in re.findall(r"([^%]+)|%(-?[a-zA-Z])", pattern):
        if directive and directive not in _STRFTIME:
            raise _no_format("%" + directive)
        found.append(_STRFTIME[directive] if directive else "'" + literal.replace("'", "''") + "'")
    return "".join(found)


@_filter
def money(context: Context, value: Any, currency: Any = "EUR") -> str:
    """The number as an amount of money, in the reader's way of writing."""
    code = text(currency).upper()
    if not re.fullmatch(r"[A-Z]{3}", code):
        raise Refused(_("“%(code)s” is no currency. Use three letters, such as EUR.", code=code[:20]))
    return format_currency(bounded(number(value)), code, locale=language_of(context))


@_filter
def escape(context: Context, value: Any) -> Markup:
    """The text with `<`, `>`, `&` and quotes made harmless for HTML."""
    given = text(value)
    budget_of(context).text(len(given))
    return to_markup(given)


FILTERS["d"], FILTERS["e"], FILTERS["count"] = FILTERS["default"], FILTERS["escape"], FILTERS["length"]

TESTS: dict[str, Callable[[Any], bool]] = {
    "defined": lambda value: not isinstance(value, Undefined),
    "undefined": lambda value: isinstance(value, Undefined),
    "none": lambda value: value is None or isinstance(value, Undefined),
    "empty": empty,
    "odd": lambda value: int(number(value)) % 2 == 1,
    "even": lambda value: int(number(value)) % 2 == 0,
}
