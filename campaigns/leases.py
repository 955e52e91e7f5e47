"""Leases: a name that one process holds for a while, by the database's clock.

A lease that ends later than one taken now could was written before that clock was set back: it is over.
"""

from typing import Any, cast

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, Session, mapped_column

from campaigns.database import UTC, Base, datetime, db_now

_SLIGHT = 5  # seconds by which a clock may be set back without a word
_SEEN = "time"  # the row that says up to when the clock was seen to go; nobody holds it


class Lease(Base):
    """Who may be the clock (or any other single role) until when."""

    __tablename__ = "lease"

    name: Mapped[str] = mapped_column(sa.String(60), primary_key=True)
    owner: Mapped[str] = mapped_column(sa.String(120))
    until: Mapped[datetime] = mapped_column(UTC)


def hold(session: Session, name: str, owner: str, seconds: float) -> bool:
    """Take or keep the lease; False while another holds it."""
    taken = session.execute(
        sa.update(Lease)
        .where(Lease.name == name, sa.or_(Lease.owner == owner, sa.not_(_in_force(seconds))))
        .values(owner=owner, until=db_now(seconds))
    )
    if cast("sa.CursorResult[Any]", taken).rowcount:
        return True
    if session.scalar(sa.select(Lease.name).where(Lease.name == name)):
        return False
    try:
        with session.begin_nested():
            session.execute(sa.insert(Lease).values(name=name, owner=owner, until=db_now(seconds)))
    except sa.exc.IntegrityError:
        return False
    return True


def is_held(session: Session, name: str, seconds: float) -> bool:
    """Whether anybody holds this lease, which is taken for so many seconds at a time."""
    return session.scalar(sa.select(Lease.name).where(Lease.name == name, _in_force(seconds))) is not None


def _in_force(seconds: float) -> sa.ColumnElement[bool]:
    return Lease.until.between(db_now(), db_now(max(seconds, 0) + _SLIGHT))


def release(session: Session, name: str, owner: str) -> None:
    """Give the lease back before its time."""
    session.execute(sa.delete(Lease).where(Lease.name == name, Lease.owner == owner))


def set_back(session: Session) -> float:
    """By how many seconds the database's clock was set back since anybody asked this last; 0 for not.

    Of many who ask at once only one is told.
    """
    kept = sa.select(Lease.until).where(Lease.name == _SEEN)
    seen = session.scalar(kept.with_for_update(skip_locked=True))
    if seen is None:
        if session.scalar(kept) is None:
            hold(session, _SEEN, "", 0)
        return 0.0
    there = session.execute(sa.select(db_now())).scalar_one()
    session.execute(sa.update(Lease).where(Lease.name == _SEEN).values(until=there))
    by = (seen - there).total_seconds()
    return by if by > _SLIGHT else 0.0
