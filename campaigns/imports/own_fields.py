"""Columns that become fields of the firm's own: one that is there, or a new one of a kind that is guessed.

In an import's mapping such a column stands as `field:<key>`, or as `new:<kind>` until the import starts.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence

from sqlalchemy.orm import Session

from campaigns.bulk import insert_many
from campaigns.contacts import field_defining, fields
from campaigns.contacts.field_models import KEY_LENGTH, About, Field, FieldKind
from campaigns.contacts.models import Import, ImportMade
from campaigns.contacts.names import fold, slug
from campaigns.errors import BadInput
from campaigns.imports import cleaning
from campaigns.imports.reading import Row
from campaigns.imports.targets import Target
from campaigns.words import _

KNOWN, NEW = "field:", "new:"
# What can be made of a column; a list of options has to be written by hand.
KINDS = (
    FieldKind.YES_NO, FieldKind.NUMBER, FieldKind.DATE, FieldKind.LINK, FieldKind.PHONE, FieldKind.TEXT,
)  # fmt: skip
_MANY = 0.9  # of the cells must fit a kind before a column is guessed to be of it


def is_own(target: str) -> bool:
    """Whether a column goes to a field of the firm's own."""
    return target.startswith((KNOWN, NEW))


def check(session: Session, targets: Iterable[str]) -> None:
    """Raise BadInput for a field that is not there or a kind that can't be made."""
    known = fields.known(session)
    for target in filter(is_own, targets):
        kind, _colon, name = target.partition(":")
        if not (name in known if f"{kind}:" == KNOWN else name in KINDS):
            raise BadInput(_("A column can’t become “%(name)s”.", name=target[:50]), field="mapping")


def known(session: Session | None, mapping: Mapping[str, str]) -> dict[str, Field]:
    """The fields that there are, when the mapping asks for any."""
    return fields.known(session) if session is not None and any(map(is_own, mapping.values())) else {}


def of_columns(
    there: Mapping[str, Field], columns: Sequence[str], mapping: Mapping[str, str]
) -> dict[int, Field]:
    """The fields that columns go to; those that are still to be made are not in the database yet."""
    found = {}
    for number, target in mapping.items():
        _kind, _colon, name = target.partition(":")
        if target.startswith(KNOWN) and name in there:
            found[int(number)] = there[name]
        elif target.startswith(NEW) and int(number) < len(columns):
            found[int(number)] = _made(there, columns[int(number)], name)
    return found


def _made(there: Mapping[str, Field], column: str, kind: str) -> Field:
    key = slug(column)[:KEY_LENGTH]
    return there.get(key) or Field(about=About.CONTACT, key=key, name=column, kind=kind, options=[], unit="")


def make(session: Session, import_: Import, columns: Sequence[str]) -> None:
    """Make the new fields that the mapping asks for, and let it name them; raises BadInput or Conflict."""
    mapping = dict(import_.mapping)
    for number, target in sorted(mapping.items()):
        if not target.startswith(NEW):
            continue
        name = columns[int(number)]
        field = fields.named(session, slug(name)) or fields.named(session, name)
        if field is None:
            field = field_defining.add(session, {"name": name, "kind": target.removeprefix(NEW)})
            row = {"import_id": import_.id, "kind": "field", "made_id": field.id}
            insert_many(session, ImportMade, [row])
        mapping[number] = f"{KNOWN}{field.key}"
    import_.mapping = mapping


def recognised(session: Session, columns: Sequence[str], mapping: Mapping[str, str]) -> dict[str, str]:
    """The mapping, with those columns that are called like a field going there."""
    names = {name: key for key, field in fields.known(session).items() for name in (key, fold(field.name))}
    found = dict(mapping)
    for number, target in mapping.items():
        column = columns[int(number)]
        if target == Target.FIELD and (key := names.get(slug(column)) or names.get(fold(column))):
            found[number] = f"{KNOWN}{key}"
    return found


def guess(cells: Iterable[str]) -> FieldKind:
    """What kind of field would hold these cells."""
    some = [kept for cell in cells if (kept := cleaning.text(cell, 1000))]
    for kind in KINDS:
        field = Field(about=About.CONTACT, key="guess", name="guess", kind=kind, options=[], unit="")
        fitting = sum(_fits(field, cell) for cell in some)
        if some and fitting >= _MANY * len(some):
            return kind
    return FieldKind.TEXT


def _fits(field: Field, cell: str) -> bool:
    if field.kind == FieldKind.PHONE and not cell.startswith(("+", "00")):
        return False
    if field.kind == FieldKind.NUMBER and cell.startswith("0") and cell[1:].isdecimal() and len(cell) > 1:
        return False  # a number of a customer or a house, not one to reckon with
    try:
        return fields.clean(field, cell, language="en") is not None
    except BadInput:
        return False


def offered(known: Mapping[str, Field]) -> Iterator[tuple[str, str]]:
    """What a column can become besides what every contact has."""
    for key, field in known.items():
        yield f"{KNOWN}{key}", _("Field: %(name)s", name=field.name)
    words = kind_words()
    for kind in KINDS:
        yield f"{NEW}{kind}", words[kind]


def guesses(mapping: Mapping[str, str], rows: Sequence[Row]) -> dict[int, str]:
    """For columns that are kept under their own name: which field would suit them, where that is not text."""
    found = {}
    for number, target in mapping.items():
        if target == Target.FIELD:
            cells = [row.cells[int(number)] for row in rows if int(number) < len(row.cells)]
            if (kind := guess(cells)) != FieldKind.TEXT:
                found[int(number)] = kind_words()[kind]
    return found


def kind_words() -> dict[str, str]:
    """What making a field of a kind is called."""
    return {
        FieldKind.TEXT: _("New field: text"),
        FieldKind.NUMBER: _("New field: number"),
        FieldKind.DATE: _("New field: date"),
        FieldKind.YES_NO: _("New field: yes or no"),
        FieldKind.PHONE: _("New field: phone"),
        FieldKind.LINK: _("New field: link"),
    }
