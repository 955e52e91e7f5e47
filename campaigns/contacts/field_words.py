"""How a field's value reads on a page, and as plain text in a file."""

from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any

from babel.dates import format_date, format_skeleton
from babel.numbers import format_decimal, get_decimal_symbol

from campaigns.contacts import amounts, phones
from campaigns.contacts.field_models import Field, FieldKind
from campaigns.words import _, lazy

KINDS: dict[FieldKind, Any] = {
    FieldKind.TEXT: lazy("Text"),
    FieldKind.NUMBER: lazy("Number"),
    FieldKind.MONEY: lazy("Money"),
    FieldKind.DATE: lazy("Date"),
    FieldKind.DAY: lazy("Day of the year"),
    FieldKind.CHOICE: lazy("One choice"),
    FieldKind.CHOICES: lazy("Several choices"),
    FieldKind.YES_NO: lazy("Yes or no"),
    FieldKind.PHONE: lazy("Phone number"),
    FieldKind.LINK: lazy("Link"),
}


def said(field: Field, value: Any, locale: str) -> str:
    """A value as it reads in that language; what was kept otherwise reads as it stands."""
    if value is None:
        return ""
    try:
        return _said(field, value, locale)
    except (ValueError, InvalidOperation):
        return plain(value)


def _said(field: Field, value: Any, locale: str) -> str:
    match FieldKind(field.kind):
        case FieldKind.NUMBER:
            number = format_decimal(Decimal(value), locale=locale, decimal_quantization=False)
            return f"{number} {field.unit}".strip()
        case FieldKind.MONEY:
            return amounts.said(value, field.unit, locale)
        case FieldKind.DATE:
            return format_date(date.fromisoformat(value), "long", locale=locale)
        case FieldKind.DAY:
            return format_skeleton("MMMMd", date.fromisoformat(f"2000-{value}"), locale=locale)
        case FieldKind.YES_NO:
            return _("Yes") if value is True else _("No") if value is False else plain(value)
        case FieldKind.PHONE:
            return phones.shown(value)
        case _:
            return plain(value)


def typed(field: Field, value: Any, locale: str) -> Any:
    """A value as it stands in a form of that language: 1.234 would be read as a thousand in some."""
    if field.kind in (FieldKind.NUMBER, FieldKind.MONEY) and isinstance(value, str):
        return value.replace(".", get_decimal_symbol(locale))
    return value


def plain(value: Any) -> str:
    """A value as it stands in a file, from where it is read back the same (in English: 1234.5)."""
    if isinstance(value, list):
        return "; ".join(str(one) for one in value)
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "" if value is None else str(value)
