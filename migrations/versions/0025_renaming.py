"""Options of fields that are given another name."""

import sqlalchemy as sa
from alembic import op

from campaigns.database import UTC, BigId

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Nothing was renamed yet."""
    op.create_table(
        "option_renaming",
        sa.Column("id", BigId, autoincrement=True, nullable=False),
        sa.Column("status", sa.String(length=12), nullable=False),
        sa.Column("error", sa.Text(), nullable=False),
        sa.Column("lease_until", UTC(), nullable=True),
        sa.Column("fence", BigId, nullable=False),
        sa.Column("created_at", UTC(), nullable=False),
        sa.Column("started_at", UTC(), nullable=True),
        sa.Column("finished_at", UTC(), nullable=True),
        sa.Column("field_id", BigId, nullable=False),
        sa.Column("old", sa.String(length=100), nullable=False),
        sa.Column("new", sa.String(length=100), nullable=False),
        sa.Column("matching", BigId, nullable=False),
        sa.Column("after", BigId, nullable=False),
        sa.Column("changed", BigId, nullable=False),
        sa.Column("changed_before", BigId, nullable=False),
        sa.ForeignKeyConstraint(
            ["field_id"], ["field.id"], name=op.f("fk_option_renaming_field_id_field"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_option_renaming")),
    )
    op.create_index("ix_option_renaming_status", "option_renaming", ["status"])
    op.create_index("ix_option_renaming_field_id", "option_renaming", ["field_id"])
