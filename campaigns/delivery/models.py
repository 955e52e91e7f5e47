"""Messages: one email to one contact each; the segments they are leased by; and how fast they may go."""

from datetime import date, datetime
from enum import StrEnum
from typing import Any, ClassVar

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from campaigns.audiences import deeds
from campaigns.database import UTC, Base, BigId, HasId, exact
from campaigns.delivery.rates import Rate


class MessageStatus(StrEnum):
    """Where one email stands; only delivery/ moves it."""

    PLANNED = "planned"
    SENT = "sent"
    DEFERRED = "deferred"
    FAILED = "failed"
    SKIPPED = "skipped"
    UNCERTAIN = "uncertain"


OPEN_STATES = (MessageStatus.PLANNED, MessageStatus.DEFERRED)


class Message(HasId, Base):
    """One email to one contact. audience = sent + failed + skipped + uncertain + open, always.

    `contact_id` is no foreign key: the row outlives the contact's erasure as a mere count.
    """

    __tablename__ = "message"
    __table_args__ = (
        sa.UniqueConstraint("campaign_id", "contact_id"),
        sa.UniqueConstraint("campaign_id", "address"),
        sa.Index("ix_message_contact_id_id", "contact_id", "id"),
        # With the reason, so that accounts are counted from the index alone.
        sa.Index("ix_message_campaign_id_status_id_reason", "campaign_id", "status", "id", "reason"),
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
    fence: Mapped[int] = mapped_column(default=0)  # the segment's fence under which it was last tried
    next_try_at: Mapped[datetime | None] = mapped_column(UTC)
    handed_over_at: Mapped[datetime | None] = mapped_column(UTC)  # of an uncertain one: about when
    sent_at: Mapped[datetime | None] = mapped_column(UTC)
    opened_at: Mapped[datetime | None] = mapped_column(UTC)  # first, by a person
    clicked_at: Mapped[datetime | None] = mapped_column(UTC)
    unsubscribed_at: Mapped[datetime | None] = mapped_column(UTC)
    bounced_at: Mapped[datetime | None] = mapped_column(UTC)
    complained_at: Mapped[datetime | None] = mapped_column(UTC)


class Tally(Base):
    """What was last counted of a campaign, for pages that can't wait for it to be counted anew."""

    __tablename__ = "tally"

    campaign_id: Mapped[int] = mapped_column(sa.ForeignKey("campaign.id"), primary_key=True)
    settled: Mapped[bool] = mapped_column(default=False)  # it has ended: the account stays as it is
    account: Mapped[dict[str, Any]] = mapped_column(default=dict)  # as accounting.Account
    domains: Mapped[list[Any]] = mapped_column(sa.JSON, default=list)  # the rows of the report, in order
    coverage: Mapped[list[Any]] = mapped_column(sa.JSON, default=list)  # what was said, and by how many
    counted_at: Mapped[datetime] = mapped_column(UTC)


class Segment(HasId, Base):
    """A range of one campaign's contacts that one worker leases at a time.

    `wire` is durable before any of its letters gets its final dot, so that whoever takes over from a
    worker that can't be asked any more knows exactly who may have been mailed.
    """

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
    wire: Mapped[list[int]] = mapped_column(sa.JSON, default=list)  # messages that may be on the wire
    marked_at: Mapped[datetime | None] = mapped_column(UTC)  # when `wire` was written


class HasRate:
    """A limit, and the one moment that tells what its bucket holds; see `rates.py`."""

    letters: Mapped[int | None] = mapped_column()  # in each `per` seconds; None: no such limit
    per: Mapped[int] = mapped_column(default=60)
    burst: Mapped[int] = mapped_column(default=1)  # most at one go
    empty_at: Mapped[datetime | None] = mapped_column(UTC)  # None: full

    @property
    def rate(self) -> Rate | None:
        """The limit, if there is one."""
        return Rate(self.letters, self.per, self.burst) if self.letters else None


class SenderPace(HasRate, Base):
    """How fast letters of one sender may go, and how many of them went today while it is warmed up."""

    __tablename__ = "sender_pace"

    sender_id: Mapped[int] = mapped_column(
        sa.ForeignKey("sender.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    warm_from: Mapped[date | None] = mapped_column()  # the first day, by the organisation's time zone
    warm_day: Mapped[date | None] = mapped_column()  # the day that `warm_taken` counts
    warm_taken: Mapped[int] = mapped_column(default=0)


class DomainPace(HasRate, Base):
    """How fast letters to one domain may go; `OTHERS` stands for all that have no settings of their own."""

    __tablename__ = "domain_pace"
    __table_args__ = (
        sa.Index("ix_domain_pace_held_until", "held_until"),
        sa.Index(
            "ix_domain_pace_chosen",
            "chosen",
            sqlite_where=sa.text("chosen"),
            postgresql_where=sa.text("chosen"),
        ),
    )
    OTHERS: ClassVar[str] = "*"

    domain: Mapped[str] = mapped_column(exact(253), primary_key=True)
    chosen: Mapped[bool] = mapped_column(default=False)  # somebody set it; else only its bucket is kept here
    at_once: Mapped[int | None] = mapped_column()  # most letters on the wire at the same time
    held_until: Mapped[datetime | None] = mapped_column(UTC)  # after too many refusals in a row
    held_for: Mapped[str] = mapped_column(sa.String(300), default="")  # the server's last words
    holds: Mapped[int] = mapped_column(default=0)  # one shortly after the other


deeds.offer_sent(Message.contact_id, Message.sent_at, Message.campaign_id)
