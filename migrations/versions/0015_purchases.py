"""Who bought something lately is found without reading what was bought before."""

from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """One more index, in the order of time."""
    op.create_index("ix_purchase_at_contact_id", "purchase", ["at", "contact_id"])
