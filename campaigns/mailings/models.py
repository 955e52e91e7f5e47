"""Templates, senders and campaigns; the content of a campaign is frozen into a revision."""

from datetime import datetime
from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from campaigns.audiences import deeds
from campaigns.audiences.models import Audience
from campaigns.database import UTC, Base, HasId, now


class Sender(HasId, Base):
    """Who letters come from, and the key that signs for the domain."""

    __tablename__ = "sender"

    name: Mapped[str] = mapped_column(sa.String(200))
    address: Mapped[str] = mapped_column(sa.String(254), unique=True)
    reply_to: Mapped[str] = mapped_column(sa.String(254), default="")
    bounce_domain: Mapped[str] = mapped_column(sa.String(253), default="")  # empty: the address's own
    dkim_selector: Mapped[str] = mapped_column(sa.String(63), default="")
    dkim_key: Mapped[str] = mapped_column(sa.Text, default="")  # PEM, sealed by `sealing.seal`
    second_selector: Mapped[str] = mapped_column(sa.String(63), default="")
    second_key: Mapped[str] = mapped_column(sa.Text, default="")  # likewise; Ed25519
    is_default: Mapped[bool] = mapped_column(default=False)
    created_at: Mapped[datetime] = mapped_column(UTC, default=now)

    @property
    def domain(self) -> str:
        """The part of the address that signs."""
        return self.address.rpartition("@")[2]


class Source(StrEnum):
    """What a template is written in."""

    HTML = "html"
    MJML = "mjml"
    MARKDOWN = "markdown"


class Template(HasId, Base):
    """A letter to write campaigns from."""

    __tablename__ = "template"

    name: Mapped[str] = mapped_column(sa.String(200), unique=True)
    subject: Mapped[str] = mapped_column(sa.String(500))
    preheader: Mapped[str] = mapped_column(sa.String(300), default="")
    kind: Mapped[str] = mapped_column(sa.String(10))
    source: Mapped[str] = mapped_column(sa.Text)
    language: Mapped[str] = mapped_column(sa.String(8), default="")
    version: Mapped[int] = mapped_column(default=1)
    user_id: Mapped[int | None] = mapped_column(sa.ForeignKey("user.id", ondelete="SET NULL"))
    created_at: Mapped[datetime] = mapped_column(UTC, default=now)
    updated_at: Mapped[datetime] = mapped_column(UTC, default=now, onupdate=now)


class Revision(HasId, Base):
    """A campaign's content as frozen at launch: compiled once, rendered for each contact."""

    __tablename__ = "revision"

    subject: Mapped[str] = mapped_column(sa.String(500))
    preheader: Mapped[str] = mapped_column(sa.String(300), default="")
    html: Mapped[str] = mapped_column(sa.Text)  # a template: CSS inlined, links replaced by slots
    text: Mapped[str] = mapped_column(sa.Text)  # likewise
    created_at: Mapped[datetime] = mapped_column(UTC, default=now)


class Link(HasId, Base):
    """One address that a revision links to; clicks name it by `position`."""

    __tablename__ = "link"
    __table_args__ = (sa.UniqueConstraint("revision_id", "position"),)

    revision_id: Mapped[int] = mapped_column(sa.ForeignKey("revision.id", ondelete="CASCADE"))
    position: Mapped[int] = mapped_column()
    url: Mapped[str] = mapped_column(sa.Text)
    text: Mapped[str] = mapped_column(sa.String(200), default="")  # what the reader sees


class Status(StrEnum):
    """Where a campaign stands: draft → scheduled → sending ⇄ paused → sent | cancelled."""

    DRAFT = "draft"
    SCHEDULED = "scheduled"
    SENDING = "sending"
    PAUSED = "paused"
    SENT = "sent"
    CANCELLED = "cancelled"


class Campaign(HasId, Base):
    """One content, one audience, one send."""

    __tablename__ = "campaign"

    name: Mapped[str] = mapped_column(sa.String(200))
    status: Mapped[str] = mapped_column(sa.String(10), default=Status.DRAFT, index=True)
    audience_id: Mapped[int] = mapped_column(sa.ForeignKey("audience.id"))
    template_id: Mapped[int] = mapped_column(sa.ForeignKey("template.id"))
    sender_id: Mapped[int] = mapped_column(sa.ForeignKey("sender.id"))
    purpose: Mapped[str] = mapped_column(sa.String(60), default="mail")  # what contacts must have agreed to
    track_opens: Mapped[str] = mapped_column(sa.String(12), default="identified")  # an upper bound
    track_clicks: Mapped[str] = mapped_column(sa.String(12), default="identified")
    # Frozen at launch:
    revision_id: Mapped[int | None] = mapped_column(sa.ForeignKey("revision.id"))
    rule: Mapped[str] = mapped_column(sa.Text, default="")
    sender_frozen: Mapped[dict[str, Any]] = mapped_column(default=dict)  # name, address, reply_to, …
    # When:
    scheduled_at: Mapped[datetime | None] = mapped_column(UTC, index=True)
    started_at: Mapped[datetime | None] = mapped_column(UTC)
    planned_at: Mapped[datetime | None] = mapped_column(UTC)  # all messages are in the database
    finished_at: Mapped[datetime | None] = mapped_column(UTC)
    expires_at: Mapped[datetime | None] = mapped_column(UTC)  # retries end
    pause_reason: Mapped[str] = mapped_column(sa.Text, default="")  # why it paused by itself
    try_again_at: Mapped[datetime | None] = mapped_column(UTC)  # paused by itself: when to ask the relay
    user_id: Mapped[int | None] = mapped_column(sa.ForeignKey("user.id", ondelete="SET NULL"))
    created_at: Mapped[datetime] = mapped_column(UTC, default=now)
    updated_at: Mapped[datetime] = mapped_column(UTC, default=now, onupdate=now)

    audience: Mapped[Audience] = relationship(lazy="raise")
    template: Mapped[Template] = relationship(lazy="raise")
    sender: Mapped[Sender] = relationship(lazy="raise")
    revision: Mapped[Revision | None] = relationship(lazy="raise")


deeds.offer_campaigns(Campaign.id, Campaign.name, Campaign.started_at, Campaign.planned_at)
