"""vCards of the versions 2.1, 3 and 4 as rows of one table (RFC 2426, RFC 6350); a damaged card costs itself.

Files hold many cards one after the other; they are read one by one, pictures and keys passed over.
"""

import json
import re
from collections.abc import Iterator
from io import StringIO, TextIOWrapper
from pathlib import Path
from types import TracebackType

from vobject.base import ContentLine, ParseError, getLogicalLines, textLineToContentLine

from campaigns.errors import BadInput
from campaigns.imports.reading import LONGEST_LINE, Row
from campaigns.imports.refusals import Refusal
from campaigns.words import _

# Their order is that of the cells; layouts.py says what each becomes.
COLUMNS = (
    "Email", "First name", "Last name", "Full name", "Phone", "Birthday", "Company", "Position", "Categories",
    "Note", "City", "Country", "Language", "Time zone", "Website", "Department", "Street", "Region",
    "Postal code", "Nickname", "Other emails", "Other phones",
)  # fmt: skip

_BEGIN = re.compile(r"\s*BEGIN\s*:\s*VCARD\s*", re.IGNORECASE)
_END = re.compile(r"\s*END\s*:\s*VCARD\s*", re.IGNORECASE)
_LARGE = re.compile(r"(?:[\w-]+\.)?(?:PHOTO|LOGO|SOUND|KEY)\s*[;:]", re.IGNORECASE)
_UNREADABLE = re.compile("[\udc80-\udcff]")
_MOST = 100  # values of one property
_ESCAPED = re.compile(r"\\(.)", re.DOTALL)
# What vobject raises, besides its own, for lines that are none.
_DAMAGE = (ParseError, ValueError, TypeError, LookupError, AttributeError)


class Cards:
    """An open file of vCards as rows."""

    def __init__(self, path: Path, encoding: str) -> None:
        self.columns = list(COLUMNS)
        self._file = path.open("rb", buffering=1 << 18)
        encoding = "utf-8-sig" if encoding == "utf-8" else encoding
        errors = "replace" if encoding.startswith(("utf-16", "utf-32")) else "surrogateescape"
        self._stream = TextIOWrapper(self._file, encoding, errors, newline=None)

    def __enter__(self) -> "Cards":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stream.close()

    @property
    def bytes_read(self) -> int:
        """How far into the file reading has got, for a progress bar."""
        return self._file.tell()

    def rows(self) -> Iterator[Row]:
        """A row for each card, numbered by the line on which it begins."""
        for line, text, whole in self._cards():
            yield _row(line, text) if whole else Row(line, _beginning(text), Refusal.CARD)

    def _cards(self) -> Iterator[tuple[int, str, bool]]:
        """Where each card begins, its text, and whether it has an end and is not too long."""
        kept: list[str] = []
        number, began, size, large = 0, 0, 0, False
        while line := self._stream.readline(LONGEST_LINE):
            number += line.endswith("\n") or len(line) < LONGEST_LINE
            if _BEGIN.fullmatch(line):
                if began:
                    yield began, "".join(kept), False
                began, kept, size, large = number, [line], 0, False
            elif began and _END.fullmatch(line):
                yield began, "".join([*kept, line]), size <= LONGEST_LINE
                began, kept = 0, []
            elif began:
                # What belongs to a picture is folded, or is a line of base64, which has no colon.
                large = bool(_LARGE.match(line)) or (large and (line[:1] in " \t\n" or ":" not in line))
                size += 0 if large else len(line)
                if not large and size <= LONGEST_LINE:
                    kept.append(line)
        if began:
            yield began, "".join(kept), False


def check(path: Path, encoding: str) -> None:
    """Raise BadInput when there is no card in the file."""
    with Cards(path, encoding) as cards:
        if next(cards.rows(), None) is None:
            raise BadInput(_("There is no vCard in this file."))


def _beginning(text: str) -> list[str]:
    """Something by which a card that can't be read is found: its address or its name."""
    shown = re.search(r"^(?:[\w-]+\.)?EMAIL[^:\n]*:(.*)$", text, re.IGNORECASE | re.MULTILINE)
    name = re.search(r"^FN[^:\n]*:(.*)$", text, re.IGNORECASE | re.MULTILINE)
    cells = dict.fromkeys(COLUMNS, "")
    cells["Email"] = _UNREADABLE.sub("�", shown[1].strip()) if shown else ""
    cells["Full name"] = _UNREADABLE.sub("�", name[1].strip()) if name else ""
    return list(cells.values())


def _row(line: int, text: str) -> Row:
    try:
        cells = _cells(_properties(text))
    except UnicodeError:
        return Row(line, _beginning(text), Refusal.UNREADABLE)
    except _DAMAGE:
        return Row(line, _beginning(text), Refusal.CARD)
    if any(_UNREADABLE.search(cell) for cell in cells):
        return Row(line, [_UNREADABLE.sub("�", cell) for cell in cells], Refusal.UNREADABLE)
    return Row(line, cells)


def _properties(text: str) -> dict[str, list[ContentLine]]:
    """The lines of a card by the names of their properties, of each those that are preferred first.

    Only lines are left to vobject: its idea of a property's value cuts text at every comma.
    """
    found: dict[str, list[ContentLine]] = {}
    for line, _number in getLogicalLines(StringIO(text), allowQP="QUOTED-PRINTABLE" in text.upper()):
        one = textLineToContentLine(line)
        found.setdefault(one.name, []).append(one)
    return {name: sorted(lines[:_MOST], key=_rank) for name, lines in found.items()}


def _rank(line: ContentLine) -> int:
    """1 for what is preferred; version 4 gives a number, those before it a word."""
    words = {word.strip().lower() for words in line.params.get("TYPE", []) for word in words.split(",")}
    if "pref" in words or "PREF" in map(str.upper, line.singletonparams):
        return 1
    number = next(iter(line.params.get("PREF", [])), "")
    return int(number) if number.isdecimal() else 100


def _cells(card: dict[str, list[ContentLine]]) -> list[str]:
    emails, phones = _values(card, "EMAIL"), [_dialled(one) for one in _values(card, "TEL")]
    last, first, *_others = _parts(card, "N", 2)
    _box, _more, street, city, region, code, country, *_others = _parts(card, "ADR", 7)
    company, *departments = _parts(card, "ORG", 1)
    named = (_plain(name) for line in card.get("CATEGORIES", []) for name in _split(line.value, ","))
    names = list(filter(None, named))
    found = {
        "Email": emails[0] if emails else "",
        "First name": first,
        "Last name": last,
        "Full name": _value(card, "FN"),
        "Phone": phones[0] if phones else "",
        "Birthday": _value(card, "BDAY"),
        "Company": company,
        "Department": ", ".join(filter(None, departments)),
        "Position": _value(card, "TITLE") or _value(card, "ROLE"),
        "Categories": json.dumps(names, ensure_ascii=False) if names else "",
        "Note": "\n".join(_values(card, "NOTE")),
        "Street": street,
        "City": city,
        "Region": region,
        "Postal code": code,
        "Country": country,
        "Language": _value(card, "LANG") or _value(card, "LANGUAGE"),
        "Time zone": _value(card, "TZ"),
        "Website": _value(card, "URL"),
        "Nickname": _value(card, "NICKNAME"),
        "Other emails": ", ".join(emails[1:]),
        "Other phones": ", ".join(phones[1:]),
    }
    return [found[column] for column in COLUMNS]


def _values(card: dict[str, list[ContentLine]], name: str) -> list[str]:
    values = (_plain(line.value) for line in card.get(name, []))
    return list(dict.fromkeys(filter(None, values)))


def _value(card: dict[str, list[ContentLine]], name: str) -> str:
    return next(iter(_values(card, name)), "")


def _parts(card: dict[str, list[ContentLine]], name: str, least: int) -> list[str]:
    """The parts of a structured value, such as a name's; as many as are asked for at least."""
    lines = card.get(name)
    parts = [_plain(part) for part in _split(lines[0].value, ";")] if lines else []
    return parts + [""] * (least - len(parts))


def _split(value: str, sign: str) -> list[str]:
    """Cut where the sign stands without a backslash before it."""
    return re.findall(rf"((?:\\.|[^{sign}\\])*)(?:{sign}|\Z)", value, re.DOTALL)[: value.count(sign) + 1]


def _plain(value: str) -> str:
    """The text without its backslashes (RFC 6350, 3.4)."""
    return _ESCAPED.sub(lambda found: "\n" if found[1] in "nN" else found[1], value).strip()


def _dialled(number: str) -> str:
    return re.sub(r"^tel:|;ext=.*$", "", number, flags=re.IGNORECASE)
