"""The organisation, its users and what they did (the audit log)."""

from datetime import date, datetime
from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.mutable import MutableList
from sqlalchemy.orm import Mapped, mapped_column, relationship

from campaigns.database import UTC, Base, BigId, HasId, now


class Role(StrEnum):
    """What a user may do; deny by default."""

    ADMIN = "admin"
    MARKETER = "marketer"
    SALESPERSON = "salesperson"


class Tracking(StrEnum):
    """How far opens and clicks are followed, from least to most."""

    OFF = "off"
    ANONYMOUS = "anonymous"
    IDENTIFIED = "identified"


class Organisation(HasId, Base):
    """The firm that uses this database; one row, made by the first run."""

    __tablename__ = "organisation"

    name: Mapped[str] = mapped_column(sa.String(200))
    postal_address: Mapped[str] = mapped_column(sa.String(500))
    language: Mapped[str] = mapped_column(sa.String(8), default="en")
    timezone: Mapped[str] = mapped_column(sa.String(60), default="UTC")
    track_opens: Mapped[str] = mapped_column(sa.String(12), default=Tracking.ANONYMOUS)
    track_clicks: Mapped[str] = mapped_column(sa.String(12), default=Tracking.ANONYMOUS)
    tracking_reason: Mapped[str] = mapped_column(sa.String(1000), default="")
    keep_hits: Mapped[int] = mapped_column(default=13, server_default="13")  # months: opens and clicks
    review_after: Mapped[int] = mapped_column(default=24, server_default="24")  # months of silence
    # Months after which a yes to letters runs out if nothing was heard of them since; 0: never.
    consent_expires: Mapped[int] = mapped_column(default=0, server_default="0")
    # Letters sent before this moment are not followed any more: what was noted of them went, or goes.
    hits_kept_from: Mapped[datetime | None] = mapped_column(UTC)
    records: Mapped[dict[str, Any]] = mapped_column(default=dict, server_default="{}")  # rights/records.py
    grounds: Mapped[dict[str, Any]] = mapped_column(default=dict, server_default="{}")  # rights/grounds.py
    created_at: Mapped[datetime] = mapped_column(UTC, default=now)


user_role = sa.Table(
    "user_role",
    Base.metadata,
    sa.Column("user_id", BigId, sa.ForeignKey("user.id", ondelete="CASCADE"), primary_key=True),
    sa.Column("role_id", BigId, sa.ForeignKey("role.id", ondelete="CASCADE"), primary_key=True),
)


class RoleRow(HasId, Base):
    """A role as Flask-Security wants it: a row; its name is one of `Role`."""

    __tablename__ = "role"

    name: Mapped[str] = mapped_column(sa.String(40), unique=True)
    description: Mapped[str | None] = mapped_column(sa.String(255))


class User(HasId, Base):
    """A person who signs in; `signing_in` adds what Flask-Security asks of one."""

    __tablename__ = "user"

    email: Mapped[str] = mapped_column(sa.String(255), unique=True)
    name: Mapped[str] = mapped_column(sa.String(200), default="")
    password: Mapped[str | None] = mapped_column(sa.String(255))
    active: Mapped[bool] = mapped_column(default=True)
    language: Mapped[str] = mapped_column(sa.String(8), default="")
    fs_uniquifier: Mapped[str] = mapped_column(sa.String(64), unique=True)
    create_datetime: Mapped[datetime] = mapped_column(UTC, default=now)
    update_datetime: Mapped[datetime] = mapped_column(UTC, default=now, onupdate=now)
    last_login_at: Mapped[datetime | None] = mapped_column(UTC)
    current_login_at: Mapped[datetime | None] = mapped_column(UTC)
    last_login_ip: Mapped[str | None] = mapped_column(sa.String(64))
    current_login_ip: Mapped[str | None] = mapped_column(sa.String(64))
    login_count: Mapped[int | None] = mapped_column()
    tf_primary_method: Mapped[str | None] = mapped_column(sa.String(64))
    tf_totp_secret: Mapped[str | None] = mapped_column(sa.String(255))
    tf_phone_number: Mapped[str | None] = mapped_column(sa.String(128))
    mf_recovery_codes: Mapped[list[str] | None] = mapped_column(MutableList.as_mutable(sa.JSON()))

    roles: Mapped[list[RoleRow]] = relationship(secondary=user_role, lazy="selectin")

    @property
    def role(self) -> Role | None:
        """The one role this person has here."""
        return Role(self.roles[0].name) if self.roles else None

    def may(self, *roles: Role) -> bool:
        """Whether the person has one of these roles; an admin has all."""
        return self.role is not None and (self.role == Role.ADMIN or self.role in roles)


class AuditEntry(HasId, Base):
    """Who did what, when; append-only."""

    __tablename__ = "audit_entry"

    at: Mapped[datetime] = mapped_column(UTC, default=now, index=True)
    user_id: Mapped[int | None] = mapped_column(sa.ForeignKey("user.id", ondelete="SET NULL"))
    act: Mapped[str] = mapped_column(sa.String(60))
    subject: Mapped[str] = mapped_column(sa.String(60), default="")  # e.g. "campaign:12"
    detail: Mapped[dict[str, Any]] = mapped_column(default=dict)
    ip: Mapped[str] = mapped_column(sa.String(64), default="")


class ApiKey(HasId, Base):
    """By which another program asks us. What it says is shown once; its hash is kept."""

    __tablename__ = "api_key"

    name: Mapped[str] = mapped_column(sa.String(120))  # for colleagues: which program has it
    hash: Mapped[str] = mapped_column(sa.String(64), unique=True)  # sha256: it has 256 bits of its own
    scopes: Mapped[list[str]] = mapped_column(sa.JSON())  # of keys.Scope
    created_at: Mapped[datetime] = mapped_column(UTC, default=now)
    user_id: Mapped[int | None] = mapped_column(sa.ForeignKey("user.id", ondelete="SET NULL"))
    last_used_on: Mapped[date | None] = mapped_column()
    revoked_at: Mapped[datetime | None] = mapped_column(UTC)
