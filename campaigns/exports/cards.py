"""Contacts as vCards: version 4 (RFC 6350), and version 3 (RFC 2426) for Outlook and older phones."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

KEYS = (
    "email", "first_name", "last_name", "phone", "position", "company", "language", "country", "city",
    "timezone", "birthday", "birth_year", "categories", "tags", "note", "id",
)  # fmt: skip
_LINE = 75  # bytes before a line is folded


def card(version: int, known: Mapping[str, Any]) -> str:
    """One card; `known` holds KEYS. Lines end in CR LF and are folded at 75 bytes."""
    lines = ["BEGIN:VCARD", f"VERSION:{version}.0", *_body(version, known), "END:VCARD"]
    return "".join(_folded(line) + "\r\n" for line in lines)


def _body(version: int, known: Mapping[str, Any]) -> list[str]:
    name = f"{known['first_name']} {known['last_name']}".strip()
    lines = [
        f"FN:{_text(name or known['email'])}",
        f"N:{_text(known['last_name'])};{_text(known['first_name'])};;;",
        f"EMAIL{';TYPE=INTERNET' if version == 3 else ''}:{_text(known['email'])}",
    ]
    if known["phone"]:
        lines.append(_phone(version, known["phone"]))
    simple = (("ORG", "company"), ("TITLE", "position"), ("NOTE", "note"))
    lines += [f"{name}:{_text(known[key])}" for name, key in simple if known[key]]
    if known["city"] or known["country"]:
        lines.append(f"ADR:;;;{_text(known['city'])};;;{_text(known['country'])}")
    labels = [label for key in ("categories", "tags") for label in str(known[key]).split(", ") if label]
    if labels:
        lines.append("CATEGORIES:" + ",".join(map(_text, labels)))
    if birthday := _birthday(version, known["birthday"], known["birth_year"]):
        lines.append(birthday)
    if known["language"] and version == 4:
        lines.append(f"LANG:{known['language']}")
    if known["timezone"]:
        lines.append(f"TZ{';VALUE=text' if version == 3 else ''}:{_text(known['timezone'])}")
    return [*lines, f"UID:{'urn:campaigns:' if version == 4 else 'campaigns-'}contact:{known['id']}"]


def _phone(version: int, phone: str) -> str:
    if version == 3:
        return f"TEL;TYPE=VOICE:{_text(phone)}"
    digits = re.sub(r"[^\d+]", "", phone)
    return f"TEL;VALUE=uri:tel:{digits}" if digits.startswith("+") else f"TEL:{_text(phone)}"


def _birthday(version: int, day: str, year: int | None) -> str:
    """Day and year; version 3 knows no day without a year, so 1604 stands in, as phones write it."""
    if not day:
        return f"BDAY:{year:04}" if year and version == 4 else ""
    month_day = day.replace("-", "")
    if version == 4:
        return f"BDAY:{year:04}{month_day}" if year else f"BDAY:--{month_day}"
    return f"BDAY:{year:04}-{day}" if year else f"BDAY;X-APPLE-OMIT-YEAR=1604:1604-{day}"


def _text(value: Any) -> str:
    text = str(value or "").replace("\\", "\\\\").replace(",", "\\,").replace(";", "\\;")
    return re.sub(r"\r\n|\r|\n", r"\\n", text)


def _folded(line: str) -> str:
    """The line in parts of at most 75 bytes, none cut within a letter (RFC 6350, 3.2)."""
    parts: list[str] = []
    part, size = "", 0
    for letter in line:
        length = len(letter.encode())
        if size + length > _LINE:
            parts.append(part)
            part, size = " ", 1
        part, size = part + letter, size + length
    return "\r\n".join([*parts, part])


def cards(version: int, rows: Sequence[Sequence[Any]]) -> str:
    """A card for each row of KEYS."""
    return "".join(card(version, dict(zip(KEYS, row, strict=True))) for row in rows)
