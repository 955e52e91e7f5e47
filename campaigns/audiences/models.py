"""Audiences: saved rules over what is known of contacts."""

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from campaigns.database import UTC, Base, BigId, HasId, now


class Audience(HasId, Base):
    """A saved rule. Of a living one, who fits is asked anew each time; a static one keeps its members."""

    __tablename__ = "audience"

    name: Mapped[str] = mapped_column(sa.String(200), unique=True)
    rule: Mapped[str] = mapped_column(sa.Text)
    note: Mapped[str] = mapped_column(sa.String(500), default="")
    living: Mapped[bool] = mapped_column(default=True)
    counted: Mapped[int | None] = mapped_column()  # who may be mailed, when last counted
    left_out: Mapped[dict[str, Any]] = mapped_column(default=dict)  # reason → how many, counted with it
    counted_at: Mapped[datetime | None] = mapped_column(UTC)
    user_id: Mapped[int | None] = mapped_column(sa.ForeignKey("user.id", ondelete="SET NULL"))
    created_at: Mapped[datetime] = mapped_column(UTC, default=now)
    updated_at: Mapped[datetime] = mapped_column(UTC, default=now, onupdate=now)


class Taking(HasId, Base):
    """Members of a static audience as they were taken at one moment; the newest one holds.

    Earlier ones stay, because the rule of a launched campaign names them.
    """

    __tablename__ = "audience_taking"

    audience_id: Mapped[int] = mapped_column(sa.ForeignKey("audience.id", ondelete="CASCADE"), index=True)
    rule: Mapped[str] = mapped_column(sa.Text)  # who fitted it was taken
    members: Mapped[int] = mapped_column(default=0)
    taken_at: Mapped[datetime] = mapped_column(UTC, default=now)


class Member(Base):
    """One contact in a taking."""

    __tablename__ = "audience_member"
    __table_args__ = (sa.Index("ix_audience_member_contact_id", "contact_id"),)

    taking_id: Mapped[int] = mapped_column(
        BigId, sa.ForeignKey("audience_taking.id", ondelete="CASCADE"), primary_key=True
    )
    contact_id: Mapped[int] = mapped_column(
        BigId, sa.ForeignKey("contact.id", ondelete="CASCADE"), primary_key=True
    )


class Exclusion(Base):
    """Whoever is in the other audience is not in this one."""

    __tablename__ = "audience_exclusion"
    __table_args__ = (sa.Index("ix_audience_exclusion_other_id", "other_id"),)

    audience_id: Mapped[int] = mapped_column(
        BigId, sa.ForeignKey("audience.id", ondelete="CASCADE"), primary_key=True
    )
    other_id: Mapped[int] = mapped_column(BigId, sa.ForeignKey("audience.id"), primary_key=True)
