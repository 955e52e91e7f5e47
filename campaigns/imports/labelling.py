"""Categories, tags and companies by name, made where there are none yet; for many rows at once."""

from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from campaigns.bulk import insert_many
from campaigns.contacts.models import Category, Company, Tag
from campaigns.contacts.names import fold
from campaigns.database import now


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
        others = {"website": "", "industry": "", "country": "", "note": "", "created_at": now()}
        rest = others if model is Company else {}
        rows = [{"key": key, "name": wanted[key]} | rest for key in missing]
        insert_many(session, model, rows, conflict=["key"])
        found |= _known(session, model, missing)
    return found


key = lru_cache(maxsize=50_000)(fold)  # files say the same few names over and over


def keys(names: Iterable[str]) -> Iterator[str]:
    """The folded keys of the names, without empty ones."""
    return filter(None, map(key, names))


def _known(session: Session, model: Any, keys: Iterable[str]) -> dict[str, int]:
    rows = session.execute(sa.select(model.key, model.id).where(model.key.in_(list(keys)))).all()
    return {row.key: row.id for row in rows}
