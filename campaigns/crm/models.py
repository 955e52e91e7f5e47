"""What was done with a contact, what is to do next, and what they bought."""

from datetime import date, datetime
from enum import StrEnum

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from campaigns.accounts.models import User
from campaigns.contacts.models import Contact
from campaigns.database import UTC, Base, HasId, now


class Kind(StrEnum):
    """What an activity or a next step is."""

    CALL = "call"
    MEETING = "meeting"
    NOTE = "note"
    LETTER = "letter"
    OPEN = "open"
    CLICK = "click"
    REPLY = "reply"
    UNSUBSCRIBE = "unsubscribe"
    LEAVE_TOPIC = "leave_topic"
    SIGN_UP = "sign_up"
    PURCHASE = "purchase"


# Two-way touches: these move the contact's last contact.
TOUCHES = frozenset({Kind.CALL, Kind.MEETING, Kind.OPEN, Kind.CLICK, Kind.REPLY, Kind.PURCHASE, Kind.SIGN_UP})
# How sure we are that a person engaged, surest first.
CONFIDENCE = {Kind.REPLY: 3, Kind.CLICK: 2, Kind.OPEN: 1}


class Activity(HasId, Base):
    """Something that happened between us and a contact."""

    __tablename__ = "activity"
    __table_args__ = (
        sa.Index("ix_activity_contact_id_at", "contact_id", "at", "id"),
        sa.Index("ix_activity_kind_at", "kind", "at", "id", "contact_id"),
        # What somebody did with the letters of a campaign.
        sa.Index(
            "ix_activity_source_kind_contact_id",
            "source",
            "kind",
            "contact_id",
            "at",
            sqlite_where=sa.text("source != ''"),
            postgresql_where=sa.text("source != ''"),
        ),
    )

    contact_id: Mapped[int] = mapped_column(sa.ForeignKey("contact.id", ondelete="CASCADE"))
    kind: Mapped[str] = mapped_column(sa.String(16))
    at: Mapped[datetime] = mapped_column(UTC)
    user_id: Mapped[int | None] = mapped_column(sa.ForeignKey("user.id", ondelete="SET NULL"))
    summary: Mapped[str] = mapped_column(sa.Text, default="")  # a note, or the campaign's name
    detail: Mapped[str] = mapped_column(sa.String(500), default="")  # e.g. the link that was clicked
    source: Mapped[str] = mapped_column(sa.String(60), default="")  # e.g. "campaign:12"
    once: Mapped[str | None] = mapped_column(sa.String(80), unique=True)  # e.g. "open:<message>": never twice
    created_at: Mapped[datetime] = mapped_column(UTC, default=now)

    contact: Mapped[Contact] = relationship(lazy="raise")
    user: Mapped[User | None] = relationship(lazy="raise")


def _open(name: str, *columns: str) -> sa.Index:
    """An index over the steps still to be done, in their order."""
    still = sa.text("done_at IS NULL")
    return sa.Index(name, *columns, sqlite_where=still, postgresql_where=still)


class NextStep(HasId, Base):
    """What is to be done with a contact, and by when."""

    __tablename__ = "next_step"
    __table_args__ = (
        sa.Index("ix_next_step_contact_id_done_at", "contact_id", "done_at"),
        _open("ix_next_step_due_on_id", "due_on", "id"),
        _open("ix_next_step_user_id_due_on_id", "user_id", "due_on", "id"),
    )

    contact_id: Mapped[int] = mapped_column(sa.ForeignKey("contact.id", ondelete="CASCADE"))
    user_id: Mapped[int | None] = mapped_column(sa.ForeignKey("user.id", ondelete="SET NULL"), index=True)
    kind: Mapped[str] = mapped_column(sa.String(16), default=Kind.CALL)
    what: Mapped[str] = mapped_column(sa.String(500))
    due_on: Mapped[date] = mapped_column()
    done_at: Mapped[datetime | None] = mapped_column(UTC)
    outcome: Mapped[str] = mapped_column(sa.Text, default="")
    created_at: Mapped[datetime] = mapped_column(UTC, default=now)

    contact: Mapped[Contact] = relationship(lazy="raise")
    user: Mapped[User | None] = relationship(lazy="raise")


class Product(HasId, Base):
    """Something we sell, or a variant of it."""

    __tablename__ = "product"

    name: Mapped[str] = mapped_column(sa.String(200), unique=True)
    category_id: Mapped[int | None] = mapped_column(sa.ForeignKey("category.id", ondelete="SET NULL"))
    lasts_days: Mapped[int | None] = mapped_column()  # how long one piece lasts; None: it isn't used up
    # Contacts up to this number have their run-out reckoned by `lasts_days`; None: all.
    renewed_to: Mapped[int | None] = mapped_column()


class Purchase(HasId, Base):
    """What a contact bought."""

    __tablename__ = "purchase"
    # Each holds all that audiences ask of a purchase, so that its row need not be read.
    __table_args__ = (
        sa.Index("ix_purchase_at_contact_id", "at", "contact_id"),
        sa.Index("ix_purchase_contact_id_at", "contact_id", "at", "quantity", "amount", "currency"),
        sa.Index(
            "ix_purchase_product_id_contact_id",
            "product_id",
            "contact_id",
            "at",
            "quantity",
            "amount",
            "currency",
        ),
        sa.Index(
            "ix_purchase_reference",
            "reference",
            unique=True,
            sqlite_where=sa.text("reference IS NOT NULL"),
            postgresql_where=sa.text("reference IS NOT NULL"),
        ),
    )

    contact_id: Mapped[int] = mapped_column(sa.ForeignKey("contact.id", ondelete="CASCADE"))
    product_id: Mapped[int] = mapped_column(sa.ForeignKey("product.id"))
    at: Mapped[datetime] = mapped_column(UTC)
    quantity: Mapped[int] = mapped_column(default=1)
    amount: Mapped[int] = mapped_column(default=0)  # in the currency's smallest unit
    currency: Mapped[str] = mapped_column(sa.String(3), default="EUR")
    # How the program that noted it names it: asked once more, it is noted once.
    reference: Mapped[str | None] = mapped_column(sa.String(80))

    product: Mapped[Product] = relationship(lazy="raise")


class RunOut(Base):
    """The day on which a contact will have used up a product; follows from what they bought of it."""

    __tablename__ = "run_out"
    __table_args__ = (
        sa.Index("ix_run_out_product_id_day", "product_id", "day", "contact_id"),
        sa.Index("ix_run_out_day", "day", "contact_id"),
    )

    contact_id: Mapped[int] = mapped_column(sa.ForeignKey("contact.id", ondelete="CASCADE"), primary_key=True)
    product_id: Mapped[int] = mapped_column(sa.ForeignKey("product.id", ondelete="CASCADE"), primary_key=True)
    day: Mapped[date] = mapped_column()

    product: Mapped[Product] = relationship(lazy="raise")
