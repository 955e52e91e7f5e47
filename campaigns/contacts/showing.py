"""How what is known of a contact reads: languages, countries, days, and the word for a touch."""

from calendar import isleap
from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from babel import Locale, UnknownLocaleError
from babel.dates import format_date, format_skeleton, format_time
from sqlalchemy.orm import Session

from campaigns.contacts import origins
from campaigns.contacts.models import Channel, Contact, DecisionRole
from campaigns.database import now
from campaigns.words import LANGUAGES, _, lazy

_KINDS = {
    "call": lazy("Call"),
    "meeting": lazy("Meeting"),
    "note": lazy("Note"),
    "letter": lazy("Letter"),
    "open": lazy("Opened a letter"),
    "click": lazy("Clicked in a letter"),
    "reply": lazy("Replied"),
    "unsubscribe": lazy("Unsubscribed"),
    "leave_topic": lazy("Left the topic"),
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


def decision_roles() -> list[tuple[str, str]]:
    """What somebody may have to say at work, with the words for it."""
    return [
        (DecisionRole.UNKNOWN, _("Not known")),
        (DecisionRole.DECIDES, _("Decides")),
        (DecisionRole.INFLUENCES, _("Influences")),
        (DecisionRole.USES, _("Uses")),
        (DecisionRole.GUARDS, _("Guards the door")),
    ]


def channels() -> list[tuple[str, str]]:
    """How somebody may like to be spoken to, with the words for it."""
    return [
        (Channel.UNKNOWN, _("Not known")),
        (Channel.EMAIL, _("By mail")),
        (Channel.PHONE, _("By phone")),
        (Channel.MESSENGER, _("By messenger")),
        (Channel.MEETING, _("In person")),
        (Channel.POST, _("By post")),
    ]


@dataclass(frozen=True)
class Shown:
    """Where a datum is from, in words, and when it was last confirmed."""

    source: str
    at: datetime
    verified_at: datetime | None


def origins_of(session: Session, contact: Contact) -> dict[str, Shown]:
    """The origin in words of each datum whose origin is not the contact's own, and that one under “”."""
    found = origins.of(contact) | {"": origins.one(contact, "")}
    words = origins.words(session, [origin.source for origin in found.values()])
    return {
        name: Shown(words[origin.source], origin.at, origin.verified_at) for name, origin in found.items()
    }
