"""What a colleague's contacts have before them is counted from an index of its own."""

import sqlalchemy as sa
from alembic import op

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Contacts of nobody are not in it, so that bringing in a million of them costs no more than before."""
    op.create_index(
        "ix_contact_owner_id_next_step_on_id",
        "contact",
        ["owner_id", "next_step_on", "id"],
        sqlite_where=sa.text("owner_id IS NOT NULL"),
        postgresql_where=sa.text("owner_id IS NOT NULL"),
    )
