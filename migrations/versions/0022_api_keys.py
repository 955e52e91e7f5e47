"""Keys of other programs, and how these name what they note."""

import sqlalchemy as sa
from alembic import op

from campaigns.database import UTC, BigId

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Nobody has a key yet, and what was noted till now came from people."""
    op.create_table(
        "api_key",
        sa.Column("id", BigId, primary_key=True),
        sa.Column("name", sa.String(120), nullable=False),
        sa.Column("hash", sa.String(64), nullable=False),
        sa.Column("scopes", sa.JSON(), nullable=False),
        sa.Column("created_at", UTC(), nullable=False),
        sa.Column("user_id", BigId),
        sa.Column("last_used_on", sa.Date()),
        sa.Column("revoked_at", UTC()),
        sa.ForeignKeyConstraint(
            ["user_id"], ["user.id"], name="fk_api_key_user_id_user", ondelete="SET NULL"
        ),
        sa.UniqueConstraint("hash", name="uq_api_key_hash"),
    )
    op.add_column("purchase", sa.Column("reference", sa.String(80)))
    op.create_index(
        "ix_purchase_reference",
        "purchase",
        ["reference"],
        unique=True,
        sqlite_where=sa.text("reference IS NOT NULL"),
        postgresql_where=sa.text("reference IS NOT NULL"),
    )
