"""How rows of other tables follow a contact that is merged into another, and how they come back.

Each table that names a contact has a mover; a house test finds those without. Rooms that the merging
knows nothing of register theirs when they are imported.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from campaigns.bulk import among, insert_many
from campaigns.database import UTC, moment


@dataclass(frozen=True)
class Mover:
    """What becomes of the rows of some tables; what `take` gives back is kept as JSON for `give_back`."""

    tables: tuple[str, ...]
    take: Callable[[Session, int, int], Any]  # from this contact to that one; then nothing may be left
    give_back: Callable[[Session, int, int, Any], None]  # to this contact from that one
    count: Callable[[Any], int] = len  # how many rows came with it, for people
    label: Callable[[], str] | None = None  # what they are called; None: not spoken of


movers: dict[str, Mover] = {}


def register(key: str, mover: Mover) -> None:
    """Let these rows follow; those registered first move first, and come back first."""
    movers[key] = mover


def take_all(session: Session, gone_id: int, kept_id: int) -> dict[str, Any]:
    """Move all that belongs to the one contact to the other; returns what it takes to give it back."""
    return {key: mover.take(session, gone_id, kept_id) for key, mover in movers.items()}


def give_all_back(session: Session, gone_id: int, kept_id: int, moved: Mapping[str, Any]) -> None:
    """Give each row back that came with a contact and is still there."""
    for key, mover in movers.items():
        if key in moved:
            mover.give_back(session, gone_id, kept_id, moved[key])


def rows(table: Any, label: Callable[[], str] | None = None, column: str = "contact_id") -> Mover:
    """Rows with a number of their own, any of which may stand with any contact."""
    table = _table(table)
    contact, number = table.c[column], table.c[_key(table)]

    def take(session: Session, gone_id: int, kept_id: int) -> list[Any]:
        numbers = list(session.scalars(sa.select(number).where(contact == gone_id).order_by(number)))
        _set(session, table, {column: kept_id}, contact == gone_id)
        return numbers

    def give_back(session: Session, gone_id: int, kept_id: int, numbers: Sequence[Any]) -> None:
        _set(session, table, {column: gone_id}, contact == kept_id, among(session, number, numbers))

    return Mover((table.name,), take, give_back, label=label)


def once(
    table: Any, parents: Mapping[str, Any] | None = None, label: Callable[[], str] | None = None
) -> Mover:
    """Rows of which a contact has one of a kind at most, such as its tags; where both have it, one stays.

    `parents`: by column, the column in which its value must still be there when a row comes back.
    """
    table = _table(table)
    contact = table.c.contact_id
    same = [column.name for column in table.primary_key if column.name != "contact_id"]

    def take(session: Session, gone_id: int, kept_id: int) -> dict[str, list[Any]]:
        theirs = session.execute(sa.select(table).where(contact == gone_id)).mappings().all()
        ours = session.execute(sa.select(*(table.c[name] for name in same)).where(contact == kept_id))
        known = {tuple(row) for row in ours}
        moved: list[dict[str, Any]] = []
        both: list[dict[str, Any]] = []
        for row in theirs:
            (both if tuple(row[name] for name in same) in known else moved).append(pack(table, row))
        session.execute(sa.delete(table).where(contact == gone_id))
        insert_many(session, table, [unpack(table, row) | {"contact_id": kept_id} for row in moved])
        return {"moved": moved, "both": both}

    def give_back(session: Session, gone_id: int, kept_id: int, taken: Mapping[str, list[Any]]) -> None:
        for row in taken["moved"]:
            values = unpack(table, row)
            own = [table.c[name] == values[name] for name in same]
            session.execute(sa.delete(table).where(contact == kept_id, *own))
        again = [unpack(table, row) for rows in taken.values() for row in rows]
        there = _with_parents(session, table, again, parents or {})
        insert_many(session, table, there, conflict=["contact_id", *same])

    def count(taken: Mapping[str, list[Any]]) -> int:
        return sum(map(len, taken.values()))

    return Mover((table.name,), take, give_back, count, label)


def dropped(*tables: Any) -> Mover:
    """Rows that follow from others and are worked out anew by whoever needs them."""
    found = [_table(table) for table in tables]

    def take(session: Session, gone_id: int, _kept_id: int) -> list[Any]:
        for table in found:
            session.execute(sa.delete(table).where(table.c.contact_id == gone_id))
        return []

    def give_back(_session: Session, _gone_id: int, _kept_id: int, _taken: Any) -> None:
        pass

    return Mover(tuple(table.name for table in found), take, give_back)


def pack(table: sa.Table, row: Any) -> dict[str, Any]:
    """A row as JSON can keep it."""
    values = {column.name: row[column.name] for column in table.c}
    return {
        name: value.isoformat() if isinstance(value, date) else value  # a moment is one too
        for name, value in values.items()
    }


def unpack(table: sa.Table, packed: Mapping[str, Any]) -> dict[str, Any]:
    """The row again, as its table takes it; columns that came since have what they have by default."""
    values = {name: value for name, value in packed.items() if name in table.c}
    for name, value in values.items():
        kind = table.c[name].type
        if value is None:
            continue
        if isinstance(kind, UTC):
            values[name] = moment(value)
        elif isinstance(kind, sa.Date):
            values[name] = date.fromisoformat(value)
    return values


def _table(given: Any) -> Any:
    return sa.inspect(given).local_table if isinstance(given, type) else given


def _key(table: sa.Table) -> str:
    [column] = table.primary_key.columns
    return column.name


def _set(session: Session, table: sa.Table, values: dict[str, Any], *where: sa.ColumnElement[bool]) -> None:
    changed = sa.update(table).where(*where).values(values)
    session.execute(changed.execution_options(synchronize_session=False))


def _with_parents(
    session: Session, table: sa.Table, found: list[dict[str, Any]], parents: Mapping[str, Any]
) -> list[dict[str, Any]]:
    named = {key.parent.name: key.column for key in table.foreign_keys if key.parent.name != "contact_id"}
    for name, parent in (named | dict(parents)).items():
        values = {row[name] for row in found} - {None}
        there = set(session.scalars(sa.select(parent).where(parent.in_(values)))) if values else set()
        found = [row for row in found if row[name] is None or row[name] in there]
    return found
