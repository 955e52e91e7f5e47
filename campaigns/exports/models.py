"""Files that somebody asked for, and what was given to ad platforms."""

from datetime import datetime
from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from campaigns.accounts.models import User
from campaigns.database import UTC, Base, exact, now
from campaigns.longwork import Work


class Subject(StrEnum):
    """What the rows of a file are."""

    CONTACTS = "contacts"
    COMPANIES = "companies"
    ADS = "ads"  # contacts, as an ad platform takes them


class Format(StrEnum):
    """How a file is written."""

    CSV = "csv"
    XLSX = "xlsx"
    VCARD4 = "vcf4"  # RFC 6350
    VCARD3 = "vcf3"  # RFC 2426: Outlook, older phones
    GOOGLE = "google"  # Customer Match
    META = "meta"  # customer list


class Export(Work, Base):
    """One file: of whom, how it is written, how far it is, until when it can be fetched."""

    __tablename__ = "export"

    subject: Mapped[str] = mapped_column(sa.String(12))
    format: Mapped[str] = mapped_column(sa.String(8))
    chosen: Mapped[dict[str, Any]] = mapped_column(default=dict)  # a choice of contacts/choosing.py
    options: Mapped[dict[str, Any]] = mapped_column(default=dict)  # columns, sort, delimiter, bom …
    title: Mapped[str] = mapped_column(sa.String(300))
    expected: Mapped[int] = mapped_column(default=0)  # rows, counted before
    rows: Mapped[int] = mapped_column(default=0)
    after: Mapped[dict[str, Any]] = mapped_column(default=dict)  # from where reading goes on
    written: Mapped[int] = mapped_column(default=0)  # bytes of the file that belong to the rows
    size: Mapped[int] = mapped_column(default=0)  # bytes of the file once it can be fetched
    removed: Mapped[int] = mapped_column(default=0)  # rows of the removal file
    removal_confirmed_at: Mapped[datetime | None] = mapped_column(UTC)
    expires_at: Mapped[datetime | None] = mapped_column(UTC)
    user_id: Mapped[int | None] = mapped_column(sa.ForeignKey("user.id", ondelete="SET NULL"), index=True)

    user: Mapped[User | None] = relationship(lazy="raise")


class AdGiven(Base):
    """Somebody who was given to an ad platform, known only under our own key (ad_marks.py)."""

    __tablename__ = "ad_given"
    __table_args__ = (sa.Index("ix_ad_given_list_key_export_id", "list_key", "export_id"),)

    list_key: Mapped[str] = mapped_column(exact(80), primary_key=True)  # e.g. "google:audience:3"
    email_mark: Mapped[str] = mapped_column(exact(64), primary_key=True)
    phone_mark: Mapped[str] = mapped_column(exact(64), default="")
    export_id: Mapped[int] = mapped_column()  # the newest export that named them
    given_at: Mapped[datetime] = mapped_column(UTC, default=now)
