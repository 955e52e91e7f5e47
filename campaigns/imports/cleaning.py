"""Cells into text, truth, names, phone numbers and labels; blanks and control characters made harmless."""

import csv
import json
import re
import unicodedata
from functools import lru_cache

from campaigns.contacts import phones
from campaigns.contacts.names import tidy
from campaigns.sheets import safe

_NOTHING = frozenset(
    {
        "n/a",
        "#n/a",
        "na.",
        "null",
        "(null)",
        "nan",
        "undefined",
        "none",
        "(none)",
        "(empty)",
        "\\n",
        "-",
        "--",
        "–",
        "—",
    }
)
_YES = frozenset(
    {"1", "y", "yes", "true", "t", "x", "on", "ano", "áno", "da", "да", "oo", "ja", "oui", "si", "sí"}
)
_NO = frozenset({"", "0", "n", "no", "false", "f", "off", "ne", "nie", "nu", "нет", "hindi", "nein", "non"})
_LONGEST_NOTE = 10_000
_SHORT = 40  # characters of cells that come again
_MOST_LABELS = 100


def text(cell: str, length: int) -> str:
    """One line of clean text, at most `length` characters; nothing for “n/a” and its like."""
    if not cell:
        return ""
    return _text(cell, length) if len(cell) <= _SHORT else _text.__wrapped__(cell, length)


@lru_cache(maxsize=20_000)  # files say the same names, places and words over and over
def _text(cell: str, length: int) -> str:
    kept = _one_line(cell)
    return "" if kept.lower() in _NOTHING else kept[:length].rstrip()


def bare(cell: str) -> str:
    """The cell without the apostrophe that keeps spreadsheets from running it as a formula."""
    return cell[1:] if cell.startswith("'") and safe(cell[1:]) == cell else cell


def _one_line(cell: str) -> str:
    shown = bare(cell)
    if shown.isascii() and shown.isprintable() and "  " not in shown:  # the common case, fast
        return shown.strip()
    if shown.isprintable():
        return " ".join(unicodedata.normalize("NFC", shown).split())
    return tidy(shown, len(shown) * 3)  # NFC may lengthen


def longer_than(cell: str, length: int) -> bool:
    """Whether `text` would cut the cell."""
    return len(cell) > length and len(_one_line(cell)) > length


def note(cell: str) -> str:
    """Text that may have several lines."""
    lines = [_one_line(line) for line in cell.splitlines()]
    kept = "\n".join(lines).strip()
    return "" if kept.lower() in _NOTHING else kept[:_LONGEST_NOTE]


def truth(cell: str) -> bool | None:
    """Yes or no; None when it is neither."""
    word = _one_line(cell).lower()
    if word in _YES:
        return True
    return False if word in _NO or word in _NOTHING else None


def full_name(name: str) -> tuple[str, str]:
    """First and last name; “Nováková, Jana” and particles such as “van der” are understood."""
    last, comma, first = name.partition(",")
    if comma and first.strip():
        return first.strip(), last.strip()
    words = name.replace(",", " ").split()
    at = len(words) - 1
    while at > 1 and words[at - 1].lower() in _PARTICLES:
        at -= 1
    return (" ".join(words[:at]), " ".join(words[at:])) if len(words) > 1 else (name.strip(), "")


_PARTICLES = frozenset(
    {
        "van",
        "der",
        "den",
        "de",
        "del",
        "della",
        "di",
        "da",
        "dos",
        "von",
        "zu",
        "la",
        "le",
        "dela",
        "bin",
        "al",
        "ter",
    }
)


@lru_cache(maxsize=50_000)
def phone(cell: str, region: str) -> str:
    """The number as E.164 where that is certain, else as given; `region` is a country's two letters."""
    given = text(cell, 40)
    return phones.normal(given, region) if any(char.isdigit() for char in given) else ""


# Google's own groups, which all wear; its files put a star before them, its vCards don't.
_EVERYBODY = re.compile(r"\s*(\*\s*(my ?contacts|other contacts|starred)|myContacts)\s*", re.IGNORECASE)
_BETWEEN = re.compile(r'"\s*[,;]\s*"')


@lru_cache(maxsize=10_000)
def labels(cell: str) -> tuple[str, ...]:
    """The tags or categories in one cell, in any of the ways in which lists are written there.

    Mailchimp puts each in quotation marks without marking those inside: "vip","12" blade".
    """
    given = cell.strip()
    if given.startswith("[") and given.endswith("]"):
        names = _from_json(given)
    elif len(given) > 1 and given.startswith('"') and given.endswith('"'):
        names = [name.replace('""', '"') for name in _BETWEEN.split(given[1:-1])]
    elif '"' in given:
        names = _quoted(" ".join(given.splitlines()))
    else:
        names = re.split(r"[;|]| ::: |\n" if re.search(r"[;|\n]| ::: ", given) else ",", given)
    clean = (text(name.lstrip("* "), 200) for name in names if _EVERYBODY.fullmatch(name) is None)
    return tuple(dict.fromkeys(name for name in clean if name))[:_MOST_LABELS]


def _quoted(given: str) -> list[str]:
    try:
        return next(csv.reader([given], skipinitialspace=True), [])
    except csv.Error:
        return []  # longer than any list of labels


def _from_json(given: str) -> list[str]:
    try:
        found = json.loads(given)
    except ValueError:
        return given[1:-1].replace('"', "").split(",")
    return [str(name) for name in found if isinstance(name, str | int)]


def field_name(column: str) -> str:
    """The name under which a column without a place of its own is kept, and found in rules."""
    return text(column, 100).replace('"', "'").replace("\\", "/")


def attributes(cell: str) -> dict[str, str]:
    """A JSON object in one cell, as listmonk keeps what it has no column for."""
    try:
        found = json.loads(cell) if cell.strip().startswith("{") else {}
    except (ValueError, RecursionError):
        return {}
    flat = {field_name(str(name)): text(_flat(value), 1000) for name, value in list(found.items())[:100]}
    return {name: value for name, value in flat.items() if name and value}


def _flat(value: object) -> str:
    if isinstance(value, list):
        return ", ".join(str(one) for one in value)
    return "" if value is None else str(value)
