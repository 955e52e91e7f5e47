"""Contacts, their companies, categories and tags, and the imports that brought them."""

from datetime import date, datetime
from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, foreign, mapped_column, relationship

from campaigns.accounts.models import User
from campaigns.database import UTC, Base, BigId, HasId, exact, now


class Company(HasId, Base):
    """A firm that contacts work for."""

    __tablename__ = "company"

    name: Mapped[str] = mapped_column(sa.String(200))
    key: Mapped[str] = mapped_column(exact(200), unique=True)  # name, folded for finding
    website: Mapped[str] = mapped_column(sa.String(300), default="")
    industry: Mapped[str] = mapped_column(sa.String(100), default="")
    country: Mapped[str] = mapped_column(sa.String(2), default="")
    note: Mapped[str] = mapped_column(sa.Text, default="")
    legal_form: Mapped[str] = mapped_column(sa.String(60), default="", server_default="")
    headcount: Mapped[int | None] = mapped_column()
    parent_id: Mapped[int | None] = mapped_column(index=True)  # the company it belongs to; companies.py
    fields: Mapped[dict[str, Any]] = mapped_column(default=dict, server_default="{}")  # by Field.key
    created_at: Mapped[datetime] = mapped_column(UTC, default=now)


class Category(HasId, Base):
    """The group a contact belongs to: all who use product X."""

    __tablename__ = "category"

    name: Mapped[str] = mapped_column(sa.String(200))
    key: Mapped[str] = mapped_column(sa.String(200), unique=True)


class Tag(HasId, Base):
    """The kind within or across groups."""

    __tablename__ = "tag"

    name: Mapped[str] = mapped_column(sa.String(200))
    key: Mapped[str] = mapped_column(sa.String(200), unique=True)


def _link_table(name: str, other: str) -> sa.Table:
    """Who wears which label, without foreign keys: checking them costs more than all else about a link.

    Whoever deletes contacts or labels deletes their links (tagging.strip, tagging.remove); the doctor counts
    those that point nowhere.
    """
    return sa.Table(
        name,
        Base.metadata,
        sa.Column("contact_id", BigId, primary_key=True, autoincrement=False),
        sa.Column(f"{other}_id", BigId, primary_key=True, autoincrement=False),
        sa.Index(f"ix_{name}_{other}_id_contact_id", f"{other}_id", "contact_id"),
        sqlite_with_rowid=False,
    )


contact_category = _link_table("contact_category", "category")
contact_tag = _link_table("contact_tag", "tag")


class DecisionRole(StrEnum):
    """What somebody has to say when their company buys."""

    UNKNOWN = ""
    DECIDES = "decides"
    INFLUENCES = "influences"
    USES = "uses"
    GUARDS = "guards"  # the door: decides who gets through to the others


class Channel(StrEnum):
    """How somebody prefers to be spoken to."""

    UNKNOWN = ""
    EMAIL = "email"
    PHONE = "phone"
    MESSENGER = "messenger"
    MEETING = "meeting"
    POST = "post"


class Contact(HasId, Base):
    """A person with an address. `email` is canonical: what is mailed, compared and unique."""

    __tablename__ = "contact"
    __table_args__ = (
        sa.Index("ix_contact_last_contact_at_id", "last_contact_at", "id"),
        sa.Index("ix_contact_next_step_on_id", "next_step_on", "id"),
        sa.Index("ix_contact_name_key_id", "name_key", "id"),
        sa.Index("ix_contact_owner_id_name_key_id", "owner_id", "name_key", "id"),
        sa.Index("ix_contact_import_id_id", "import_id", "id"),
        sa.Index("ix_contact_owner_id_last_contact_at_id", "owner_id", "last_contact_at", "id"),
        sa.Index(
            "ix_contact_owner_id_next_step_on_id",
            "owner_id",
            "next_step_on",
            "id",
            sqlite_where=sa.text("owner_id IS NOT NULL"),
            postgresql_where=sa.text("owner_id IS NOT NULL"),
        ),
        sa.Index(
            "ix_contact_birthday_id",
            "birthday",
            "id",
            sqlite_where=sa.text("birthday != ''"),
            postgresql_where=sa.text("birthday != ''"),
        ),
        sa.Index(
            "ix_contact_restricted",
            "id",
            sqlite_where=sa.text("restricted_at IS NOT NULL"),
            postgresql_where=sa.text("restricted_at IS NOT NULL"),
        ),
        {"sqlite_autoincrement": True},  # links in letters name it: nobody else ever gets the number
    )

    email: Mapped[str] = mapped_column(exact(254), unique=True)
    address_hash: Mapped[str] = mapped_column(sa.String(32), index=True)  # tokens.address_hash(email)
    domain: Mapped[str] = mapped_column(sa.String(253), index=True)  # as it stands in `email`
    first_name: Mapped[str] = mapped_column(sa.String(200), default="")
    last_name: Mapped[str] = mapped_column(sa.String(200), default="")
    name_key: Mapped[str] = mapped_column(exact(120), default="")  # names.keys(): last, first; for sorting
    first_key: Mapped[str] = mapped_column(exact(60), default="", index=True)  # names.keys(): for finding
    phone: Mapped[str] = mapped_column(
        exact(40), default="", index=True
    )  # E.164, or as given if not understood
    position: Mapped[str] = mapped_column(sa.String(120), default="")
    language: Mapped[str] = mapped_column(sa.String(8), default="")
    timezone: Mapped[str] = mapped_column(sa.String(60), default="")
    country: Mapped[str] = mapped_column(sa.String(2), default="")
    city: Mapped[str] = mapped_column(sa.String(120), default="")
    birthday: Mapped[str] = mapped_column(sa.String(5), default="")  # MM-DD
    birth_year: Mapped[int | None] = mapped_column()
    note: Mapped[str] = mapped_column(sa.Text, default="")
    decision_role: Mapped[str] = mapped_column(sa.String(12), default="", server_default="")  # DecisionRole
    channel: Mapped[str] = mapped_column(sa.String(12), default="", server_default="")  # Channel
    handles: Mapped[list[dict[str, str]]] = mapped_column(default=list, server_default="[]")  # handles.py
    # By Field.key; under other names: columns of imports that nobody made a field.
    fields: Mapped[dict[str, Any]] = mapped_column(default=dict)
    source: Mapped[str] = mapped_column(sa.String(200), default="")
    # Where a datum is from and since when, only where it differs from `source` and `created_at`; origins.py
    origins: Mapped[dict[str, Any]] = mapped_column(default=dict, server_default="{}")
    verified_at: Mapped[datetime | None] = mapped_column(UTC)  # when somebody last confirmed all of it
    company_id: Mapped[int | None] = mapped_column(
        sa.ForeignKey("company.id", ondelete="SET NULL"), index=True
    )
    owner_id: Mapped[int | None] = mapped_column(sa.ForeignKey("user.id", ondelete="SET NULL"))
    import_id: Mapped[int | None] = mapped_column()  # the import that made this contact
    paused_until: Mapped[datetime | None] = mapped_column(UTC)
    rhythm: Mapped[str] = mapped_column(sa.String(12), default="", server_default="")  # consent's Rhythm
    # Kept and not used (GDPR Art. 18), written by consent/restricting.py only:
    restricted_at: Mapped[datetime | None] = mapped_column(UTC)
    restricted_why: Mapped[str] = mapped_column(sa.String(12), default="", server_default="")  # its Why
    restricted_note: Mapped[str] = mapped_column(sa.String(300), default="", server_default="")
    restricted_by: Mapped[int | None] = mapped_column()  # a colleague's number
    created_at: Mapped[datetime] = mapped_column(UTC, default=now)
    updated_at: Mapped[datetime] = mapped_column(UTC, default=now, onupdate=now)
    # Written by crm/ only, together and only when newer:
    last_contact_at: Mapped[datetime | None] = mapped_column(UTC)
    last_contact_by: Mapped[int | None] = mapped_column(sa.ForeignKey("user.id", ondelete="SET NULL"))
    last_contact_how: Mapped[str] = mapped_column(sa.String(20), default="")
    # The earliest open next step, kept by crm/:
    next_step_on: Mapped[date | None] = mapped_column()

    company: Mapped[Company | None] = relationship(lazy="raise")
    owner: Mapped[User | None] = relationship(lazy="raise", foreign_keys=[owner_id])
    categories: Mapped[list[Category]] = relationship(
        secondary=contact_category,
        primaryjoin=lambda: Contact.id == foreign(contact_category.c.contact_id),
        secondaryjoin=lambda: Category.id == foreign(contact_category.c.category_id),
        lazy="raise",
        order_by=Category.name,
    )
    tags: Mapped[list[Tag]] = relationship(
        secondary=contact_tag,
        primaryjoin=lambda: Contact.id == foreign(contact_tag.c.contact_id),
        secondaryjoin=lambda: Tag.id == foreign(contact_tag.c.tag_id),
        lazy="raise",
        order_by=Tag.name,
    )

    @property
    def name(self) -> str:
        """First and last name, or nothing."""
        return f"{self.first_name} {self.last_name}".strip()

    @property
    def label(self) -> str:
        """What a list shows: the name, else the address."""
        return self.name or self.email


# The oldest knowledge first, for verifying.py: the same expression must stand in the question.
KNOWN_SINCE = sa.func.coalesce(Contact.verified_at, Contact.created_at)
sa.Index("ix_contact_known_since", KNOWN_SINCE, Contact.id)


# The longest silence first, for rights/inactive.py: the same expression must stand in the question.
SILENT_SINCE = sa.func.coalesce(Contact.last_contact_at, Contact.created_at)
sa.Index("ix_contact_silent_since", SILENT_SINCE, Contact.id)


class MergedContact(Base):
    """Who somebody is now whose contact was merged into another; links in old letters name the old number."""

    __tablename__ = "merged_contact"

    gone_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    contact_id: Mapped[int] = mapped_column(sa.ForeignKey("contact.id", ondelete="CASCADE"), index=True)


class FurtherAddress(Base):
    """Another address of a contact: never mailed, but whoever comes with it is that contact."""

    __tablename__ = "further_address"

    email: Mapped[str] = mapped_column(exact(254), primary_key=True)  # canonical; never a contact's own
    contact_id: Mapped[int] = mapped_column(sa.ForeignKey("contact.id", ondelete="CASCADE"), index=True)
    added_at: Mapped[datetime] = mapped_column(UTC, default=now)


class ImportStatus(StrEnum):
    """Where an import stands."""

    UPLOADED = "uploaded"
    CHECKING = "checking"  # read through, nothing stored
    QUEUED = "queued"
    RUNNING = "running"
    PAUSED = "paused"
    DONE = "done"
    CANCELLED = "cancelled"
    FAILED = "failed"
    UNDOING = "undoing"
    UNDONE = "undone"


class Import(HasId, Base):
    """One file brought in: how it was understood, how far it got, what came of it."""

    __tablename__ = "import"

    filename: Mapped[str] = mapped_column(sa.String(255))
    path: Mapped[str] = mapped_column(sa.String(500))  # below the data folder
    format: Mapped[str] = mapped_column(sa.String(8), default="text")  # text, workbook, vcard
    status: Mapped[str] = mapped_column(sa.String(12), default=ImportStatus.UPLOADED, index=True)
    encoding: Mapped[str] = mapped_column(sa.String(40), default="")
    delimiter: Mapped[str] = mapped_column(sa.String(4), default="")
    layout: Mapped[str] = mapped_column(sa.String(40), default="")  # mailchimp, brevo, listmonk, …
    mapping: Mapped[dict[str, Any]] = mapped_column(default=dict)  # column number (text) → field
    choices: Mapped[dict[str, Any]] = mapped_column(default=dict)  # categories, tags, basis, source, tracking
    bytes_total: Mapped[int] = mapped_column(BigId, default=0)
    rows_read: Mapped[int] = mapped_column(default=0)
    created: Mapped[int] = mapped_column(default=0)
    updated: Mapped[int] = mapped_column(default=0)
    unchanged: Mapped[int] = mapped_column(default=0)
    refused: Mapped[int] = mapped_column(default=0)
    bytes_done: Mapped[int] = mapped_column(BigId, default=0)
    reasons: Mapped[dict[str, Any]] = mapped_column(default=dict)  # reason → rows refused
    remarks: Mapped[dict[str, Any]] = mapped_column(default=dict)  # remark → rows taken in part, first lines
    refused_bytes: Mapped[int] = mapped_column(BigId, default=0)  # of the file of refused rows, as committed
    difference: Mapped[dict[str, Any]] = mapped_column(default=dict)  # what a look ahead found
    undone: Mapped[dict[str, Any]] = mapped_column(default=dict)  # what undoing took back, and what it left
    error: Mapped[str] = mapped_column(sa.Text, default="")
    lease_until: Mapped[datetime | None] = mapped_column(UTC)
    fence: Mapped[int] = mapped_column(default=0)
    user_id: Mapped[int | None] = mapped_column(sa.ForeignKey("user.id", ondelete="SET NULL"))
    created_at: Mapped[datetime] = mapped_column(UTC, default=now)
    started_at: Mapped[datetime | None] = mapped_column(UTC)
    finished_at: Mapped[datetime | None] = mapped_column(UTC)


class ImportMade(Base):
    """A label, company or field that an import made, so that undoing it can take it away again."""

    __tablename__ = "import_made"

    import_id: Mapped[int] = mapped_column(
        sa.ForeignKey("import.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    kind: Mapped[str] = mapped_column(sa.String(12), primary_key=True)  # category, tag, company, field
    made_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
