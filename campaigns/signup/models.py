"""Forms, their revisions, who filled one in, and the letters that ask them to confirm it."""

from datetime import date, datetime
from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from campaigns.contacts import moving
from campaigns.database import UTC, Base, HasId, now
from campaigns.delivery.single import SingleLetter


class Form(HasId, Base):
    """A page on which people sign themselves up; what it asks stands in its newest revision."""

    __tablename__ = "form"

    key: Mapped[str] = mapped_column(sa.String(16), unique=True)  # in its address; nobody can guess it
    name: Mapped[str] = mapped_column(sa.String(120))  # for colleagues
    open: Mapped[bool] = mapped_column(default=False)  # whether it can be filled in
    revision_id: Mapped[int | None] = mapped_column()  # the newest
    categories: Mapped[list[int]] = mapped_column(default=list)  # put on whoever confirms
    tags: Mapped[list[int]] = mapped_column(default=list)
    pool_id: Mapped[int | None] = mapped_column(sa.ForeignKey("coupon_pool.id"))  # a coupon of it for each
    gives_card: Mapped[bool] = mapped_column(default=False)
    referral_pool_id: Mapped[int | None] = mapped_column(sa.ForeignKey("coupon_pool.id"))  # for who brings
    created_at: Mapped[datetime] = mapped_column(UTC, default=now)
    user_id: Mapped[int | None] = mapped_column(sa.ForeignKey("user.id", ondelete="SET NULL"))


class FormRevision(HasId, Base):
    """What a form asked and said at one time; never changed, as the ledger names it."""

    __tablename__ = "form_revision"
    __table_args__ = (sa.UniqueConstraint("form_id", "number"),)

    form_id: Mapped[int] = mapped_column(sa.ForeignKey("form.id"))
    number: Mapped[int] = mapped_column()  # 1, 2, 3 … of its form
    content: Mapped[dict[str, Any]] = mapped_column(default=dict)  # content.py
    created_at: Mapped[datetime] = mapped_column(UTC, default=now)
    user_id: Mapped[int | None] = mapped_column(sa.ForeignKey("user.id", ondelete="SET NULL"))


class SignUp(HasId, Base):
    """One filled-in form. Nothing of it counts until its address has confirmed it."""

    __tablename__ = "sign_up"
    __table_args__ = (
        sa.Index("ix_sign_up_address_hash_at", "address_hash", "at"),
        sa.Index("ix_sign_up_network_at", "network", "at"),
        sa.Index("ix_sign_up_form_id_id", "form_id", "id"),
        sa.Index("ix_sign_up_confirmed_at_at", "confirmed_at", "at"),
        {"sqlite_autoincrement": True},  # the link in the letter names it: no other ever gets the number
    )

    form_id: Mapped[int] = mapped_column(sa.ForeignKey("form.id"))
    revision_id: Mapped[int] = mapped_column(sa.ForeignKey("form_revision.id"))
    email: Mapped[str] = mapped_column(sa.String(254))  # canonical
    address_hash: Mapped[str] = mapped_column(sa.String(32))
    language: Mapped[str] = mapped_column(sa.String(8))
    answers: Mapped[dict[str, Any]] = mapped_column(default=dict)  # clean, by item; emptied once confirmed
    chosen: Mapped[list[str]] = mapped_column(default=list)  # the purposes that were ticked
    at: Mapped[datetime] = mapped_column(UTC, default=now)
    network: Mapped[str] = mapped_column(sa.String(64), default="")  # guarding.network, for a day
    ip: Mapped[str] = mapped_column(sa.String(64), default="")  # this and the next go once confirmed
    user_agent: Mapped[str] = mapped_column(sa.String(500), default="")
    page_url: Mapped[str] = mapped_column(sa.String(500), default="")
    referrer_id: Mapped[int | None] = mapped_column(index=True)  # the contact by whose link they came
    brought: Mapped[bool] = mapped_column(default=False)  # by them, and not known here before
    confirmed_at: Mapped[datetime | None] = mapped_column(UTC)
    contact_id: Mapped[int | None] = mapped_column(
        sa.ForeignKey("contact.id", ondelete="CASCADE"), index=True
    )  # once confirmed


class LetterKind(StrEnum):
    """Why a letter about a sign-up goes."""

    CONFIRM = "confirm"
    AGAIN = "again"  # the same once more, some days later
    REWARD = "reward"  # what they get for signing up
    THANKS = "thanks"  # what somebody else gets who brought them


class SignUpLetter(SingleLetter, HasId, Base):
    """A letter about a sign-up. Of those that nobody has answered yet, an address gets one a day at most."""

    __tablename__ = "sign_up_letter"
    __table_args__ = (
        sa.UniqueConstraint("address_hash", "day"),
        sa.UniqueConstraint("sign_up_id", "kind"),
        sa.Index("ix_sign_up_letter_status_id", "status", "id"),
        sa.Index("ix_sign_up_letter_sent_at", "sent_at"),
    )

    sign_up_id: Mapped[int] = mapped_column(sa.ForeignKey("sign_up.id", ondelete="CASCADE"))
    kind: Mapped[str] = mapped_column(sa.String(8))
    address_hash: Mapped[str] = mapped_column(sa.String(32))
    day: Mapped[date | None] = mapped_column()  # UTC; None for rewards, which are not limited


moving.register("sign_up", moving.rows(SignUp))
