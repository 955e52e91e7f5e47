"""How much one template may cost: steps, sizes and time; and what counts as a plain value."""

import math
import time
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from campaigns.mailings.language.problem import Refused
from campaigns.words import _

MAX_SOURCE = 512 * 1024  # characters
MAX_TOKENS = 8_000  # parts that the lexer finds; bounds the time of compiling
MAX_BRACKETS = 20  # open at the same time
MAX_DEPTH = 20  # of one expression
MAX_PARTS = 6  # of one merge field: contact.fields.shoe_size has three
MAX_BLOCKS = 8  # ifs and loops inside one another
MAX_STEPS = 50_000  # loop turns, operations, and 64 characters made
MAX_OUTPUT = 1024 * 1024  # characters
MAX_TEXT = 50_000  # characters that one operation may make
MAX_NUMBER = 10**15  # beyond this no price, count or year is meant
MAX_SECONDS = 2.0  # of processor time, so that a busy machine fails no letter


class Budget:
    """What one rendering has left."""

    __slots__ = ("_deadline", "steps")

    def __init__(self, steps: int = MAX_STEPS) -> None:
        self.steps = steps
        self._deadline = time.thread_time() + MAX_SECONDS

    def spend(self, steps: int) -> None:
        """Take steps away; raises Refused when none are left."""
        self.steps -= steps
        if self.steps < 0 or time.thread_time() > self._deadline:
            raise Refused(_("This takes too many steps. Use shorter loops and fewer of them."))

    def text(self, length: int) -> None:
        """Pay for making a text of this length, before it is made."""
        if length > MAX_TEXT:
            raise Refused(_("This makes a text longer than %(max)s characters.", max=MAX_TEXT))
        self.spend(1 + length // 64)


def plain(value: Any) -> Any:
    """The same value as built-in types only: no object with methods of its own gets into a template.

    Raises TypeError for anything but text, numbers, dates, None, lists and dicts of these.
    """
    if value is None or type(value) in (bool, int, float, date, datetime):
        return value
    if isinstance(value, str):
        return str.__str__(value)
    if isinstance(value, dict):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [plain(item) for item in value]
    if isinstance(value, Decimal):
        return float(value)
    raise TypeError(f"{type(value).__name__} can't be a merge value")


def number(value: Any) -> int | float:
    """The value as a number: nothing and words are 0, so that no contact's data breaks a letter."""
    if isinstance(value, bool | int):
        return value
    try:
        found = value if isinstance(value, float) else float(str(value).replace(",", ".").strip() or 0)
    except ValueError:
        return 0
    if not math.isfinite(found):
        return 0
    return int(found) if found.is_integer() and abs(found) < MAX_NUMBER else found


def bounded(value: int | float) -> int | float:
    """The number, unless it is beyond all sense."""
    if not abs(value) <= MAX_NUMBER:  # so that “not a number” is refused too
        raise Refused(_("This number is too large."))
    return value
