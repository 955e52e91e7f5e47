"""Files that somebody asked for, and what was given to ad platforms."""

import sqlalchemy as sa
from alembic import op

from campaigns.database import UTC, BigId

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Two new tables."""
    op.create_table(
        "export",
        sa.Column("id", BigId, autoincrement=True, nullable=False),
        sa.Column("status", sa.String(length=12), nullable=False),
        sa.Column("error", sa.Text(), nullable=False),
        sa.Column("lease_until", UTC(), nullable=True),
        sa.Column("fence", BigId, nullable=False),
        sa.Column("created_at", UTC(), nullable=False),
        sa.Column("started_at", UTC(), nullable=True),
        sa.Column("finished_at", UTC(), nullable=True),
        sa.Column("subject", sa.String(length=12), nullable=False),
        sa.Column("format", sa.String(length=8), nullable=False),
        sa.Column("chosen", sa.JSON(), nullable=False),
        sa.Column("options", sa.JSON(), nullable=False),
        sa.Column("title", sa.String(length=300), nullable=False),
        sa.Column("expected", BigId, nullable=False),
        sa.Column("rows", BigId, nullable=False),
        sa.Column("after", sa.JSON(), nullable=False),
        sa.Column("written", BigId, nullable=False),
        sa.Column("size", BigId, nullable=False),
        sa.Column("removed", BigId, nullable=False),
        sa.Column("removal_confirmed_at", UTC(), nullable=True),
        sa.Column("expires_at", UTC(), nullable=True),
        sa.Column("user_id", BigId, nullable=True),
        sa.ForeignKeyConstraint(
            ["user_id"], ["user.id"], name=op.f("fk_export_user_id_user"), ondelete="SET NULL"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_export")),
    )
    op.create_index("ix_export_status", "export", ["status"])
    op.create_index("ix_export_user_id", "export", ["user_id"])
    op.create_table(
        "ad_given",
        sa.Column("list_key", _exact(80), nullable=False),
        sa.Column("email_mark", _exact(64), nullable=False),
        sa.Column("phone_mark", _exact(64), nullable=False),
        sa.Column("export_id", BigId, nullable=False),
        sa.Column("given_at", UTC(), nullable=False),
        sa.PrimaryKeyConstraint("list_key", "email_mark", name=op.f("pk_ad_given")),
    )
    op.create_index("ix_ad_given_list_key_export_id", "ad_given", ["list_key", "export_id"])


def _exact(length: int) -> sa.String:
    return sa.String(length=length).with_variant(sa.String(length=length, collation="C"), "postgresql")
