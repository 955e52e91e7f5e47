"""Erasures, letters with one's own data, and numbers of contacts that are never given twice."""

import sqlalchemy as sa
from alembic import op

from campaigns import schema
from campaigns.database import UTC, BigId

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """The table of erasures; on SQLite a contact's number is not given to the next one any more."""
    op.create_table(
        "erasure",
        sa.Column("id", BigId, autoincrement=True, nullable=False),
        sa.Column("gone_id", BigId, nullable=False),
        sa.Column("why", sa.String(12), nullable=False),
        sa.Column("known", sa.Text(), nullable=False),
        sa.Column("gone", sa.JSON(), nullable=False),
        sa.Column("elsewhere", sa.JSON(), nullable=False),
        sa.Column(
            "user_id", BigId, sa.ForeignKey("user.id", name="fk_erasure_user_id_user", ondelete="SET NULL")
        ),
        sa.Column("status", sa.String(12), nullable=False),
        sa.Column("error", sa.Text(), nullable=False),
        sa.Column("lease_until", UTC()),
        sa.Column("fence", BigId, nullable=False),
        sa.Column("created_at", UTC(), nullable=False),
        sa.Column("started_at", UTC()),
        sa.Column("finished_at", UTC()),
        sa.PrimaryKeyConstraint("id", name="pk_erasure"),
    )
    op.create_index("ix_erasure_gone_id", "erasure", ["gone_id"])
    op.create_index("ix_erasure_status", "erasure", ["status"])
    op.add_column(
        "details_request", sa.Column("own_wish", sa.Boolean(), nullable=False, server_default=sa.false())
    )
    if op.get_bind().dialect.name == "sqlite":
        for table in ("contact", "details_request"):  # their numbers stand in links of letters
            schema.rebuild(op.get_bind(), table, _never_twice)


def _never_twice(made: str) -> str:
    return made.replace("PRIMARY KEY (id)", "PRIMARY KEY (id AUTOINCREMENT)")
