"""Categories and tags: made once by name, put on contacts one by one or on many at a stroke."""

from collections.abc import Iterable, Sequence
from typing import Any, TypeVar

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from campaigns.bulk import insert_many
from campaigns.contacts.models import Category, Contact, Tag, contact_category, contact_tag
from campaigns.contacts.names import fold, tidy
from campaigns.errors import BadInput, Conflict, NotFound
from campaigns.words import _

Label = Category | Tag
L = TypeVar("L", Category, Tag)

COUNTED = 1_000
_LINKS: dict[type[Any], tuple[sa.Table, str]] = {
    Category: (contact_category, "category_id"),
    Tag: (contact_tag, "tag_id"),
}


def category(session: Session, name: str) -> Category:
    """The category of that name, made when there is none yet; raises BadInput for no name."""
    return _labels(session, Category, [name])[0]


def tag(session: Session, name: str) -> Tag:
    """The tag of that name, made when there is none yet; raises BadInput for no name."""
    return _labels(session, Tag, [name])[0]


def categories(session: Session, names: Iterable[str]) -> list[Category]:
    """The categories of these names, made where there are none yet."""
    return _labels(session, Category, names)


def tags(session: Session, names: Iterable[str]) -> list[Tag]:
    """The tags of these names, made where there are none yet."""
    return _labels(session, Tag, names)


def _labels(session: Session, kind: type[L], names: Iterable[str]) -> list[L]:
    by_key = {fold(name): tidy(name) for name in names}
    if "" in by_key:
        raise BadInput(_("A category or tag needs a name."), field="name")
    rows = [{"name": name, "key": key} for key, name in by_key.items()]
    insert_many(session, kind, rows, conflict=["key"])
    found = {label.key: label for label in session.scalars(sa.select(kind).where(kind.key.in_(by_key)))}
    return [found[key] for key in by_key]


def one(session: Session, kind: type[L], label_id: int) -> L:
    """The category or tag of that number; raises NotFound."""
    found = session.get(kind, label_id)
    if found is None:
        raise NotFound(_("This category or tag is not there any more."))
    return found


def put_on(session: Session, label: Label, chosen: sa.Select[Any]) -> int:
    """Give the label to all chosen contacts; returns how many did not wear it yet."""
    table, column = _LINKS[type(label)]
    dialect = postgresql if session.get_bind().dialect.name == "postgresql" else sqlite
    rows = sa.select(Contact.id, sa.literal(label.id, table.c[column].type)).where(Contact.id.in_(chosen))
    insert = dialect.insert(table).from_select(["contact_id", column], rows).on_conflict_do_nothing()
    added = session.execute(insert, execution_options={"preserve_rowcount": True})
    return int(added.rowcount)  # type: ignore[attr-defined]


def take_off(session: Session, label: Label, chosen: sa.Select[Any]) -> int:
    """Take the label off all chosen contacts; returns how many wore it."""
    table, column = _LINKS[type(label)]
    removed = session.execute(
        sa.delete(table).where(table.c[column] == label.id, table.c.contact_id.in_(chosen))
    )
    return int(removed.rowcount)  # type: ignore[attr-defined]


def listed(
    session: Session, kind: type[L], after: str = "", limit: int | None = None
) -> Sequence[tuple[L, int]]:
    """Labels of a kind by name, from beyond the key `after` on, each with its wearers, counted to COUNTED."""
    table, column = _LINKS[kind]
    some = sa.select(table.c.contact_id).where(table.c[column] == kind.id).correlate(kind).limit(COUNTED)
    worn = sa.select(sa.func.count()).select_from(some.subquery()).scalar_subquery()
    query = sa.select(kind, worn).where(kind.key > after).order_by(kind.key).limit(limit)
    return [(label, count) for label, count in session.execute(query)]


def all_of(session: Session, kind: type[L]) -> Sequence[L]:
    """All labels of a kind, by name."""
    return session.scalars(sa.select(kind).order_by(kind.key)).all()


def rename(session: Session, label: Label, name: str) -> None:
    """Give the label another name. Raises BadInput for none, Conflict for that of another."""
    key = fold(name)
    if not key:
        raise BadInput(_("A category or tag needs a name."), field="name")
    kind = type(label)
    if session.scalar(sa.select(kind.id).where(kind.key == key, kind.id != label.id)):
        raise Conflict(_("There is one named “%(name)s” already. Merge the two instead.", name=tidy(name)))
    label.name, label.key = tidy(name), key
    session.flush()


def merge(session: Session, label: Label, into: Label) -> None:
    """Whoever wears `label` wears `into` instead, and `label` is gone."""
    if label.id == into.id:
        raise BadInput(_("Choose another one to merge into."), field="into")
    table, column = _LINKS[type(label)]
    dialect = postgresql if session.get_bind().dialect.name == "postgresql" else sqlite
    rows = sa.select(table.c.contact_id, sa.literal(into.id, table.c[column].type)).where(
        table.c[column] == label.id
    )
    session.execute(dialect.insert(table).from_select(["contact_id", column], rows).on_conflict_do_nothing())
    remove(session, label)


def remove(session: Session, label: Label) -> None:
    """Delete the label; contacts stay without it."""
    table, column = _LINKS[type(label)]
    session.execute(sa.delete(table).where(table.c[column] == label.id))
    session.delete(label)
    session.flush()


def strip(session: Session, contact_ids: Sequence[int] | sa.Select[Any]) -> None:
    """Take all labels off contacts that are about to be deleted."""
    for table, _column in _LINKS.values():
        session.execute(sa.delete(table).where(table.c.contact_id.in_(contact_ids)))


def astray(session: Session) -> int:
    """How many links lead to a contact or a label that is not there."""
    number = 0
    for kind, (table, column) in _LINKS.items():
        whole = sa.exists().where(Contact.id == table.c.contact_id) & sa.exists().where(
            kind.id == table.c[column]
        )
        number += session.scalar(sa.select(sa.func.count()).select_from(table).where(sa.not_(whole))) or 0
    return number
