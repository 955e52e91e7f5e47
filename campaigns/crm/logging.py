"""What happened with contacts: activities, each once, and the last contact that follows from them."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session, selectinload
from sqlalchemy.orm.util import identity_key

from campaigns.bulk import insert_many
from campaigns.contacts.models import Contact
from campaigns.contacts.names import tidy_lines
from campaigns.crm.models import TOUCHES, Activity, Kind
from campaigns.database import now
from campaigns.errors import BadInput
from campaigns.words import _

_CHUNK = 1000
_CLOCKS_DIFFER = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing that happened; `once` names it, so that it is never written twice."""

    contact_id: int
    kind: str
    at: datetime
    summary: str = ""
    detail: str = ""
    source: str = ""
    once: str | None = None
    user_id: int | None = None


def log(
    session: Session,
    contact_id: int,
    kind: Kind,
    at: datetime | None = None,
    user_id: int | None = None,
    summary: str = "",
    **more: Any,
) -> None:
    """Write down what happened with one contact; `more` may hold detail, source and once.

    Raises BadInput for what has not happened yet.
    """
    at = at or now()
    if at > now() + _CLOCKS_DIFFER:
        raise BadInput(_("That lies in the future. Set it as a next step instead."), field="at")
    log_many(session, [Entry(contact_id, kind, at, tidy_lines(summary), user_id=user_id, **more)])


def log_many(session: Session, entries: Iterable[Entry]) -> None:
    """Write down much at once; what was written before, or whose contact is gone, is left out."""
    waiting = list(entries)
    for start in range(0, len(waiting), _CHUNK):
        some = waiting[start : start + _CHUNK]
        there = _lock(session, {entry.contact_id for entry in some})
        kept = [entry for entry in some if entry.contact_id in there]
        rows = [_values(entry) for entry in kept]
        insert_many(session, Activity, rows, conflict=["once"])
        _move_last_contact(session, kept)


def _lock(session: Session, contact_ids: set[int]) -> set[int]:
    """Which of these contacts are there; they stay so, and nobody else moves their last contact."""
    found = sa.select(Contact.id).where(Contact.id.in_(contact_ids)).order_by(Contact.id)
    return set(session.scalars(found.with_for_update(key_share=True)))


def _values(entry: Entry) -> dict[str, Any]:
    return {
        "contact_id": entry.contact_id,
        "kind": entry.kind,
        "at": entry.at,
        "summary": entry.summary,
        "detail": entry.detail[:500],
        "source": entry.source[:60],
        "once": entry.once,
        "user_id": entry.user_id,
        "created_at": now(),
    }


def _move_last_contact(session: Session, entries: Sequence[Entry]) -> None:
    """Set when, who and how together, for two-way touches that are newer than the last."""
    newest: dict[int, Entry] = {}
    for entry in entries:
        if entry.kind in TOUCHES:
            before = newest.get(entry.contact_id)
            newest[entry.contact_id] = entry if before is None or entry.at > before.at else before
    if not newest:
        return
    contact = Contact.__table__.c
    last = contact.last_contact_at
    update = (
        sa.update(Contact.__table__)  # type: ignore[arg-type]
        .where(contact.id == sa.bindparam("b_id"))
        .where(sa.or_(last.is_(None), last < sa.bindparam("b_at", type_=last.type)))
        .values(
            last_contact_at=sa.bindparam("b_at", type_=last.type),
            last_contact_by=sa.bindparam("b_by"),
            last_contact_how=sa.bindparam("b_how"),
        )
    )
    rows = [
        {"b_id": entry.contact_id, "b_at": entry.at, "b_by": entry.user_id, "b_how": str(entry.kind)}
        for entry in newest.values()
    ]
    session.connection().execute(update, rows)
    _refresh(session, newest)


def _refresh(session: Session, contact_ids: Iterable[int]) -> None:
    """Objects in this session must not show the last contact of before."""
    names = ["last_contact_at", "last_contact_by", "last_contact_how"]
    for contact_id in contact_ids:
        known = session.identity_map.get(identity_key(Contact, contact_id))
        if known is not None:
            session.expire(known, names)


def withdraw(session: Session, once: Sequence[str]) -> None:
    """Take back what turned out not to have happened; last contacts fall back to the one before."""
    mistaken = sa.select(Activity.contact_id).where(Activity.once.in_(once)).distinct()
    contact_ids = sorted(_lock(session, set(session.scalars(mistaken))))
    session.execute(sa.delete(Activity).where(Activity.once.in_(once)))
    recall_last_contact(session, contact_ids)


def recall_last_contact(session: Session, contact_ids: Sequence[int]) -> None:
    """Work the last contact of these out anew from their activities."""
    if not contact_ids:
        return
    place = sa.func.row_number().over(
        partition_by=Activity.contact_id, order_by=(Activity.at.desc(), Activity.id.desc())
    )
    ranked = (
        sa.select(Activity.contact_id, Activity.at, Activity.user_id, Activity.kind, place.label("place"))
        .where(Activity.contact_id.in_(contact_ids), Activity.kind.in_(TOUCHES))
        .subquery()
    )
    newest = {row.contact_id: row for row in session.execute(sa.select(ranked).where(ranked.c.place == 1))}
    for contact_id in contact_ids:
        row = newest.get(contact_id)
        session.execute(
            sa.update(Contact)
            .where(Contact.id == contact_id)
            .values(
                last_contact_at=row.at if row else None,
                last_contact_by=row.user_id if row else None,
                last_contact_how=row.kind if row else "",
            )
        )


def timeline(
    session: Session, contact_id: int, after: tuple[datetime, int] | None = None, limit: int = 21
) -> Sequence[Activity]:
    """What happened with one contact, newest first, with who did it; from beyond (when, id) on."""
    found = (
        sa.select(Activity)
        .where(Activity.contact_id == contact_id)
        .options(selectinload(Activity.user))
        .order_by(Activity.at.desc(), Activity.id.desc())
        .limit(limit)
    )
    if after:
        found = found.where(sa.tuple_(Activity.at, Activity.id) < sa.tuple_(*after))
    return session.scalars(found).all()


def newest_touch(session: Session, contact_id: int) -> Activity | None:
    """The newest two-way touch, with who had it."""
    return session.scalar(
        sa.select(Activity)
        .where(Activity.contact_id == contact_id, Activity.kind.in_(TOUCHES))
        .options(selectinload(Activity.user))
        .order_by(Activity.at.desc(), Activity.id.desc())
        .limit(1)
    )
