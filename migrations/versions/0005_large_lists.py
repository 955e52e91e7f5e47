"""Lists and reports that stay quick with a million contacts: indexes in their order, and kept counts."""

import sqlalchemy as sa
from alembic import op

from campaigns.database import UTC, BigId

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

_OPEN = sa.text("done_at IS NULL")


def upgrade() -> None:
    """Change the indexes, and make a place for what is counted in the background."""
    op.drop_index("ix_next_step_done_at_due_on", table_name="next_step")
    for columns in (["due_on", "id"], ["user_id", "due_on", "id"]):
        name = f"ix_next_step_{'_'.join(columns)}"
        op.create_index(name, "next_step", columns, sqlite_where=_OPEN, postgresql_where=_OPEN)
    op.drop_index("ix_contact_owner_id", table_name="contact")
    op.create_index("ix_contact_owner_id_name_key_id", "contact", ["owner_id", "name_key", "id"])
    op.drop_index("ix_message_campaign_id_status_id", table_name="message")
    op.create_index(
        "ix_message_campaign_id_status_id_reason", "message", ["campaign_id", "status", "id", "reason"]
    )
    op.add_column("audience", sa.Column("left_out", sa.JSON(), nullable=False, server_default="{}"))
    op.execute("UPDATE audience SET counted = NULL, counted_at = NULL")  # to be counted with the reasons
    op.create_table(
        "tally",
        sa.Column("campaign_id", BigId, nullable=False),
        sa.Column("settled", sa.Boolean(), nullable=False),
        sa.Column("account", sa.JSON(), nullable=False),
        sa.Column("domains", sa.JSON(), nullable=False),
        sa.Column("coverage", sa.JSON(), nullable=False),
        sa.Column("counted_at", UTC(), nullable=False),
        sa.ForeignKeyConstraint(["campaign_id"], ["campaign.id"], name=op.f("fk_tally_campaign_id_campaign")),
        sa.PrimaryKeyConstraint("campaign_id", name=op.f("pk_tally")),
    )
