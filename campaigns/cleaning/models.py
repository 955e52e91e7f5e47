"""Pairs that look like one person, merges with all it takes to undo them, and what is known of domains."""

from datetime import datetime
from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from campaigns.accounts.models import User
from campaigns.contacts.models import Contact
from campaigns.database import UTC, Base, BigId, HasId, exact, now
from campaigns.longwork import Work


class Verdict(StrEnum):
    """What was decided of a pair; of one that was merged a Merge is left instead."""

    PROPOSED = "proposed"
    NOT_SAME = "not_same"


class Reason(StrEnum):
    """Why two contacts look like one person."""

    MAILBOX = "mailbox"  # two spellings of one mailbox
    PHONE = "phone"
    NAME = "name"  # alike, whatever their order; only ever beside another reason
    COMPANY = "company"
    DOMAIN = "domain"


class Duplicate(HasId, Base):
    """Two contacts that may be one person, the one with the lower number first."""

    __tablename__ = "duplicate"
    __table_args__ = (
        sa.UniqueConstraint("a_id", "b_id"),
        sa.CheckConstraint("a_id < b_id", name="in_order"),
        sa.Index("ix_duplicate_status_score_id", "status", "score", "id"),
    )

    a_id: Mapped[int] = mapped_column(sa.ForeignKey("contact.id", ondelete="CASCADE"))
    b_id: Mapped[int] = mapped_column(sa.ForeignKey("contact.id", ondelete="CASCADE"), index=True)
    reasons: Mapped[list[str]] = mapped_column()
    score: Mapped[int] = mapped_column(sa.SmallInteger)  # 0 … 100: how sure it is
    status: Mapped[str] = mapped_column(sa.String(12), default=Verdict.PROPOSED)
    run_id: Mapped[int] = mapped_column(default=0)  # the search that saw it last
    found_at: Mapped[datetime] = mapped_column(UTC, default=now)
    decided_at: Mapped[datetime | None] = mapped_column(UTC)
    decided_by: Mapped[int | None] = mapped_column(sa.ForeignKey("user.id", ondelete="SET NULL"))

    a: Mapped[Contact] = relationship(lazy="raise", foreign_keys=[a_id])
    b: Mapped[Contact] = relationship(lazy="raise", foreign_keys=[b_id])


class Merge(HasId, Base):
    """Two contacts made one, and what they were before; gone with the contact that was kept."""

    __tablename__ = "contact_merge"
    __table_args__ = (
        sa.Index("ix_contact_merge_contact_id_id", "contact_id", "id"),
        sa.Index("ix_contact_merge_gone_id", "gone_id"),
    )

    contact_id: Mapped[int] = mapped_column(
        sa.ForeignKey("contact.id", ondelete="CASCADE")
    )  # where all is now
    into_id: Mapped[int] = mapped_column(BigId)  # whom it was merged into: another, if they were merged since
    gone_id: Mapped[int] = mapped_column(BigId)  # whose row was taken away
    gone_label: Mapped[str] = mapped_column(sa.String(420))  # name and address, as lists of merges show them
    reasons: Mapped[list[str]] = mapped_column()
    score: Mapped[int] = mapped_column(sa.SmallInteger, default=0)
    before: Mapped[dict[str, Any]] = mapped_column()  # the columns of both: {"kept": …, "gone": …}
    after: Mapped[dict[str, Any]] = mapped_column()  # the columns that were kept
    moved: Mapped[dict[str, Any]] = mapped_column()  # by mover: what its rows need to go back
    at: Mapped[datetime] = mapped_column(UTC, default=now)
    user_id: Mapped[int | None] = mapped_column(sa.ForeignKey("user.id", ondelete="SET NULL"))
    undone_at: Mapped[datetime | None] = mapped_column(UTC)
    undone_by: Mapped[int | None] = mapped_column(sa.ForeignKey("user.id", ondelete="SET NULL"))
    left: Mapped[dict[str, Any]] = mapped_column(default=dict)  # what undoing found changed since and left

    contact: Mapped[Contact] = relationship(lazy="raise")
    user: Mapped[User | None] = relationship(lazy="raise", foreign_keys=[user_id])


class Scope(StrEnum):
    """What a run of the cleaning goes through."""

    ALL = "all"  # every contact
    CHANGED = "changed"  # those that are new or were edited since the run before
    SURE = "sure"  # merge the pairs that are sure


class CleaningRun(Work, Base):
    """One search for duplicates, or one merging of many: how far it is and what it found."""

    __tablename__ = "cleaning_run"

    scope: Mapped[str] = mapped_column(sa.String(12))
    phase: Mapped[str] = mapped_column(sa.String(12), default="")
    after: Mapped[list[Any]] = mapped_column(sa.JSON, default=list)  # the key after which the phase goes on
    since: Mapped[datetime | None] = mapped_column(UTC)  # contacts changed from then on
    total: Mapped[int] = mapped_column(default=0)  # about how many there are to look at in this phase
    looked_at: Mapped[int] = mapped_column(default=0)
    found: Mapped[int] = mapped_column(default=0)
    passed_over: Mapped[int] = mapped_column(default=0)
    counts: Mapped[dict[str, Any]] = mapped_column(default=dict)  # verdict of addresses → how many
    user_id: Mapped[int | None] = mapped_column(sa.ForeignKey("user.id", ondelete="SET NULL"))


class Looked(Base):
    """What a contact looked like when it was last compared, so that only real edits are compared anew."""

    __tablename__ = "looked_at"
    __table_args__ = (
        sa.Index(
            "ix_looked_at_mailbox",
            "mailbox",
            sqlite_where=sa.text("mailbox != ''"),
            postgresql_where=sa.text("mailbox != ''"),
        ),
        sa.Index(
            "ix_looked_at_fault",
            "fault",
            sqlite_where=sa.text("fault != ''"),
            postgresql_where=sa.text("fault != ''"),
        ),
    )

    contact_id: Mapped[int] = mapped_column(
        sa.ForeignKey("contact.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    seen: Mapped[int] = mapped_column(BigId)  # a hash of address, names, phone and company
    mailbox: Mapped[str] = mapped_column(exact(254), default="")  # where it differs from the address
    fault: Mapped[str] = mapped_column(sa.String(24), default="")  # what is wrong with the address's spelling


class MailDomain(Base):
    """What is known of a domain that contacts have addresses in."""

    __tablename__ = "mail_domain"
    __table_args__ = (
        sa.Index("ix_mail_domain_due_at", "due_at"),
        sa.Index("ix_mail_domain_mail", "mail"),
        sa.Index("ix_mail_domain_contacts", "contacts"),
    )

    domain: Mapped[str] = mapped_column(exact(253), primary_key=True)  # as Contact.domain
    contacts: Mapped[int] = mapped_column(default=0)  # when last counted
    mail: Mapped[str] = mapped_column(sa.String(12), default="unknown")  # takes, none, unknown
    checked_at: Mapped[datetime | None] = mapped_column(UTC)  # when the network last answered
    due_at: Mapped[datetime] = mapped_column(UTC, default=now)  # when to ask again
    failures: Mapped[int] = mapped_column(sa.SmallInteger, default=0)  # unanswered questions in a row
    disposable: Mapped[bool] = mapped_column(default=False)
    meant: Mapped[str] = mapped_column(exact(253), default="")  # the domain that was likely meant
    dismissed: Mapped[bool] = mapped_column(default=False)  # somebody said that it is spelt as it should be
