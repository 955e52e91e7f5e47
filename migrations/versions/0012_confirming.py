"""Columns of imports taken into fields, and letters that ask people to confirm their details."""

import sqlalchemy as sa
from alembic import op

from campaigns.database import UTC, BigId

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Two new tables."""
    op.create_table(
        "field_adoption",
        sa.Column("id", BigId, autoincrement=True, nullable=False),
        sa.Column("status", sa.String(length=12), nullable=False),
        sa.Column("error", sa.Text(), nullable=False),
        sa.Column("lease_until", UTC(), nullable=True),
        sa.Column("fence", BigId, nullable=False),
        sa.Column("created_at", UTC(), nullable=False),
        sa.Column("started_at", UTC(), nullable=True),
        sa.Column("finished_at", UTC(), nullable=True),
        sa.Column("field_id", BigId, nullable=False),
        sa.Column("after", BigId, nullable=False),
        sa.Column("looked_at", BigId, nullable=False),
        sa.Column("taken", BigId, nullable=False),
        sa.Column("unfit", BigId, nullable=False),
        sa.Column("examples", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(
            ["field_id"], ["field.id"], name=op.f("fk_field_adoption_field_id_field"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_field_adoption")),
    )
    op.create_index("ix_field_adoption_status", "field_adoption", ["status"])
    op.create_index("ix_field_adoption_field_id", "field_adoption", ["field_id"])
    op.create_table(
        "details_request",
        sa.Column("id", BigId, autoincrement=True, nullable=False),
        sa.Column("contact_id", BigId, nullable=False),
        sa.Column("status", sa.String(length=8), nullable=False),
        sa.Column("reason", sa.String(length=300), nullable=False),
        sa.Column("user_id", BigId, nullable=True),
        sa.Column("asked_at", UTC(), nullable=False),
        sa.Column("sent_at", UTC(), nullable=True),
        sa.Column("answered_at", UTC(), nullable=True),
        sa.ForeignKeyConstraint(
            ["contact_id"],
            ["contact.id"],
            name=op.f("fk_details_request_contact_id_contact"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["user_id"], ["user.id"], name=op.f("fk_details_request_user_id_user"), ondelete="SET NULL"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_details_request")),
    )
    op.create_index("ix_details_request_status_id", "details_request", ["status", "id"])
    op.create_index("ix_details_request_contact_id", "details_request", ["contact_id"])
