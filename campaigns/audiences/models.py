"""Audiences: saved rules over what is known of contacts."""

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from campaigns.database import UTC, Base, HasId, now


class Audience(HasId, Base):
    """A saved rule; who fits is asked anew each time it is used."""

    __tablename__ = "audience"

    name: Mapped[str] = mapped_column(sa.String(200), unique=True)
    rule: Mapped[str] = mapped_column(sa.Text)
    note: Mapped[str] = mapped_column(sa.String(500), default="")
    counted: Mapped[int | None] = mapped_column()  # who may be mailed, when last counted
    left_out: Mapped[dict[str, Any]] = mapped_column(default=dict)  # reason → how many, counted with it
    counted_at: Mapped[datetime | None] = mapped_column(UTC)
    user_id: Mapped[int | None] = mapped_column(sa.ForeignKey("user.id", ondelete="SET NULL"))
    created_at: Mapped[datetime] = mapped_column(UTC, default=now)
    updated_at: Mapped[datetime] = mapped_column(UTC, default=now, onupdate=now)
