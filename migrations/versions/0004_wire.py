"""Segments know which of their messages may be on the wire; messages are no longer claimed one by one."""

import sqlalchemy as sa
from alembic import op

from campaigns.database import UTC, db_now

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

_message = sa.table("message", sa.column("status", sa.String), sa.column("reason", sa.String))
_segment = sa.table(
    "segment",
    sa.column("owner", sa.String),
    sa.column("lease_until", UTC),
    sa.column("due_at", UTC),
    sa.column("fence", sa.BigInteger),
)


def upgrade() -> None:
    """Add the columns, and end the leases of a version that claimed each message."""
    with op.batch_alter_table("segment") as table:
        table.add_column(sa.Column("wire", sa.JSON(), nullable=False, server_default="[]"))
        table.add_column(sa.Column("marked_at", UTC(), nullable=True))
    op.execute(sa.update(_message).where(_message.c.status == "claimed").values(status="planned"))
    op.execute(
        sa.update(_message)
        .where(_message.c.status == "handed_over")
        .values(status="uncertain", reason="worker_lost")
    )
    op.execute(
        sa.update(_segment)
        .where(_segment.c.lease_until.is_not(None))
        .values(owner="", lease_until=None, due_at=db_now(), fence=_segment.c.fence + 1)
    )
