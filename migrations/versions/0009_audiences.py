"""Static audiences keep their members; audiences can leave out those of others."""

import sqlalchemy as sa
from alembic import op

from campaigns.database import UTC, BigId

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Three new tables; every audience that there is stays a living one."""
    op.add_column("audience", sa.Column("living", sa.Boolean(), nullable=False, server_default=sa.true()))
    op.create_table(
        "audience_taking",
        sa.Column("id", BigId, autoincrement=True, nullable=False),
        sa.Column("audience_id", BigId, nullable=False),
        sa.Column("rule", sa.Text(), nullable=False),
        sa.Column("members", BigId, nullable=False),
        sa.Column("taken_at", UTC(), nullable=False),
        _belongs("audience_taking", "audience_id", "audience"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audience_taking")),
    )
    op.create_index("ix_audience_taking_audience_id", "audience_taking", ["audience_id"])
    op.create_table(
        "audience_member",
        sa.Column("taking_id", BigId, nullable=False),
        sa.Column("contact_id", BigId, nullable=False),
        _belongs("audience_member", "taking_id", "audience_taking"),
        _belongs("audience_member", "contact_id", "contact"),
        sa.PrimaryKeyConstraint("taking_id", "contact_id", name=op.f("pk_audience_member")),
    )
    op.create_index("ix_audience_member_contact_id", "audience_member", ["contact_id"])
    op.create_table(
        "audience_exclusion",
        sa.Column("audience_id", BigId, nullable=False),
        sa.Column("other_id", BigId, nullable=False),
        _belongs("audience_exclusion", "audience_id", "audience"),
        sa.ForeignKeyConstraint(
            ["other_id"], ["audience.id"], name=op.f("fk_audience_exclusion_other_id_audience")
        ),
        sa.PrimaryKeyConstraint("audience_id", "other_id", name=op.f("pk_audience_exclusion")),
    )
    op.create_index("ix_audience_exclusion_other_id", "audience_exclusion", ["other_id"])


def _belongs(table: str, column: str, other: str) -> sa.ForeignKeyConstraint:
    """A key whose row goes with the one it names."""
    name = op.f(f"fk_{table}_{column}_{other}")
    return sa.ForeignKeyConstraint([column], [f"{other}.id"], name=name, ondelete="CASCADE")
