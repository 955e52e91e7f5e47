"""Numbers and money as people of six languages write them, and as they are kept."""

import re
import unicodedata
from decimal import Decimal, InvalidOperation
from functools import cache

from babel import Locale, UnknownLocaleError
from babel.numbers import (
    format_currency,
    get_currency_precision,
    get_currency_symbol,
    get_decimal_symbol,
    get_group_symbol,
    is_currency,
)

from campaigns.words import LANGUAGES

# As many as a double keeps apart, so that the index compares them exactly.
MOST_DIGITS = 15
_LONGEST = 60
_WHOLE = r"\d{1,3}(?:(?P<group>[ '.,])\d{3}(?:(?P=group)\d{3})*)?|\d+"
_NUMBER = re.compile(rf"(?P<whole>{_WHOLE})?(?:(?P<point>[.,])(?P<rest>\d+))?")
_POWER = re.compile(r"\d+(?:\.\d+)?[eE][+-]?\d{1,2}")
_NO_CENTS = re.compile(r"[.,]-$")  # “500,–”
_SIGNS = str.maketrans({"’": "'", "\u02bc": "'", "−": "-", "–": "-", "—": "-"})


def number(given: str | float | Decimal, unit: str = "", language: str = "en") -> str | None:
    """The number as decimal text, such as “-12.5”; None for what is no number, or has too many digits.

    `language` decides where the sign leaves it open: “1,234” is a thousand in English, not in Czech.
    """
    found = _read(given, frozenset({unit.lower()} if unit else ()), language)
    return None if found is None else _written(found)


def money(given: str | float | Decimal, currency: str, language: str = "en") -> str | None:
    """The amount with the decimals of its currency; None for no amount, another currency, parts of a cent."""
    places = get_currency_precision(currency)
    found = _read(given, _names(currency), language)
    if found is None or _written(found) is None:
        return None
    kept = found.quantize(Decimal(1).scaleb(-places))
    if kept != found and not isinstance(given, float):
        return None
    return f"{kept:f}" if kept else f"{abs(kept):f}"


def known_currency(code: str) -> bool:
    """Whether there is such a currency (ISO 4217)."""
    return is_currency(code)


def said(amount: str, currency: str, locale: str) -> str:
    """An amount of money as it reads."""
    return format_currency(Decimal(amount), currency, locale=locale)


def _read(given: str | float | Decimal, units: frozenset[str], language: str) -> Decimal | None:
    if isinstance(given, str):
        return _spelt(given, units, language)
    try:
        found = Decimal(format(given, f".{MOST_DIGITS}g")) if isinstance(given, float) else Decimal(given)
    except InvalidOperation:
        return None
    return found if found.is_finite() else None


def _spelt(given: str, units: frozenset[str], language: str) -> Decimal | None:
    text = " ".join(unicodedata.normalize("NFKC", given[: _LONGEST + 1]).translate(_SIGNS).split())
    if len(text) > _LONGEST:
        return None
    sign, text = _signed(text)
    text = _without(units, text)
    if sign == 1:
        sign, text = _signed(text)
    plain = _plain(_NO_CENTS.sub("", text), language)
    return None if plain is None else sign * Decimal(plain)


def _without(units: frozenset[str], text: str) -> str:
    """The text without the unit before or behind it."""
    small = text.lower()
    for unit in sorted(units, key=len, reverse=True):
        if small.endswith(unit):
            return text[: -len(unit)].strip()
        if small.startswith(unit):
            return text[len(unit) :].strip()
    return text


def _signed(text: str) -> tuple[int, str]:
    if text[:1] in ("+", "-"):
        return (-1 if text[0] == "-" else 1), text[1:].lstrip()
    return 1, text


def _plain(text: str, language: str) -> str | None:
    """The digits with a point before the decimals, or None."""
    if not text.isascii():
        return None
    if _POWER.fullmatch(text):
        return text
    found = _NUMBER.fullmatch(text)
    if not found or not (found["whole"] or found["rest"]):
        return None
    whole, group, rest = found["whole"] or "0", found["group"], found["rest"] or ""
    if found["point"] and group == found["point"]:
        return None
    if group in (".", ",") and not rest and whole.count(group) == 1 and not _groups(group, whole, language):
        return whole.replace(group, ".")
    return (re.sub(r"[ '.,]", "", whole) if group else whole) + (f".{rest}" if rest else "")


def _groups(sign: str, whole: str, language: str) -> bool:
    """Whether a single sign with three digits behind it stands between thousands."""
    return not whole.startswith("0") and sign == _signs(language)


@cache
def _signs(language: str) -> str:
    """What stands between thousands in a language, where that is a point or a comma."""
    try:
        locale = Locale.parse(language.replace("-", "_"))
    except (UnknownLocaleError, ValueError):
        locale = Locale("en")
    sign = get_group_symbol(locale)
    return sign if sign in (".", ",") and get_decimal_symbol(locale) != sign else ""


@cache
def _names(currency: str) -> frozenset[str]:
    """How the currency may be written beside an amount."""
    symbols = {get_currency_symbol(currency, locale=language) for language in LANGUAGES}
    names = (currency, *symbols, *_ALSO.get(currency, "").split())
    return frozenset(unicodedata.normalize("NFKC", name).lower() for name in names)


_ALSO = {"CZK": "kc", "HUF": "Ft", "PLN": "zł", "RON": "lei leu", "RUB": "руб. руб р.", "UAH": "грн"}


def _written(found: Decimal) -> str | None:
    if abs(found.adjusted()) > MOST_DIGITS:
        return None if found else "0"
    text = f"{found:f}"
    text = text.rstrip("0").rstrip(".") if "." in text else text
    digits = text.lstrip("-").removeprefix("0.").replace(".", "")
    if len(digits) > MOST_DIGITS:
        return None
    return "0" if text == "-0" else text
