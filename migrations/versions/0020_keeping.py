"""People whose data are kept and not used, how long all is kept, and what the records of processing say."""

import sqlalchemy as sa
from alembic import op

from campaigns.database import UTC, BigId

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None

_RESTRICTED = sa.text("restricted_at IS NOT NULL")


def upgrade() -> None:
    """Since when, why and by whom somebody's data are not to be used; the organisation's time limits."""
    op.add_column("contact", sa.Column("restricted_at", UTC(), nullable=True))
    op.add_column("contact", sa.Column("restricted_why", sa.String(12), server_default="", nullable=False))
    op.add_column("contact", sa.Column("restricted_note", sa.String(300), server_default="", nullable=False))
    op.add_column("contact", sa.Column("restricted_by", BigId, nullable=True))
    op.create_index(
        "ix_contact_restricted", "contact", ["id"],
        sqlite_where=_RESTRICTED, postgresql_where=_RESTRICTED,
    )  # fmt: skip
    silent = sa.text("coalesce(last_contact_at, created_at)")
    op.create_index("ix_contact_silent_since", "contact", [silent, "id"])
    op.add_column("organisation", sa.Column("keep_hits", BigId, server_default="13", nullable=False))
    op.add_column("organisation", sa.Column("review_after", BigId, server_default="24", nullable=False))
    op.add_column("organisation", sa.Column("consent_expires", BigId, server_default="0", nullable=False))
    op.add_column("organisation", sa.Column("hits_kept_from", UTC(), nullable=True))
    op.add_column("organisation", sa.Column("records", sa.JSON(), server_default="{}", nullable=False))
    op.add_column("organisation", sa.Column("grounds", sa.JSON(), server_default="{}", nullable=False))
