"""Fields in forms: what a form gives for them, cleaned one by one, and what it shows."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from werkzeug.datastructures import MultiDict

from campaigns.contacts import field_words, fields
from campaigns.contacts.field_kinds import Value
from campaigns.contacts.field_models import Field, FieldKind
from campaigns.errors import BadInput
from campaigns.words import language


@dataclass(frozen=True)
class Section:
    """Fields that stand together under one heading; the first may have none."""

    name: str
    fields: list[Field]


def sections(known: Iterable[Field]) -> list[Section]:
    """The fields by section, in the order in which each section first comes."""
    found: dict[str, list[Field]] = {}
    for field in known:
        found.setdefault(field.section, []).append(field)
    return [Section(name, some) for name, some in found.items()]


def read(
    form: Mapping[str, Any],
    known: Mapping[str, Field],
    region: str = "",
    kept: Mapping[str, Any] | None = None,
) -> tuple[dict[str, Value | None], dict[str, str]]:
    """Clean values of those fields that the form asks for, by key; and what is wrong, by the input's name.

    A choice that was `kept` may stay, though it is offered no more.
    """
    values: dict[str, Value | None] = {}
    mistakes: dict[str, str] = {}
    for key, field in known.items():
        if (name := f"fields.{key}") not in form:
            continue
        raw = form[name]
        if field.kind == FieldKind.CHOICES and isinstance(form, MultiDict):
            raw = form.getlist(name)
        try:
            values[key] = fields.clean(_with(field, (kept or {}).get(key)), raw, region=region)
        except BadInput as error:
            mistakes[name] = error.message
    return values, mistakes


def _with(field: Field, kept: Any) -> Field:
    """The field, with the choices that are kept among its options."""
    had = kept if isinstance(kept, list) else [kept]
    gone = [one for one in had if isinstance(one, str) and one not in field.options]
    if field.kind not in (FieldKind.CHOICE, FieldKind.CHOICES) or not gone:
        return field
    return Field(kind=field.kind, key=field.key, name=field.name, options=[*field.options, *gone])


def shown(kept: Mapping[str, Any] | None, known: Mapping[str, Field]) -> dict[str, Any]:
    """What stands in the inputs, by their names, of values that are kept."""
    here = language()
    return {
        f"fields.{key}": _typed(field, (kept or {})[key], here)
        for key, field in known.items()
        if key in (kept or {})
    }


def _typed(field: Field, value: Any, here: str) -> Any:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return field_words.typed(field, value, here)
