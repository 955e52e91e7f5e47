"""The consent ledger, the state derived from it, and the suppression list."""

from datetime import datetime
from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from campaigns.database import UTC, Base, HasId, now


class Purpose(StrEnum):
    """What a contact agrees to; a topic below mail is written `mail:<topic>`."""

    MAIL = "mail"
    TRACKING = "tracking"
    PROFILING = "profiling"
    AD_PLATFORMS = "ad_platforms"


class Act(StrEnum):
    """What was said, or happened, about one purpose."""

    GRANTED = "granted"
    CONFIRMED = "confirmed"  # double opt-in
    DECLINED = "declined"
    WITHDRAWN = "withdrawn"
    OBJECTED = "objected"
    EXPIRED = "expired"
    NARROWED = "narrowed"  # their no to all ends, as they choose single topics; no yes comes of it
    UNDONE = "undone"  # the entry that `undoes` names does not count: what brought it was taken back


class Basis(StrEnum):
    """The lawful ground (GDPR Art. 6(1); ePrivacy 13(2) for existing customers)."""

    CONSENT = "consent"
    EXISTING_CUSTOMER = "existing_customer"
    CONTRACT = "contract"
    LEGITIMATE_INTEREST = "legitimate_interest"


class AsOf(StrEnum):
    """What “as of a day” asks of the ledger.

    SAID: what the person had said by then, by all that is known now; an entry that was taken back, even
    later, does not count. RECORDED: what was written here by then, whenever it had been said; so it is what
    was kept as their state on that day.
    """

    SAID = "said"
    RECORDED = "recorded"


class Wording(HasId, Base):
    """The exact words somebody agreed to; never changed, a new text is a new row."""

    __tablename__ = "wording"

    purpose: Mapped[str] = mapped_column(sa.String(60))
    language: Mapped[str] = mapped_column(sa.String(8), default="en")
    text: Mapped[str] = mapped_column(sa.Text)
    version: Mapped[str] = mapped_column(sa.String(64), unique=True)  # sha256 of purpose, language, text
    created_at: Mapped[datetime] = mapped_column(UTC, default=now)


class ConsentEvent(HasId, Base):
    """One entry of the ledger; append-only, never updated (GDPR Art. 7(1): able to demonstrate)."""

    __tablename__ = "consent_event"
    __table_args__ = (sa.Index("ix_consent_event_contact_id_purpose_id", "contact_id", "purpose", "id"),)

    contact_id: Mapped[int] = mapped_column(sa.ForeignKey("contact.id", ondelete="CASCADE"))
    purpose: Mapped[str] = mapped_column(sa.String(60))
    act: Mapped[str] = mapped_column(sa.String(12))
    basis: Mapped[str] = mapped_column(sa.String(24))
    wording_id: Mapped[int | None] = mapped_column(sa.ForeignKey("wording.id"))
    source: Mapped[str] = mapped_column(
        sa.String(300)
    )  # "import:12 Fair in Brno", "form:3", "page", "user:5"
    method: Mapped[str] = mapped_column(
        sa.String(40), default=""
    )  # import, form, page, one_click, phone, paper …
    at: Mapped[datetime] = mapped_column(UTC)  # when the person said it
    recorded_at: Mapped[datetime] = mapped_column(UTC, default=now)
    page_url: Mapped[str] = mapped_column(sa.String(500), default="")
    ip: Mapped[str] = mapped_column(sa.String(64), default="")
    user_agent: Mapped[str] = mapped_column(sa.String(500), default="")
    evidence: Mapped[str] = mapped_column(sa.String(500), default="")
    user_id: Mapped[int | None] = mapped_column(sa.ForeignKey("user.id", ondelete="SET NULL"))
    undoes: Mapped[int | None] = mapped_column()  # the number of another entry of the same contact

    wording: Mapped[Wording | None] = relationship(lazy="raise")


class Consent(Base):
    """Where one contact stands on one purpose: the ledger's sum, rebuilt from it at any time."""

    __tablename__ = "consent"
    __table_args__ = (sa.Index("ix_consent_purpose_state_contact_id", "purpose", "state", "contact_id"),)

    contact_id: Mapped[int] = mapped_column(sa.ForeignKey("contact.id", ondelete="CASCADE"), primary_key=True)
    purpose: Mapped[str] = mapped_column(sa.String(60), primary_key=True)
    state: Mapped[str] = mapped_column(sa.String(12))  # an Act
    basis: Mapped[str] = mapped_column(sa.String(24))
    at: Mapped[datetime] = mapped_column(UTC)
    # No foreign key: without an index, a deleted entry would cost a look through all states; both go with
    # the contact.
    event_id: Mapped[int] = mapped_column()


class Topic(HasId, Base):
    """What letters can be about; people choose among those offered. Its purpose is `mail:<key>`."""

    __tablename__ = "topic"

    key: Mapped[str] = mapped_column(sa.String(40), unique=True)  # never changed: the ledger names it
    name: Mapped[str] = mapped_column(sa.String(120))  # in the organisation's language
    about: Mapped[str] = mapped_column(sa.String(300), default="")
    words: Mapped[dict[str, Any]] = mapped_column(default=dict)  # language → {"name": …, "about": …}
    place: Mapped[int] = mapped_column(default=0)  # among the others
    offered: Mapped[bool] = mapped_column(default=True)
    created_at: Mapped[datetime] = mapped_column(UTC, default=now)

    @property
    def purpose(self) -> str:
        """As the ledger has it."""
        return f"{Purpose.MAIL}:{self.key}"

    def called(self, language: str) -> str:
        """Its name in that language, else in the organisation's."""
        return str(self.words.get(language, {}).get("name") or self.name)

    def told(self, language: str) -> str:
        """What it is about, in that language, else in the organisation's."""
        return str(self.words.get(language, {}).get("about") or self.about)


class SuppressionReason(StrEnum):
    """Why an address is never mailed."""

    UNSUBSCRIBED = "unsubscribed"
    BOUNCED = "bounced"
    COMPLAINED = "complained"
    OBJECTED = "objected"
    ERASED = "erased"
    MANUAL = "manual"


class Suppression(HasId, Base):
    """An address that is never mailed: a keyed hash, so that it outlives the contact's erasure."""

    __tablename__ = "suppression"

    address_hash: Mapped[str] = mapped_column(sa.String(32), unique=True)
    reason: Mapped[str] = mapped_column(sa.String(16))
    # Why it stays here when the person takes `reason` back; written by suppression.py only.
    beneath: Mapped[str] = mapped_column(sa.String(16), default="", server_default="")
    source: Mapped[str] = mapped_column(sa.String(300), default="")
    at: Mapped[datetime] = mapped_column(UTC, default=now)

    @property
    def reasons(self) -> list[SuppressionReason]:
        """All that it is known to be here for, the weightiest first."""
        return [SuppressionReason(one) for one in (self.reason, self.beneath) if one]
