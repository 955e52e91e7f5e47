"""Takes back what an import or the like said of people: by entries that say so, never by deleting."""

from collections.abc import Collection, Sequence
from typing import Any, cast

import sqlalchemy as sa
from sqlalchemy.orm import Session

from campaigns.bulk import among, insert_many
from campaigns.consent import ledger
from campaigns.consent.models import Act, ConsentEvent
from campaigns.consent.standing import Method
from campaigns.database import now

_entries = cast(sa.Table, ConsentEvent.__table__)


def take_back(
    session: Session,
    contact_ids: Sequence[int],
    origin: str,
    user_id: int | None,
    *,
    acts: Collection[Act] = tuple(Act),
) -> int:
    """Let what `origin`, such as “import:12”, said of these contacts not count any more.

    Nothing is deleted: every such entry gets another that takes it back, and the states are worked out
    anew without it. With `acts` only entries of these. Returns how many were taken back.
    """
    ledger.lock(session, contact_ids)
    theirs = sa.select(
        _entries.c.id, *(_entries.c[name] for name in ("contact_id", "purpose", "basis"))
    ).where(
        among(session, _entries.c.contact_id, contact_ids),
        sa.or_(_entries.c.source == origin, _entries.c.source.startswith(f"{origin} ", autoescape=True)),
        _entries.c.act.in_([act for act in acts if act != Act.UNDONE]),
        _entries.c.id.not_in(undone(session, contact_ids)),
    )
    moment = now()
    shared = {
        "act": Act.UNDONE, "source": origin, "method": Method.UNDO, "at": moment, "recorded_at": moment,
        "user_id": user_id, "page_url": "", "ip": "", "user_agent": "", "evidence": "",
    }  # fmt: skip
    rows: list[dict[str, Any]] = [
        shared | {"contact_id": row.contact_id, "purpose": row.purpose, "basis": row.basis, "undoes": row.id}
        for row in session.execute(theirs.order_by(_entries.c.id))
    ]
    insert_many(session, _entries, rows)
    ledger.rebuild(session, sorted({int(row["contact_id"]) for row in rows}))
    return len(rows)


def undone(session: Session, contact_ids: Sequence[int]) -> sa.Select[tuple[int | None]]:
    """The entries of these contacts that were taken back already."""
    theirs = among(session, _entries.c.contact_id, contact_ids)
    return sa.select(_entries.c.undoes).where(theirs, _entries.c.undoes.is_not(None))
