"""Leases: a name that one process holds for a while, by the database's clock."""

from typing import Any, cast

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, Session, mapped_column

from campaigns.database import UTC, Base, datetime, db_now


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
        .where(Lease.name == name, sa.or_(Lease.owner == owner, Lease.until < db_now()))
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


def release(session: Session, name: str, owner: str) -> None:
    """Give the lease back before its time."""
    session.execute(sa.delete(Lease).where(Lease.name == name, Lease.owner == owner))
