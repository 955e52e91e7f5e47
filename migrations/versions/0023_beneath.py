"""Why an address stays on the list of those never mailed when the person takes their own word back."""

import sqlalchemy as sa
from alembic import op

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Empty for all that are on it: what was replaced before is not known."""
    op.add_column("suppression", sa.Column("beneath", sa.String(16), server_default="", nullable=False))
