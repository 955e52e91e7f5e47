"""How fast senders may send and domains may be sent to, and the buckets that hold them to it."""

import sqlalchemy as sa
from alembic import op

from campaigns.database import UTC, BigId

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Two new tables; nothing is limited until somebody says so."""
    op.create_table(
        "sender_pace",
        sa.Column("sender_id", BigId, autoincrement=False, nullable=False),
        *_rate(),
        sa.Column("warm_from", sa.Date(), nullable=True),
        sa.Column("warm_day", sa.Date(), nullable=True),
        sa.Column("warm_taken", BigId, nullable=False),
        sa.ForeignKeyConstraint(
            ["sender_id"], ["sender.id"], name=op.f("fk_sender_pace_sender_id_sender"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("sender_id", name=op.f("pk_sender_pace")),
    )
    op.create_table(
        "domain_pace",
        sa.Column(
            "domain",
            sa.String(length=253).with_variant(sa.String(length=253, collation="C"), "postgresql"),
            nullable=False,
        ),
        *_rate(),
        sa.Column("chosen", sa.Boolean(), nullable=False),
        sa.Column("at_once", BigId, nullable=True),
        sa.Column("held_until", UTC(), nullable=True),
        sa.Column("held_for", sa.String(length=300), nullable=False),
        sa.Column("holds", BigId, nullable=False),
        sa.PrimaryKeyConstraint("domain", name=op.f("pk_domain_pace")),
    )
    op.create_index("ix_domain_pace_held_until", "domain_pace", ["held_until"], unique=False)
    op.create_index(
        "ix_domain_pace_chosen",
        "domain_pace",
        ["chosen"],
        unique=False,
        sqlite_where=sa.text("chosen"),
        postgresql_where=sa.text("chosen"),
    )


def _rate() -> list[sa.Column]:
    return [
        sa.Column("letters", BigId, nullable=True),
        sa.Column("per", BigId, nullable=False),
        sa.Column("burst", BigId, nullable=False),
        sa.Column("empty_at", UTC(), nullable=True),
    ]
