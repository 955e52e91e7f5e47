"""Forms on which people sign themselves up, the letters that ask them to confirm, coupons and cards."""

import sqlalchemy as sa
from alembic import op

from campaigns.database import UTC, BigId

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None


def _user(table: str) -> sa.Column[int]:
    key = sa.ForeignKey("user.id", name=f"fk_{table}_user_id_user", ondelete="SET NULL")
    return sa.Column("user_id", BigId, key)


def _contact(table: str) -> sa.ForeignKey:
    return sa.ForeignKey("contact.id", name=f"fk_{table}_contact_id_contact", ondelete="CASCADE")


def upgrade() -> None:
    """The seven tables; what somebody filled in keeps its number for ever, as a link names it."""
    op.create_table(
        "coupon_pool",
        sa.Column("id", BigId, autoincrement=True, nullable=False),
        sa.Column("name", sa.String(120), nullable=False),
        sa.Column("worth", sa.String(200), nullable=False),
        sa.Column("codes", sa.String(8), nullable=False),
        sa.Column("days", BigId),
        sa.Column("created_at", UTC(), nullable=False),
        _user("coupon_pool"),
        sa.PrimaryKeyConstraint("id", name="pk_coupon_pool"),
        sa.UniqueConstraint("name", name="uq_coupon_pool_name"),
    )
    op.create_table(
        "form",
        sa.Column("id", BigId, autoincrement=True, nullable=False),
        sa.Column("key", sa.String(16), nullable=False),
        sa.Column("name", sa.String(120), nullable=False),
        sa.Column("open", sa.Boolean(), nullable=False),
        sa.Column("revision_id", BigId),
        sa.Column("categories", sa.JSON(), nullable=False),
        sa.Column("tags", sa.JSON(), nullable=False),
        sa.Column("pool_id", BigId, sa.ForeignKey("coupon_pool.id", name="fk_form_pool_id_coupon_pool")),
        sa.Column("gives_card", sa.Boolean(), nullable=False),
        sa.Column(
            "referral_pool_id",
            BigId,
            sa.ForeignKey("coupon_pool.id", name="fk_form_referral_pool_id_coupon_pool"),
        ),
        sa.Column("created_at", UTC(), nullable=False),
        _user("form"),
        sa.PrimaryKeyConstraint("id", name="pk_form"),
        sa.UniqueConstraint("key", name="uq_form_key"),
    )
    op.create_table(
        "form_revision",
        sa.Column("id", BigId, autoincrement=True, nullable=False),
        sa.Column(
            "form_id", BigId, sa.ForeignKey("form.id", name="fk_form_revision_form_id_form"), nullable=False
        ),
        sa.Column("number", BigId, nullable=False),
        sa.Column("content", sa.JSON(), nullable=False),
        sa.Column("created_at", UTC(), nullable=False),
        _user("form_revision"),
        sa.PrimaryKeyConstraint("id", name="pk_form_revision"),
        sa.UniqueConstraint("form_id", "number", name="uq_form_revision_form_id_number"),
    )
    _sign_ups()
    op.create_table(
        "sign_up_letter",
        sa.Column("id", BigId, autoincrement=True, nullable=False),
        sa.Column(
            "sign_up_id",
            BigId,
            sa.ForeignKey("sign_up.id", name="fk_sign_up_letter_sign_up_id_sign_up", ondelete="CASCADE"),
            nullable=False,
        ),
        sa.Column("kind", sa.String(8), nullable=False),
        sa.Column("address_hash", sa.String(32), nullable=False),
        sa.Column("day", sa.Date()),
        sa.Column("status", sa.String(8), nullable=False),
        sa.Column("reason", sa.String(300), nullable=False),
        sa.Column("asked_at", UTC(), nullable=False),
        sa.Column("sent_at", UTC()),
        sa.PrimaryKeyConstraint("id", name="pk_sign_up_letter"),
        sa.UniqueConstraint("address_hash", "day", name="uq_sign_up_letter_address_hash_day"),
        sa.UniqueConstraint("sign_up_id", "kind", name="uq_sign_up_letter_sign_up_id_kind"),
    )
    _rewards()
    op.create_index("ix_sign_up_letter_status_id", "sign_up_letter", ["status", "id"])
    op.create_index("ix_sign_up_letter_sent_at", "sign_up_letter", ["sent_at"])


def _sign_ups() -> None:
    op.create_table(
        "sign_up",
        sa.Column("id", BigId, autoincrement=True, nullable=False),
        sa.Column("form_id", BigId, sa.ForeignKey("form.id", name="fk_sign_up_form_id_form"), nullable=False),
        sa.Column(
            "revision_id",
            BigId,
            sa.ForeignKey("form_revision.id", name="fk_sign_up_revision_id_form_revision"),
            nullable=False,
        ),
        sa.Column("email", sa.String(254), nullable=False),
        sa.Column("address_hash", sa.String(32), nullable=False),
        sa.Column("language", sa.String(8), nullable=False),
        sa.Column("answers", sa.JSON(), nullable=False),
        sa.Column("chosen", sa.JSON(), nullable=False),
        sa.Column("at", UTC(), nullable=False),
        sa.Column("network", sa.String(64), nullable=False),
        sa.Column("ip", sa.String(64), nullable=False),
        sa.Column("user_agent", sa.String(500), nullable=False),
        sa.Column("page_url", sa.String(500), nullable=False),
        sa.Column("referrer_id", BigId),
        sa.Column("brought", sa.Boolean(), nullable=False),
        sa.Column("confirmed_at", UTC()),
        sa.Column("contact_id", BigId, _contact("sign_up")),
        sa.PrimaryKeyConstraint("id", name="pk_sign_up"),
        sqlite_autoincrement=True,
    )
    for columns in (
        ("address_hash", "at"),
        ("network", "at"),
        ("form_id", "id"),
        ("confirmed_at", "at"),
        ("contact_id",),
        ("referrer_id",),
    ):
        op.create_index(f"ix_sign_up_{'_'.join(columns)}", "sign_up", columns)


def _rewards() -> None:
    op.create_table(
        "coupon",
        sa.Column("id", BigId, autoincrement=True, nullable=False),
        sa.Column(
            "pool_id",
            BigId,
            sa.ForeignKey("coupon_pool.id", name="fk_coupon_pool_id_coupon_pool"),
            nullable=False,
        ),
        sa.Column("code", sa.String(40), nullable=False),
        sa.Column("contact_id", BigId, _contact("coupon")),
        sa.Column("once", sa.String(60)),
        sa.Column("issued_at", UTC()),
        sa.Column("good_until", sa.Date()),
        sa.Column("redeemed_at", UTC()),
        sa.Column(
            "redeemed_by",
            BigId,
            sa.ForeignKey("user.id", name="fk_coupon_redeemed_by_user", ondelete="SET NULL"),
        ),
        sa.Column(
            "purchase_id",
            BigId,
            sa.ForeignKey("purchase.id", name="fk_coupon_purchase_id_purchase", ondelete="SET NULL"),
        ),
        sa.PrimaryKeyConstraint("id", name="pk_coupon"),
        sa.UniqueConstraint("code", name="uq_coupon_code"),
        sa.UniqueConstraint("once", name="uq_coupon_once"),
    )
    op.create_index("ix_coupon_pool_id_issued_at_id", "coupon", ["pool_id", "issued_at", "id"])
    op.create_index("ix_coupon_contact_id", "coupon", ["contact_id"])
    op.create_index("ix_coupon_purchase_id", "coupon", ["purchase_id"])
    op.create_table(
        "card",
        sa.Column("id", BigId, autoincrement=True, nullable=False),
        sa.Column("number", sa.String(13), nullable=False),
        sa.Column("contact_id", BigId, _contact("card"), nullable=False),
        sa.Column("issued_at", UTC(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_card"),
        sa.UniqueConstraint("number", name="uq_card_number"),
    )
    op.create_index("ix_card_contact_id", "card", ["contact_id"])
