"""Forms on which people sign themselves up, what they filled in, and the letters that ask them to confirm."""

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


def upgrade() -> None:
    """The four tables; what somebody filled in keeps its number for ever, as a link names it."""
    op.create_table(
        "form",
        sa.Column("id", BigId, autoincrement=True, nullable=False),
        sa.Column("key", sa.String(16), nullable=False),
        sa.Column("name", sa.String(120), nullable=False),
        sa.Column("open", sa.Boolean(), nullable=False),
        sa.Column("revision_id", BigId),
        sa.Column("categories", sa.JSON(), nullable=False),
        sa.Column("tags", sa.JSON(), nullable=False),
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
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("status", sa.String(8), nullable=False),
        sa.Column("reason", sa.String(300), nullable=False),
        sa.Column("asked_at", UTC(), nullable=False),
        sa.Column("sent_at", UTC()),
        sa.PrimaryKeyConstraint("id", name="pk_sign_up_letter"),
        sa.UniqueConstraint("address_hash", "day", name="uq_sign_up_letter_address_hash_day"),
        sa.UniqueConstraint("sign_up_id", "kind", name="uq_sign_up_letter_sign_up_id_kind"),
    )
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
        sa.Column("confirmed_at", UTC()),
        sa.Column(
            "contact_id",
            BigId,
            sa.ForeignKey("contact.id", name="fk_sign_up_contact_id_contact", ondelete="CASCADE"),
        ),
        sa.PrimaryKeyConstraint("id", name="pk_sign_up"),
        sqlite_autoincrement=True,
    )
    for columns in (
        ("address_hash", "at"),
        ("network", "at"),
        ("form_id", "id"),
        ("confirmed_at", "at"),
        ("contact_id",),
    ):
        op.create_index(f"ix_sign_up_{'_'.join(columns)}", "sign_up", columns)
