"""Categories, tags and companies by name, made where there are none yet; for many rows at once."""

from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from campaigns.contacts.models import Category, Company, Tag
from campaigns.contacts.names import fold
from campaigns.database import now

_CHUNK = 5000


def ids(
    session: Session, model: type[Category] | type[Tag] | type[Company], names: Iterable[str]
) -> dict[str, int]:
    """The id of each name, by its folded key; names that are new are kept as they are written first."""
    wanted: dict[str, str] = {}
    for name in names:
        wanted.setdefault(key(name), name)
    wanted.pop("", None)
    if not wanted:
        return {}
    found = _known(session, model, wanted)
    missing = sorted(wanted.keys() - found.keys())
    if missing:
        dated = {"created_at": now()} if model is Company else {}
        rows = [{"key": key, "name": wanted[key]} | dated for key in missing]
        insert_missing(session, model.__table__, rows, ["key"])
        found |= _known(session, model, missing)
    return found


key = lru_cache(maxsize=50_000)(fold)  # files say the same few names over and over


def keys(names: Iterable[str]) -> Iterator[str]:
    """The folded keys of the names, without empty ones."""
    return filter(None, map(key, names))


def _known(session: Session, model: Any, keys: Iterable[str]) -> dict[str, int]:
    rows = session.execute(sa.select(model.key, model.id).where(model.key.in_(list(keys)))).all()
    return {row.key: row.id for row in rows}


def insert_missing(
    session: Session, table: Any, rows: Sequence[dict[str, Any]], unique: Sequence[str]
) -> None:
    """Insert the rows that are not there yet, whoever else is inserting them meanwhile."""
    statement = conflictless(session, table, unique)
    for start in range(0, len(rows), _CHUNK):
        session.execute(statement, rows[start : start + _CHUNK])


def conflictless(session: Session, table: Any, unique: Sequence[str]) -> Any:
    """INSERT … ON CONFLICT DO NOTHING in the words of this database."""
    dialect = postgresql if session.get_bind().dialect.name == "postgresql" else sqlite
    return dialect.insert(table).on_conflict_do_nothing(index_elements=list(unique))
