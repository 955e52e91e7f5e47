"""What each kind of field takes: text of people and files in, the one form that is kept out."""

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from urllib.parse import urlsplit

import phonenumbers

from campaigns.contacts import amounts, phones
from campaigns.contacts.field_models import Field, FieldKind
from campaigns.contacts.names import fold, plain, tidy
from campaigns.errors import BadInput
from campaigns.words import _, language

Raw = str | int | float | Decimal | bool | date | Iterable[str] | None
Value = str | bool | list[str]

LONGEST_TEXT = 1000
_LONGEST_LINK = 500
_YEARS = (1800, 2200)
_ISO = re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2})(?:[T ].*)?")
_DAY_MONTH_YEAR = re.compile(r"(\d{1,2})\s*([./-])\s*(\d{1,2})\s*\2\s*(\d{4})")
_DAY_MONTH = re.compile(r"(\d{1,2})\s*\.\s*(\d{1,2})\s*\.?")
_MONTH_DAY = re.compile(r"(?:--)?(\d{2})-(\d{2})")
_YES = frozenset("1 y yes true t x on ✓ ✔ ano áno a da да д oo ja si sí oui".split())  # noqa: SIM905
_NO = frozenset("0 n no false f off ✗ ne nie nu нет н hindi nein non".split())  # noqa: SIM905


@dataclass(frozen=True)
class Reading:
    """How what was written is meant: in which language, in which country, the day first or the month."""

    language: str = ""
    region: str = ""
    day_first: bool | None = None


def clean(field: Field, raw: Raw, how: Reading | None = None) -> Value | None:
    """The value in the form in which it is kept; None for nothing.

    Raises BadInput that names the field and says how to write it.
    """
    if raw is None or (isinstance(raw, str) and not raw.strip()):
        return None
    kind = FieldKind(field.kind)
    if kind == FieldKind.CHOICES:
        return _choices(field, raw) or None
    given = raw if isinstance(raw, str | int | float | Decimal | date) else " ".join(raw)
    value = _READERS[kind](field, given, how or Reading())
    if value is None:
        raise BadInput(_remedy(field, str(given)), field=f"fields.{field.key}")
    return value if value != "" else None


def _text(field: Field, given: Raw, _how: Reading) -> str | None:
    kept = tidy(str(given), LONGEST_TEXT + 1)
    return kept if len(kept) <= LONGEST_TEXT else None


def _number(field: Field, given: Raw, how: Reading) -> str | None:
    if isinstance(given, bool) or not isinstance(given, str | int | float | Decimal):
        return None
    return amounts.number(given, field.unit, how.language or language())


def _money(field: Field, given: Raw, how: Reading) -> str | None:
    if isinstance(given, bool) or not isinstance(given, str | int | float | Decimal):
        return None
    return amounts.money(given, field.unit, how.language or language())


def _date(_field: Field, given: Raw, how: Reading) -> str | None:
    found = _read_date(given, how)
    return found.isoformat() if found and _YEARS[0] <= found.year <= _YEARS[1] else None


def _read_date(given: Raw, how: Reading) -> date | None:
    if isinstance(given, date):
        return given.date() if isinstance(given, datetime) else given
    text = str(given).strip()
    if found := _ISO.fullmatch(text):
        return _built(found[1], found[2], found[3])
    found = _DAY_MONTH_YEAR.fullmatch(text)
    if not found:
        return None
    first, second = int(found[1]), int(found[3])
    day_first = _day_first(first, second, found[2], how)
    if day_first is None:
        return None
    day, month = (first, second) if day_first else (second, first)
    return _built(found[4], month, day)


def _day_first(first: int, second: int, sign: str, how: Reading) -> bool | None:
    """Which of two numbers is the day; None where nobody can tell, as 03/04 in English."""
    if first == second:
        return True
    if first > 12 or second > 12:
        return first > 12
    if how.day_first is not None:
        return how.day_first
    spoken = (how.language or language())[:3].split("_")[0]
    return True if sign == "." or spoken not in ("en", "fil") else None


def _built(year: str | int, month: str | int, day: str | int) -> date | None:
    try:
        return date(int(year), int(month), int(day))
    except ValueError:
        return None


def _day(_field: Field, given: Raw, how: Reading) -> str | None:
    found = _read_date(given, how)
    text = str(given).strip()
    if found is None and (parts := _MONTH_DAY.fullmatch(text)):
        found = _built(2000, parts[1], parts[2])
    elif found is None and (parts := _DAY_MONTH.fullmatch(text)):
        found = _built(2000, parts[2], parts[1])
    return f"{found:%m-%d}" if found else None


def _choice(field: Field, given: Raw, _how: Reading) -> str | None:
    return option(field, str(given))


def option(field: Field, given: str) -> str | None:
    """The option that is meant, whatever its capitals and accents; None when there is no such one."""
    for same in (tidy, fold, plain):
        wanted = same(given)
        found = [one for one in field.options if same(one) == wanted]
        if len(found) == 1:
            return found[0]
    return None


def _choices(field: Field, raw: Raw) -> list[str]:
    chosen = set()
    for given in parts(field, raw):
        found = option(field, given)
        if found is None:
            raise BadInput(_remedy(field, given), field=f"fields.{field.key}")
        chosen.add(found)
    return [one for one in field.options if one in chosen]


def parts(field: Field, raw: Raw) -> list[str]:
    """The single choices in what was given: a list, or text with a sign between them."""
    if isinstance(raw, list | tuple | set | frozenset):
        return [str(one) for one in raw if str(one).strip()]
    text = str(raw).strip()
    if option(field, text) is not None:
        return [text]
    for sign in ("\n", ";", "|", ","):
        if sign in text:
            return list(_parted(field, text.split(sign), sign))
    return [text]


def _parted(field: Field, pieces: list[str], sign: str) -> Iterator[str]:
    """The pieces, but for those that together are one choice, which has the sign in its name."""
    most, at = 1 + max((one.count(sign) for one in field.options), default=0), 0
    while at < len(pieces):
        ends = range(min(at + most, len(pieces)), at + 1, -1)
        runs = ((end, sign.join(pieces[at:end])) for end in ends)
        at, part = next((run for run in runs if option(field, run[1]) is not None), (at + 1, pieces[at]))
        if part.strip():
            yield part


def _yes_no(_field: Field, given: Raw, _how: Reading) -> bool | None:
    if isinstance(given, bool):
        return given
    word = str(given).strip().lower()
    return True if word in _YES else False if word in _NO else None


def _phone(_field: Field, given: Raw, how: Reading) -> str | None:
    kept = phones.normal(str(given), how.region)
    try:
        number = phonenumbers.parse(kept, None)
    except phonenumbers.NumberParseException:
        return None
    return kept if kept.startswith("+") and phonenumbers.is_valid_number(number) else None


def _link(_field: Field, given: Raw, _how: Reading) -> str | None:
    text = str(given).strip()
    address = text if "://" in text else f"https://{text}"
    try:
        read = urlsplit(address)
        host, port = read.hostname or "", read.port
    except ValueError:
        return None
    plain_text = address.isprintable() and not re.search(r"[\s<>\"\\^`{|}]", address)
    fine = plain_text and read.scheme.lower() in ("http", "https") and "." in host.strip(".") and port != 0
    if not fine or "@" in read.netloc or len(address) > _LONGEST_LINK:
        return None
    return f"{read.scheme.lower()}://{address.partition('://')[2]}"


_READERS: dict[FieldKind, Callable[[Field, Raw, Reading], str | bool | None]] = {
    FieldKind.TEXT: _text,
    FieldKind.NUMBER: _number,
    FieldKind.MONEY: _money,
    FieldKind.DATE: _date,
    FieldKind.DAY: _day,
    FieldKind.CHOICE: _choice,
    FieldKind.YES_NO: _yes_no,
    FieldKind.PHONE: _phone,
    FieldKind.LINK: _link,
}


def _remedy(field: Field, given: str) -> str:
    """What is wrong, and how to write it instead."""
    words = {"name": field.name, "given": tidy(given, 60)}
    match FieldKind(field.kind):
        case FieldKind.TEXT:
            return _("“%(name)s” takes at most 1,000 characters. Shorten it.", **words)
        case FieldKind.NUMBER:
            return _(
                "“%(name)s” is a number, such as 1234.5, of at most 15 digits; not “%(given)s”.", **words
            )
        case FieldKind.MONEY:
            return _("“%(name)s” is an amount in %(unit)s, such as 1234.50; not “%(given)s”.",
                     unit=field.unit, **words)  # fmt: skip
        case FieldKind.DATE:
            return _("“%(name)s” is a day, such as 2026-03-31; “%(given)s” can't be read as one.", **words)
        case FieldKind.DAY:
            return _("“%(name)s” is a day of the year, such as 03-31; not “%(given)s”.", **words)
        case FieldKind.YES_NO:
            return _("“%(name)s” is yes or no; not “%(given)s”.", **words)
        case FieldKind.PHONE:
            return _("“%(name)s” is a phone number with its country code, such as +420 777 123 456; "
                     "not “%(given)s”.", **words)  # fmt: skip
        case FieldKind.LINK:
            return _("“%(name)s” is an address that begins with https://; not “%(given)s”.", **words)
        case _:
            known = ", ".join(field.options[:20])
            return _("“%(name)s” has no choice “%(given)s”. Choose of: %(known)s.", known=known, **words)
