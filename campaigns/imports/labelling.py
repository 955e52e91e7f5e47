"""Categories, tags and companies by name, made where there are none yet; for many rows at once."""

from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session, aliased

from campaigns.bulk import insert_many
from campaigns.contacts.models import (
    Category,
    Company,
    Contact,
    ImportMade,
    Tag,
    contact_category,
    contact_tag,
)
from campaigns.contacts.names import fold
from campaigns.database import now

KINDS: dict[str, Any] = {"category": Category, "tag": Tag, "company": Company}


def ids(session: Session, import_id: int, kind: str, names: Iterable[str]) -> dict[str, int]:
    """The number of each name, by its folded key; new names are kept as they are written first.

    What is made is remembered as made by the import. On PostgreSQL nobody deletes any of them before
    the transaction ends.
    """
    wanted: dict[str, str] = {}
    for name in names:
        wanted.setdefault(key(name), name)
    wanted.pop("", None)
    if not wanted:
        return {}
    model = KINDS[kind]
    found = _known(session, model, wanted)
    missing = sorted(wanted.keys() - found.keys())
    if missing:
        last = session.scalar(sa.select(sa.func.max(model.id))) or 0
        rest = _COMPANY | {"created_at": now()} if model is Company else {}
        insert_many(
            session, model, [{"key": key, "name": wanted[key]} | rest for key in missing], conflict=["key"]
        )
        made = _known(session, model, missing)
        kept = {"import_id": import_id, "kind": kind}
        rows = [kept | {"made_id": number} for number in sorted(made.values()) if number > last]
        insert_many(session, ImportMade, rows, conflict=["import_id", "kind", "made_id"])
        found |= made
    return found


_COMPANY: dict[str, Any] = {
    "website": "", "industry": "", "country": "", "note": "", "legal_form": "", "fields": {},
}  # fmt: skip

key = lru_cache(maxsize=50_000)(fold)  # files say the same few names over and over


def _known(session: Session, model: Any, keys: Iterable[str]) -> dict[str, int]:
    asked = sa.select(model.key, model.id).where(model.key.in_(list(keys)))
    rows = session.execute(asked.order_by(model.id).with_for_update(read=True, key_share=True))
    return {row.key: row.id for row in rows}


def unused(kind: str) -> Iterator[sa.ColumnElement[bool]]:
    """What holds for categories and tags that nobody wears, for companies that nobody works for."""
    if kind == "company":
        yield sa.not_(sa.exists().where(Contact.company_id == Company.id))
        yield from (getattr(Company, name) == "" for name, plain in _COMPANY.items() if plain == "")
        below = aliased(Company)
        yield sa.not_(sa.exists().where(below.parent_id == Company.id))
        return
    table = contact_category if kind == "category" else contact_tag
    label = table.c[f"{kind}_id"]
    yield sa.not_(sa.exists().where(label == KINDS[kind].id))
