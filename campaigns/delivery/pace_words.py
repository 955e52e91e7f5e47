"""Limits in words, and those that are offered ready-made."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

from campaigns.delivery.limiting import Wish
from campaigns.words import _, lazy, ngettext


def rate(letters: int, per: int) -> str:
    """As “20 letters a minute”."""
    if per == 1:
        return ngettext("%(num)s letter a second", "%(num)s letters a second", letters)
    if per == 60:
        return ngettext("%(num)s letter a minute", "%(num)s letters a minute", letters)
    if per == 3600:
        return ngettext("%(num)s letter an hour", "%(num)s letters an hour", letters)
    return ngettext("%(num)s letter a day", "%(num)s letters a day", letters)


def periods() -> list[tuple[int, str]]:
    """What a number of letters may be counted in: seconds, and the words of a choice."""
    return [(1, _("a second")), (60, _("a minute")), (3600, _("an hour")), (86_400, _("a day"))]


@dataclass(frozen=True)
class Preset:
    """A choice that is offered, filled in when asked for."""

    label: str
    wish: Callable[[date], Wish]  # the day on which it is chosen → what is to hold


SENDER_PRESETS = {
    "warm-up": Preset(lazy("A new address: warm up from today"), lambda today: Wish(warm_from=today)),
    "hourly": Preset(lazy("A shared mail server: 300 an hour"), lambda _day: Wish(300, 3600)),
    "minutely": Preset(lazy("An office mailbox: 30 a minute"), lambda _day: Wish(30, 60)),
    "daily": Preset(lazy("A free mailbox: 500 a day"), lambda _day: Wish(500, 86_400)),
}
DOMAIN_PRESETS = {
    "gentle": Preset(lazy("Gently: 20 a minute, 2 at a time"), lambda _day: Wish(20, 60, at_once=2)),
    "steady": Preset(lazy("Steadily: 120 a minute, 5 at a time"), lambda _day: Wish(120, 60, at_once=5)),
    "few": Preset(lazy("No rate, but only 5 at a time"), lambda _day: Wish(at_once=5)),
}
