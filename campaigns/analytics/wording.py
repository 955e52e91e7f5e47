"""Shares, ranges and hours in words, each as the reader's language writes them."""

from datetime import datetime
from decimal import Decimal

from babel.dates import format_skeleton
from babel.numbers import format_decimal, format_percent
from flask_babel import get_locale

from campaigns.analytics.figures import Figures

NONE = "–"


def percent(share: float | None) -> str:
    """A share in percent: with one decimal while it is small; a dash when there is none."""
    if share is None:
        return NONE
    exact = Decimal(str(round(share, 1 if share < 10 else 0))).normalize() / 100
    return format_percent(exact, locale=get_locale(), decimal_quantization=False)


def spread(low: int, high: int) -> str:
    """A number that is only known to lie between two others."""
    ends = [format_decimal(end, locale=get_locale()) for end in dict.fromkeys((low, high))]
    return "–".join(ends)


def opened_share(numbers: Figures) -> str:
    """The share of letters opened: from those certain to those perhaps."""
    low, _likely, high = numbers.opened
    least, most = numbers.share(low), numbers.share(high)
    if least is None or most is None or low == high:
        return percent(least)
    return f"{round(least)}–{percent(round(most))}"


def hour(start: datetime) -> str:
    """An hour of a day, by the clock of the moment itself."""
    return format_skeleton("MMMd", start, locale=get_locale()) + f" {start:%H:%M}"


def day(start: datetime) -> str:
    """A day."""
    return format_skeleton("MMMd", start, locale=get_locale())
