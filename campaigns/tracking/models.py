"""Raw hits on pixels and links, and the counts rolled up from them."""

from datetime import datetime
from enum import StrEnum

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from campaigns.database import UTC, Base, BigId, HasId


class HitKind(StrEnum):
    """What was fetched."""

    OPEN = "open"
    CLICK = "click"


class Label(StrEnum):
    """Who most likely fetched it."""

    HUMAN = "human"
    PREFETCHED = "prefetched"  # Apple Mail privacy protection
    PROXIED = "proxied"  # Gmail's or Yahoo's image proxy: a time, no place
    MACHINE = "machine"


class Hit(HasId, Base):
    """One fetch of a pixel or link, kept raw so that it can be classified anew."""

    __tablename__ = "hit"
    __table_args__ = (
        sa.Index("ix_hit_campaign_id_id", "campaign_id", "id"),
        sa.Index("ix_hit_message_id_at", "message_id", "at"),
    )

    uid: Mapped[str] = mapped_column(sa.String(40), unique=True)  # from the local journal: flushed once
    kind: Mapped[str] = mapped_column(sa.String(8))
    at: Mapped[datetime] = mapped_column(UTC, index=True)
    campaign_id: Mapped[int] = mapped_column(BigId)
    message_id: Mapped[int | None] = mapped_column(BigId)  # None: counted without a name
    position: Mapped[int] = mapped_column(default=0)  # of the link; 0: the pixel
    method: Mapped[str] = mapped_column(sa.String(8), default="GET")
    ip: Mapped[str] = mapped_column(sa.String(64), default="")
    user_agent: Mapped[str] = mapped_column(sa.String(500), default="")
    label: Mapped[str] = mapped_column(sa.String(12))
    rule_version: Mapped[int] = mapped_column(sa.SmallInteger, default=1)


class HitCount(Base):
    """Hits of one campaign by hour, link and label; what reports read."""

    __tablename__ = "hit_count"

    campaign_id: Mapped[int] = mapped_column(BigId, primary_key=True)
    hour: Mapped[datetime] = mapped_column(UTC, primary_key=True)
    kind: Mapped[str] = mapped_column(sa.String(8), primary_key=True)
    position: Mapped[int] = mapped_column(primary_key=True)
    label: Mapped[str] = mapped_column(sa.String(12), primary_key=True)
    hits: Mapped[int] = mapped_column(default=0)
    people: Mapped[int] = mapped_column(default=0)  # first hits of a message, by a person
