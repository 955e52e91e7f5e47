"""How often somebody wants letters."""

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Empty for everybody: as letters come."""
    op.add_column("contact", sa.Column("rhythm", sa.String(12), server_default="", nullable=False))
