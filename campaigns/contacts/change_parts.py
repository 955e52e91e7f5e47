"""How the parts of a change that belong to contacts themselves are undone: columns, fields and labels."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import date
from functools import partial
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from campaigns.bulk import among, insert_many, update_many
from campaigns.contacts import fields, names, restoring
from campaigns.contacts.models import Category, Contact, Tag, contact_category, contact_tag
from campaigns.contacts.restoring import CHANGED, GONE, TOUCHED, Asked, Left, plain
from campaigns.database import UTC, moment

_contacts: Any = Contact.__table__
_NAMED = ("first_name", "last_name", "email")
_DERIVED = ("name_key", "first_key")
_ORIGINS = "origins"  # datum → where it is from; put back datum by datum, never spoken of


def _columns(session: Session, asked: Sequence[Asked]) -> Iterator[Left]:
    """Give columns back the values that they had; keys that follow from names are worked out anew."""
    wanted = {key for one in asked for key in one.after} | set(_NAMED)
    kept = _kept(session, asked, sorted(wanted))
    there = {
        column: _those_there(session, column, asked) for column in wanted if _foreign(column) is not None
    }
    by_columns: dict[tuple[str, ...], list[dict[str, Any]]] = defaultdict(list)
    for one in asked:
        restored: dict[str, Any] = {}
        for key, after in one.after.items():
            is_now, was = plain(kept[one.contact_id][key]), one.before.get(key)
            if key == _ORIGINS:
                restored[key] = _said_again(is_now, was or {}, after)
            elif key in (TOUCHED, *_DERIVED) or is_now == was:
                continue
            elif is_now != after:
                yield Left(one.contact_id, key, CHANGED)
            elif was is not None and was not in there.get(key, (was,)):
                yield Left(one.contact_id, key, GONE)
            else:
                restored[key] = _value(key, was)
        if restored:
            row = {"id": one.contact_id} | restored | _following(kept[one.contact_id], restored)
            by_columns[tuple(row)].append(row)
    for some in by_columns.values():
        update_many(session, Contact, some)


def _said_again(is_now: dict[str, Any], before: dict[str, Any], after: dict[str, Any]) -> dict[str, Any]:
    """Where each datum is from, as it was said before, unless somebody said otherwise since."""
    ours = {key for key in before.keys() | after.keys() if is_now.get(key) == after.get(key)}
    others = {key: value for key, value in is_now.items() if key not in ours}
    return others | {key: before[key] for key in ours if key in before}


def _kept(session: Session, asked: Sequence[Asked], columns: Sequence[str]) -> dict[int, dict[str, Any]]:
    numbers = [one.contact_id for one in asked]
    found = sa.select(_contacts.c.id, *(_contacts.c[name] for name in columns))
    rows = session.execute(found.where(among(session, _contacts.c.id, numbers))).mappings()
    return {row["id"]: dict(row) for row in rows}


def _foreign(column: str) -> sa.Column[Any] | None:
    """The column that this one points to, if it does."""
    return next((key.column for key in _contacts.c[column].foreign_keys), None)


def _those_there(session: Session, column: str, asked: Sequence[Asked]) -> set[Any]:
    target = _foreign(column)
    assert target is not None
    before = {one.before.get(column) for one in asked} - {None}
    return set(session.scalars(sa.select(target).where(target.in_(before)))) if before else set()


def _following(kept: dict[str, Any], restored: dict[str, Any]) -> dict[str, Any]:
    """The columns that follow from those put back."""
    if restored.keys().isdisjoint(_NAMED):
        return {}
    return names.keys(**{name: restored.get(name, kept[name]) for name in _NAMED})


def _value(column: str, written: Any) -> Any:
    """The value as its column takes it."""
    if written is None:
        return None
    kind = _contacts.c[column].type
    if isinstance(kind, UTC):
        return moment(written)
    return date.fromisoformat(written) if isinstance(kind, sa.Date) else written


def _fields(session: Session, asked: Sequence[Asked]) -> Iterator[Left]:
    """Give fields back the values that they had, and the index with them."""
    kept, rows = _kept(session, asked, ["fields"]), []
    for one in asked:
        own = dict(kept[one.contact_id]["fields"] or {})
        for key, after in one.after.items():
            is_now, was = own.get(key), one.before.get(key)
            if is_now not in (after, was):
                yield Left(one.contact_id, key, CHANGED)
            elif is_now != was:
                own[key] = was
        rows.append({"id": one.contact_id, "fields": {k: v for k, v in own.items() if v is not None}})
    update_many(session, Contact, rows)
    fields.refresh(session, [one.contact_id for one in asked])


def _labels(
    model: type[Category] | type[Tag], table: sa.Table, session: Session, asked: Sequence[Asked]
) -> Iterator[Left]:
    """Take off what was put on, and put on what was taken off, unless that label is gone."""
    numbers = {int(key) for one in asked for key in one.after}
    there = set(session.scalars(sa.select(model.id).where(model.id.in_(numbers))))
    contact, label = table.columns
    off: dict[int, list[int]] = defaultdict(list)
    on: list[dict[str, int]] = []
    for one in asked:
        for key, worn in one.after.items():
            if worn == one.before.get(key, False):
                continue
            if worn:
                off[int(key)].append(one.contact_id)
            elif int(key) in there:
                on.append({contact.name: one.contact_id, label.name: int(key)})
            else:
                yield Left(one.contact_id, key, GONE)
    for number, wearers in off.items():
        session.execute(sa.delete(table).where(label == number, among(session, contact, wearers)))
    insert_many(session, table, on, conflict=[contact.name, label.name])


restoring.offer("columns", _columns)
restoring.offer("fields", _fields)
restoring.offer("category", partial(_labels, Category, contact_category))
restoring.offer("tag", partial(_labels, Tag, contact_tag))
