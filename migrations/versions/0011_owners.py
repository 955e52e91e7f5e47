"""The contacts of one owner, those last spoken to first."""

from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the index."""
    op.create_index(
        "ix_contact_owner_id_last_contact_at_id", "contact", ["owner_id", "last_contact_at", "id"]
    )
