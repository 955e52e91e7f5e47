"""A sender may have a second key, whose signatures stand beside those of the first."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Let it be empty for all senders there are, and for those that an older version still makes."""
    op.add_column("sender", sa.Column("second_selector", sa.String(63), nullable=False, server_default=""))
    op.add_column("sender", sa.Column("second_key", sa.Text(), nullable=False, server_default=""))
