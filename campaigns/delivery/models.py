"""Messages: one email to one contact each; and the segments they are leased by."""

from datetime import datetime
from enum import StrEnum

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from campaigns.database import UTC, Base, BigId, HasId, exact


class MessageStatus(StrEnum):
    """Where one email stands; only delivery/ moves it."""

    PLANNED = "planned"
    CLAIMED = "claimed"
    HANDED_OVER = "handed_over"
    SENT = "sent"
    DEFERRED = "deferred"
    FAILED = "failed"
    SKIPPED = "skipped"
    UNCERTAIN = "uncertain"


OPEN_STATES = (
    MessageStatus.PLANNED,
    MessageStatus.CLAIMED,
    MessageStatus.HANDED_OVER,
    MessageStatus.DEFERRED,
)


class Message(HasId, Base):
    """One email to one contact. audience = sent + failed + skipped + uncertain + open, always.

    `contact_id` is no foreign key: the row outlives the contact's erasure as a mere count.
    """

    __tablename__ = "message"
    __table_args__ = (
        sa.UniqueConstraint("campaign_id", "contact_id"),
        sa.UniqueConstraint("campaign_id", "address"),
        sa.Index("ix_message_contact_id_id", "contact_id", "id"),
        sa.Index("ix_message_campaign_id_status_id", "campaign_id", "status", "id"),
        # What reports list: few rows each, found without reading the campaign's other messages.
        *(
            sa.Index(
                f"ix_message_campaign_id_{moment}",
                "campaign_id",
                moment,
                "id",
                sqlite_where=sa.text(f"{moment} IS NOT NULL"),
                postgresql_where=sa.text(f"{moment} IS NOT NULL"),
            )
            for moment in ("opened_at", "clicked_at", "unsubscribed_at", "bounced_at", "complained_at")
        ),
    )

    campaign_id: Mapped[int] = mapped_column(sa.ForeignKey("campaign.id"))
    contact_id: Mapped[int] = mapped_column(BigId)
    address: Mapped[str] = mapped_column(exact(254))  # canonical, as it was when planned
    status: Mapped[str] = mapped_column(sa.String(12), default=MessageStatus.PLANNED)
    reason: Mapped[str] = mapped_column(sa.String(40), default="")  # why skipped, or how it failed
    reply: Mapped[str] = mapped_column(sa.String(300), default="")  # the server's last words
    tries: Mapped[int] = mapped_column(sa.SmallInteger, default=0)
    fence: Mapped[int] = mapped_column(default=0)  # the segment's fence under which it was claimed
    next_try_at: Mapped[datetime | None] = mapped_column(UTC)
    handed_over_at: Mapped[datetime | None] = mapped_column(UTC)
    sent_at: Mapped[datetime | None] = mapped_column(UTC)
    opened_at: Mapped[datetime | None] = mapped_column(UTC)  # first, by a person
    clicked_at: Mapped[datetime | None] = mapped_column(UTC)
    unsubscribed_at: Mapped[datetime | None] = mapped_column(UTC)
    bounced_at: Mapped[datetime | None] = mapped_column(UTC)
    complained_at: Mapped[datetime | None] = mapped_column(UTC)


class Segment(HasId, Base):
    """A range of one campaign's contacts that one worker leases at a time."""

    __tablename__ = "segment"
    __table_args__ = (
        sa.UniqueConstraint("campaign_id", "first_contact_id"),
        sa.Index("ix_segment_due_at", "due_at"),
        sa.Index("ix_segment_lease_until", "lease_until"),
    )

    campaign_id: Mapped[int] = mapped_column(sa.ForeignKey("campaign.id"))
    first_contact_id: Mapped[int] = mapped_column(BigId)  # inclusive
    last_contact_id: Mapped[int] = mapped_column(BigId)  # inclusive
    due_at: Mapped[datetime | None] = mapped_column(UTC)  # None: nothing left to do
    lease_until: Mapped[datetime | None] = mapped_column(UTC)
    owner: Mapped[str] = mapped_column(sa.String(120), default="")
    fence: Mapped[int] = mapped_column(default=0)
