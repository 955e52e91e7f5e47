"""What people get for signing up, and for bringing somebody: coupons and cards."""

from datetime import date, datetime
from enum import StrEnum

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from campaigns.contacts import moving
from campaigns.database import UTC, Base, HasId, now


class Codes(StrEnum):
    """Where the codes of a pool come from."""

    MADE = "made"  # by us, as many as are needed
    LOADED = "loaded"  # brought along, each used once; then there are none left


class CouponPool(HasId, Base):
    """One kind of coupon: what it is worth, for how long, and where its codes come from."""

    __tablename__ = "coupon_pool"

    name: Mapped[str] = mapped_column(sa.String(120), unique=True)  # for colleagues
    worth: Mapped[str] = mapped_column(sa.String(200))  # for people: “10 € off a saw blade”
    codes: Mapped[str] = mapped_column(sa.String(8), default=Codes.MADE)
    days: Mapped[int | None] = mapped_column()  # for which a coupon is good; None: for ever
    created_at: Mapped[datetime] = mapped_column(UTC, default=now)
    user_id: Mapped[int | None] = mapped_column(sa.ForeignKey("user.id", ondelete="SET NULL"))


class Coupon(HasId, Base):
    """One code: in stock, then somebody's, then redeemed."""

    __tablename__ = "coupon"
    __table_args__ = (
        sa.Index("ix_coupon_pool_id_issued_at_id", "pool_id", "issued_at", "id"),
        sa.Index("ix_coupon_contact_id", "contact_id"),
    )

    pool_id: Mapped[int] = mapped_column(sa.ForeignKey("coupon_pool.id"))
    code: Mapped[str] = mapped_column(sa.String(40), unique=True)  # codes.tidy
    contact_id: Mapped[int | None] = mapped_column(sa.ForeignKey("contact.id", ondelete="CASCADE"))
    once: Mapped[str | None] = mapped_column(sa.String(60), unique=True)  # what it was given for: never twice
    issued_at: Mapped[datetime | None] = mapped_column(UTC)
    good_until: Mapped[date | None] = mapped_column()  # the last day
    redeemed_at: Mapped[datetime | None] = mapped_column(UTC)
    redeemed_by: Mapped[int | None] = mapped_column(sa.ForeignKey("user.id", ondelete="SET NULL"))
    purchase_id: Mapped[int | None] = mapped_column(
        sa.ForeignKey("purchase.id", ondelete="SET NULL"), index=True
    )


class Card(HasId, Base):
    """A discount card: its number says at the counter who buys."""

    __tablename__ = "card"

    number: Mapped[str] = mapped_column(sa.String(13), unique=True)
    contact_id: Mapped[int] = mapped_column(sa.ForeignKey("contact.id", ondelete="CASCADE"), index=True)
    issued_at: Mapped[datetime] = mapped_column(UTC, default=now)


moving.register("coupon", moving.rows(Coupon))
moving.register("card", moving.rows(Card))
