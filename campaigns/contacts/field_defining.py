"""Fields added, changed, put in order, archived and taken back; what is known under them stays."""

import re
from collections.abc import Iterable, Mapping
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from campaigns.contacts import amounts
from campaigns.contacts.field_models import KEY_LENGTH, About, Field, FieldKind
from campaigns.contacts.names import fold, slug, tidy
from campaigns.database import now
from campaigns.errors import BadInput, Conflict
from campaigns.words import _

MOST = 200  # fields of contacts, or of companies
MOST_OPTIONS = 200
WITH_OPTIONS = (FieldKind.CHOICE, FieldKind.CHOICES)


def add(session: Session, values: Mapping[str, Any]) -> Field:
    """A new field, last in order, of `name`, `kind`, `about`, `section`, `options`, `unit` and `shared`.

    Raises BadInput naming what does not fit, Conflict when there is one of that name.
    """
    kind, about = _kind(values.get("kind")), _about(values.get("about") or About.CONTACT)
    name = _name(values.get("name"))
    taken = session.scalar(sa.select(Field).where(Field.about == about, Field.key == slug(name)[:KEY_LENGTH]))
    if taken is not None:
        raise _taken(taken)
    last, number = session.execute(
        sa.select(sa.func.coalesce(sa.func.max(Field.position), 0), sa.func.count()).where(
            Field.about == about
        )
    ).one()
    if number >= MOST:
        raise BadInput(_("There are %(most)s fields already. Use one of those.", most=MOST), field="name")
    made = Field(about=about, key=slug(name)[:KEY_LENGTH], name=name, kind=kind, position=last + 1)
    _fill(made, values)
    session.add(made)
    session.flush()
    return made


def change(session: Session, field: Field, values: Mapping[str, Any]) -> None:
    """Another name, section, options, unit, and whether people see it; the kind and the key stay."""
    name = _name(values.get("name"))
    others = session.scalars(sa.select(Field).where(Field.about == field.about, Field.id != field.id))
    for other in others:
        if fold(other.name) == fold(name):
            raise _taken(other)
    field.name = name
    _fill(field, values)
    session.flush()


def _fill(field: Field, values: Mapping[str, Any]) -> None:
    field.section = tidy(str(values.get("section") or ""), 100)
    field.shared = bool(values.get("shared"))
    field.unit = _unit(field, tidy(str(values.get("unit") or ""), 20))
    field.options = _options(field, values.get("options") or ())


def _name(given: Any) -> str:
    name = tidy(str(given or ""), 100)
    if not slug(name):
        raise BadInput(_("A field needs a name with a letter or a number in it."), field="name")
    return name


def _kind(given: Any) -> FieldKind:
    try:
        return FieldKind(str(given))
    except ValueError as error:
        raise BadInput(_("Choose what the field holds, such as text or a number."), field="kind") from error


def _about(given: Any) -> About:
    try:
        return About(str(given))
    except ValueError as error:
        raise BadInput(_("A field is about contacts or about companies."), field="about") from error


def _taken(other: Field) -> Conflict:
    if other.archived_at is not None:
        return Conflict(_("“%(name)s” is in the archive. Take it back instead.", name=other.name))
    return Conflict(_("There is a field “%(name)s” already. Give this one another name.", name=other.name))


def _unit(field: Field, given: str) -> str:
    if field.kind == FieldKind.MONEY:
        code = given.upper()
        if not amounts.known_currency(code):
            raise BadInput(_("Name the currency by its three letters, such as EUR."), field="unit")
        if field.unit and field.unit != code:
            raise BadInput(_("Amounts kept so far are in %(unit)s. Add another field.", unit=field.unit),
                           field="unit")  # fmt: skip
        return code
    if field.kind != FieldKind.NUMBER:
        return ""
    if re.search(r"[\d.,+-]", given):
        raise BadInput(_("A unit has no digits and signs in it, such as kg or %%."), field="unit")
    return given


def _options(field: Field, given: str | Iterable[str]) -> list[str]:
    if field.kind not in WITH_OPTIONS:
        return []
    lines = given.splitlines() if isinstance(given, str) else given
    by_key = {fold(line): tidy(line, 100) for line in lines}
    found = [name for key, name in by_key.items() if key]
    if not found:
        raise BadInput(_("Write down what can be chosen, one on each line."), field="options")
    if len(found) > MOST_OPTIONS:
        raise BadInput(_("More than %(most)s choices are better kept as text.", most=MOST_OPTIONS),
                       field="options")  # fmt: skip
    return found


def add_options(session: Session, field: Field, names: Iterable[str]) -> None:
    """Let these be chosen, too; raises BadInput for too many, or for a field without choices."""
    if field.kind not in WITH_OPTIONS:
        raise BadInput(_("“%(name)s” is not a field of choices.", name=field.name), field="options")
    field.options = _options(field, [*field.options, *names])
    session.flush()


def move(session: Session, field: Field, steps: int) -> None:
    """Up (-1) or down (+1) among the fields that are in use."""
    in_use = sa.select(Field).where(Field.about == field.about, Field.archived_at.is_(None))
    found = list(session.scalars(in_use.order_by(Field.position, Field.id)))
    at = found.index(field) if field in found else -1
    to = min(max(at + steps, 0), len(found) - 1)
    if at < 0 or to == at:
        return
    found.insert(to, found.pop(at))
    for position, each in enumerate(found, 1):
        each.position = position
    session.flush()


def archive(session: Session, field: Field) -> None:
    """Ask for it no more; values stay, and come back with the field."""
    field.archived_at = field.archived_at or now()
    session.flush()


def take_back(session: Session, field: Field) -> None:
    """Use an archived field again."""
    field.archived_at = None
    session.flush()


def remove(session: Session, field: Field) -> None:
    """Delete the field and its index; values stay beside contacts as a column without a kind."""
    session.delete(field)
    session.flush()
