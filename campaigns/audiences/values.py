"""Values in a rule: text, days, and the few words of consent, each checked for the field it stands with."""

import re
from datetime import date

from campaigns.audiences.lexing import RuleProblem, Word
from campaigns.audiences.nodes import FIELDS, STATES, Kind, Op, Relative, Value
from campaigns.words import _

_RELATIVE = re.compile(r"([+-]\d{1,5})([dw])", re.IGNORECASE)
_DAY_OF_YEAR = re.compile(r"(?:\d{4}-)?(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])")


def typed(word: Word, field: str, op: Op) -> Value:
    """The word as a value of the field; raises RuleProblem where it makes no sense there."""
    kind = FIELDS[field]
    if kind == Kind.STATE:
        return _state(word)
    if kind == Kind.BIRTHDAY:
        return _birthday(word, op)
    return _day(word) if kind == Kind.DAY else word.text


def _state(word: Word) -> str:
    state = word.text.lower()
    if state not in STATES:
        raise RuleProblem(
            _("Consent is one of these: %(states)s; not “%(word)s”.",
              states=", ".join(STATES), word=word.text[:50]), word.start,
        )  # fmt: skip
    return state


def _day(word: Word) -> Value:
    if relative := _relative(word):
        return relative
    try:
        day = date.fromisoformat(word.text)
    except ValueError:
        day = None
    if day is None or not 1900 <= day.year <= 2200:
        raise RuleProblem(
            _("“%(word)s” is not a day. Write it as 2026-01-31, -90d, +7d or today.", word=word.text[:50]),
            word.start,
        )
    return day


def _birthday(word: Word, op: Op) -> Value:
    relative = _relative(word)
    if relative and (op in (Op.IS, Op.IS_NOT) or abs(relative.days) <= 365):
        return relative
    found = _DAY_OF_YEAR.fullmatch(word.text)
    if found and op in (Op.IS, Op.IS_NOT):
        return f"{found[1]}-{found[2]}"
    raise RuleProblem(
        _("A birthday is compared with a day of the year (birthday: 05-17), or with days from today, "
          "at most a year away (birthday <= +7d)."), word.start,
    )  # fmt: skip


def _relative(word: Word) -> Relative | None:
    if word.text.lower() == "today":
        return Relative(0)
    found = _RELATIVE.fullmatch(word.text)
    if not found:
        return None
    days = int(found[1]) * (7 if found[2].lower() == "w" else 1)
    if abs(days) > 36_500:
        raise RuleProblem(_("That is more than a hundred years away."), word.start)
    return Relative(days)
