"""What was changed on many contacts at once, so that it can be undone; and the work of changing them."""

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from campaigns.accounts.models import User
from campaigns.database import UTC, Base, HasId, now
from campaigns.longwork import Work


class ChangeSet(HasId, Base):
    """All that one bulk edit, import or the like changed on contacts."""

    __tablename__ = "change_set"

    kind: Mapped[str] = mapped_column(sa.String(16))  # bulk, import, merge …
    reference: Mapped[str] = mapped_column(sa.String(60), default="", index=True)  # e.g. "import:12"
    title: Mapped[str] = mapped_column(sa.String(300))
    at: Mapped[datetime] = mapped_column(UTC, default=now, index=True)
    closed_at: Mapped[datetime | None] = mapped_column(UTC)  # None: more is being recorded
    contacts: Mapped[int] = mapped_column(default=0)  # rows of Change that were recorded
    user_id: Mapped[int | None] = mapped_column(sa.ForeignKey("user.id", ondelete="SET NULL"))
    undo_after: Mapped[int] = mapped_column(default=0)  # undone up to this contact
    restored: Mapped[int] = mapped_column(default=0)  # contacts that are as they were
    left_alone: Mapped[int] = mapped_column(default=0)  # contacts on which something stayed as it is
    undone_at: Mapped[datetime | None] = mapped_column(UTC)
    undone_by: Mapped[int | None] = mapped_column(sa.ForeignKey("user.id", ondelete="SET NULL"))

    user: Mapped[User | None] = relationship(lazy="raise", foreign_keys=[user_id])
    undoer: Mapped[User | None] = relationship(lazy="raise", foreign_keys=[undone_by])


class Change(Base):
    """What one change set changed on one contact: part → key → value, as it was and as it became."""

    __tablename__ = "change"
    __table_args__ = (
        sa.Index("ix_change_contact_id", "contact_id"),
        sa.Index(
            "ix_change_set_id_left",
            "set_id",
            "contact_id",
            sqlite_where=sa.text("something_left"),
            postgresql_where=sa.text("something_left"),
        ),
    )

    set_id: Mapped[int] = mapped_column(sa.ForeignKey("change_set.id", ondelete="CASCADE"), primary_key=True)
    contact_id: Mapped[int] = mapped_column(sa.ForeignKey("contact.id", ondelete="CASCADE"), primary_key=True)
    before: Mapped[dict[str, Any]] = mapped_column(default=dict)
    after: Mapped[dict[str, Any]] = mapped_column(default=dict)
    something_left: Mapped[bool] = mapped_column(default=False)  # when it was undone
    what_left: Mapped[list[str]] = mapped_column(default=list)  # "part:key why"


class UndoWork(Work, Base):
    """The work of undoing one change set."""

    __tablename__ = "undo_work"

    change_set_id: Mapped[int] = mapped_column(
        sa.ForeignKey("change_set.id", ondelete="CASCADE"), unique=True
    )
    user_id: Mapped[int | None] = mapped_column(sa.ForeignKey("user.id", ondelete="SET NULL"))

    user: Mapped[User | None] = relationship(lazy="raise")
    change_set: Mapped[ChangeSet] = relationship(lazy="raise")


class BulkEdit(Work, Base):
    """One act on many contacts: which, on whom, and how far it is."""

    __tablename__ = "bulk_edit"

    act: Mapped[str] = mapped_column(sa.String(24))
    form: Mapped[dict[str, Any]] = mapped_column(default=dict)  # what was filled in
    chosen: Mapped[dict[str, Any]] = mapped_column(default=dict)  # one of: ids, filters, audience
    title: Mapped[str] = mapped_column(sa.String(300))
    matching: Mapped[int] = mapped_column(default=0)  # contacts chosen, counted before
    looked_at: Mapped[int] = mapped_column(default=0)
    changed: Mapped[int] = mapped_column(default=0)
    after: Mapped[int] = mapped_column(default=0)  # done up to this contact
    change_set_id: Mapped[int | None] = mapped_column(sa.ForeignKey("change_set.id", ondelete="SET NULL"))
    user_id: Mapped[int | None] = mapped_column(sa.ForeignKey("user.id", ondelete="SET NULL"))

    user: Mapped[User | None] = relationship(lazy="raise")
    change_set: Mapped[ChangeSet | None] = relationship(lazy="raise")
