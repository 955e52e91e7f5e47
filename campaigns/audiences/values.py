"""Values in a rule: text, numbers, days, money and a few words, each checked for the field it stands with."""

import re
from datetime import date
from decimal import Decimal

from babel.numbers import is_currency

from campaigns.audiences.fields import CHOICES, STATES, Kind, kind
from campaigns.audiences.lexing import RuleProblem, Word
from campaigns.audiences.nodes import Money, Op, Relative, Value
from campaigns.words import _

_RELATIVE = re.compile(r"([+-]\d{1,5})([dwmy])", re.IGNORECASE)
_DAY_OF_YEAR = re.compile(r"(?:\d{4}-)?(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])", re.ASCII)
_NUMBER = re.compile(r"[+-]?\d{1,13}(?:\.\d{1,6})?", re.ASCII)
_LONGEST = 1000
_DAYS = {"d": 1, "w": 7}
_MONTHS = {"m": 1, "y": 12}
_FARTHEST = 36_500  # days; a hundred years


def typed(word: Word, field: str, op: Op) -> Value:
    """The word as a value of the field; raises RuleProblem where it makes no sense there."""
    match kind(field):
        case Kind.STATE:
            return _state(word)
        case Kind.CHOICE:
            return _choice(word, field)
        case Kind.BIRTHDAY:
            return birthday(word, op)
        case Kind.DAY:
            return day(word)
        case Kind.NUMBER:
            return number(word)
        case Kind.MEMBERS:
            return whole(word)
    if len(word.text) > _LONGEST:
        raise RuleProblem(_("A value may have at most %(n)s characters.", n=_LONGEST), word.start)
    return word.text


def _state(word: Word) -> str:
    state = word.text.lower()
    if state not in STATES:
        raise RuleProblem(
            _("Consent is one of these: %(states)s; not “%(word)s”.",
              states=", ".join(STATES), word=word.text[:50]), word.start,
        )  # fmt: skip
    return state


def _choice(word: Word, field: str) -> str:
    chosen = word.text.lower()
    if chosen not in CHOICES[field]:
        raise RuleProblem(
            _("“%(field)s” is one of these: %(known)s; not “%(word)s”.",
              field=field, known=", ".join(CHOICES[field]), word=word.text[:50]), word.start,
        )  # fmt: skip
    return chosen


def day(word: Word) -> date | Relative:
    """A day of the calendar, or one counted from today."""
    if relative := _relative(word):
        return relative
    try:
        found = date.fromisoformat(word.text)
    except ValueError:
        found = None
    if found is None or not 1900 <= found.year <= 2200:
        raise RuleProblem(
            _("“%(word)s” is not a day. Write it as 2026-01-31, -90d, -6m, +7d or today.",
              word=word.text[:50]), word.start,
        )  # fmt: skip
    return found


def birthday(word: Word, op: Op) -> str | Relative:
    """A day of the year, MM-DD, or days from today."""
    relative = _relative(word)
    if relative and not relative.months and (op in (Op.IS, Op.IS_NOT) or abs(relative.days) <= 365):
        return relative
    found = _DAY_OF_YEAR.fullmatch(word.text)
    if found and op in (Op.IS, Op.IS_NOT):
        return f"{found[1]}-{found[2]}"
    raise RuleProblem(
        _("A birthday is compared with a day of the year (birthday: 05-17), or with days from today, "
          "at most a year away (birthday <= +7d)."), word.start,
    )  # fmt: skip


def number(word: Word) -> Decimal:
    """A number with a point before its decimals."""
    if not _NUMBER.fullmatch(word.text):
        raise RuleProblem(
            _("“%(word)s” is not a number. Write it as 100 or 99.5.", word=word.text[:50]), word.start
        )
    return Decimal(word.text)


def whole(word: Word) -> Decimal:
    """A whole number, not below nothing, without decimals even where it was written with some (2.0)."""
    found = number(word)
    without = found.to_integral_value()
    if found != without or found < 0:
        raise RuleProblem(_("“%(word)s” is not a whole number.", word=word.text[:50]), word.start)
    return without


def money(word: Word, currency: Word | None) -> Money:
    """An amount; of euros where no currency stands beside it."""
    amount = number(word)
    code = currency.text.upper() if currency else "EUR"
    if currency and not is_currency(code):
        raise RuleProblem(
            _("“%(word)s” is no currency. Use three letters, such as EUR.", word=currency.text[:20]),
            currency.start,
        )
    return Money(amount, code)


def _relative(word: Word) -> Relative | None:
    if word.text.lower() == "today":
        return Relative()
    found = _RELATIVE.fullmatch(word.text)
    if not found:
        return None
    many, unit = int(found[1]), found[2].lower()
    relative = Relative(many * _DAYS.get(unit, 0), many * _MONTHS.get(unit, 0))
    if abs(relative.days) + 30 * abs(relative.months) > _FARTHEST:
        raise RuleProblem(_("That is more than a hundred years away."), word.start)
    return relative
