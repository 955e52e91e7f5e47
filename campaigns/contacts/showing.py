"""How what is known of a contact reads: languages, countries, days, and the word for a touch."""

from calendar import isleap
from datetime import date
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from babel import Locale, UnknownLocaleError
from babel.dates import format_date, format_skeleton, format_time

from campaigns.database import now
from campaigns.words import LANGUAGES, lazy

_KINDS = {
    "call": lazy("Call"),
    "meeting": lazy("Meeting"),
    "note": lazy("Note"),
    "letter": lazy("Letter"),
    "open": lazy("Opened a letter"),
    "click": lazy("Clicked in a letter"),
    "reply": lazy("Replied"),
    "unsubscribe": lazy("Unsubscribed"),
    "sign_up": lazy("Signed up"),
    "purchase": lazy("Bought"),
}


def kind_word(kind: str) -> str:
    """An activity's kind in a word or two, as it stands behind a time."""
    return str(_KINDS.get(kind, kind))


def language_name(code: str, locale: str) -> str:
    """The language's name in the reader's own, else its code."""
    try:
        return str(Locale.parse(locale).languages.get(code) or LANGUAGES.get(code, code))
    except (UnknownLocaleError, ValueError):
        return LANGUAGES.get(code, code)


def country_name(code: str, locale: str) -> str:
    """The country's name in the reader's language, else its code."""
    try:
        return str(Locale.parse(locale).territories.get(code, code))
    except (UnknownLocaleError, ValueError):
        return code


def birthday(day: str, year: int | None, locale: str) -> str:
    """A birthday of which the day (MM-DD), the year, or both are known."""
    if not day:
        return str(year or "")
    month, number = (int(part) for part in day.split("-"))
    if year is not None and (day != "02-29" or isleap(year)):
        return format_date(date(year, month, number), "long", locale=locale)
    return format_skeleton("MMMMd", date(2000, month, number), locale=locale)


def time_there(zone: str, locale: str) -> str:
    """What o'clock it is in that time zone; its name when it is unknown."""
    try:
        there = ZoneInfo(zone)
    except (ZoneInfoNotFoundError, ValueError):
        return zone
    clock, place = format_time(now().astimezone(there), "short", locale=locale), zone.rpartition("/")[2]
    return f"{clock} ({place.replace('_', ' ')})"
