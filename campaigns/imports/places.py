"""Cells into the codes of languages, countries and time zones, and network addresses."""

import re
import socket
from functools import cache, lru_cache
from zoneinfo import available_timezones

from babel import Locale

from campaigns.imports.cleaning import text

# Countries that a language alone makes likely enough to read a local phone number by.
_REGIONS = {
    "cs": "CZ",
    "sk": "SK",
    "ro": "RO",
    "ru": "RU",
    "fil": "PH",
    "tl": "PH",
    "pl": "PL",
    "hu": "HU",
    "uk": "UA",
}


def region(country: str, language: str, usual: str) -> str:
    """Where a phone number without a country code belongs."""
    return country or _REGIONS.get(language, "") or usual


def ip(cell: str) -> str:
    """The network address, or nothing when it is none."""
    given = cell.strip()
    if not given:
        return ""
    try:
        socket.inet_pton(socket.AF_INET6 if ":" in given else socket.AF_INET, given)  # in C
    except (OSError, ValueError):
        return ""
    return given


@cache
def _languages() -> dict[str, str]:
    known: dict[str, str] = {}
    for spoken in ("ru", "ro", "sk", "cs", "en"):
        short = {code: name for code, name in Locale.parse(spoken).languages.items() if len(code) <= 3}
        known |= {name.lower(): code for code, name in short.items()} | {code: code for code in short}
    own = ("cs", "sk", "ro", "ru", "fil", "en", "de", "fr", "es", "it", "pl", "hu", "uk", "nl", "pt")
    return known | {str(Locale.parse(code).get_language_name(code)).lower(): code for code in own}


@lru_cache(maxsize=10_000)
def language(cell: str) -> str:
    """The language's code (cs, fil), from a code or a name; nothing when not understood."""
    word = text(cell, 60).lower()
    return _languages().get(word) or _languages().get(re.split(r"[-_ (]", word, maxsplit=1)[0], "")


@cache
def _countries() -> dict[str, str]:
    known = {}
    for spoken in ("fil", "de", "ru", "ro", "sk", "cs", "en"):
        for code, name in Locale.parse(spoken).territories.items():
            if len(code) == 2 and code.isalpha() and code not in ("EU", "EZ", "UN", "QO", "XA", "XB", "ZZ"):
                known[name.lower()] = code
                known[code.lower()] = code
    return known | {
        "usa": "US",
        "uk": "GB",
        "czech republic": "CZ",
        "česká republika": "CZ",
        "deutschland": "DE",
    }


@lru_cache(maxsize=10_000)
def country(cell: str) -> str:
    """The country's two letters, from a code or a name; nothing when not understood."""
    return _countries().get(text(cell, 80).lower(), "")


@cache
def _timezones() -> dict[str, str]:
    return {name.lower(): name for name in available_timezones()}


def timezone(cell: str) -> str:
    """The zone's name as the tz database has it, or nothing."""
    return _timezones().get(text(cell, 60).lower().replace(" ", "_"), "")
