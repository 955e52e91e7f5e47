"""What was changed on many contacts at once, so that it can be undone; and the work of changing them."""

import sqlalchemy as sa
from alembic import op

from campaigns.database import UTC, BigId

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

_LEFT = sa.text("something_left")


def upgrade() -> None:
    """Four new tables."""
    op.create_table(
        "change_set",
        sa.Column("id", BigId, autoincrement=True, nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("reference", sa.String(length=60), nullable=False),
        sa.Column("title", sa.String(length=300), nullable=False),
        sa.Column("at", UTC(), nullable=False),
        sa.Column("closed_at", UTC(), nullable=True),
        sa.Column("contacts", BigId, nullable=False),
        sa.Column("user_id", BigId, nullable=True),
        sa.Column("undo_after", BigId, nullable=False),
        sa.Column("restored", BigId, nullable=False),
        sa.Column("left_alone", BigId, nullable=False),
        sa.Column("undone_at", UTC(), nullable=True),
        sa.Column("undone_by", BigId, nullable=True),
        _user("change_set", "user_id"),
        _user("change_set", "undone_by"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_change_set")),
    )
    op.create_index("ix_change_set_at", "change_set", ["at"])
    op.create_index("ix_change_set_reference", "change_set", ["reference"])
    op.create_table(
        "change",
        sa.Column("set_id", BigId, nullable=False),
        sa.Column("contact_id", BigId, nullable=False),
        sa.Column("before", sa.JSON(), nullable=False),
        sa.Column("after", sa.JSON(), nullable=False),
        sa.Column("something_left", sa.Boolean(), nullable=False),
        sa.Column("what_left", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(
            ["set_id"], ["change_set.id"], name=op.f("fk_change_set_id_change_set"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["contact_id"], ["contact.id"], name=op.f("fk_change_contact_id_contact"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("set_id", "contact_id", name=op.f("pk_change")),
    )
    op.create_index("ix_change_contact_id", "change", ["contact_id"])
    op.create_index(
        "ix_change_set_id_left",
        "change",
        ["set_id", "contact_id"],
        sqlite_where=_LEFT,
        postgresql_where=_LEFT,
    )
    op.create_table(
        "undo_work",
        *_work(),
        sa.Column("change_set_id", BigId, nullable=False),
        sa.Column("user_id", BigId, nullable=True),
        sa.ForeignKeyConstraint(
            ["change_set_id"],
            ["change_set.id"],
            name=op.f("fk_undo_work_change_set_id_change_set"),
            ondelete="CASCADE",
        ),
        _user("undo_work", "user_id"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_undo_work")),
        sa.UniqueConstraint("change_set_id", name=op.f("uq_undo_work_change_set_id")),
    )
    op.create_index("ix_undo_work_status", "undo_work", ["status"])
    op.create_table(
        "bulk_edit",
        *_work(),
        sa.Column("act", sa.String(length=24), nullable=False),
        sa.Column("form", sa.JSON(), nullable=False),
        sa.Column("chosen", sa.JSON(), nullable=False),
        sa.Column("title", sa.String(length=300), nullable=False),
        sa.Column("matching", BigId, nullable=False),
        sa.Column("looked_at", BigId, nullable=False),
        sa.Column("changed", BigId, nullable=False),
        sa.Column("after", BigId, nullable=False),
        sa.Column("change_set_id", BigId, nullable=True),
        sa.Column("user_id", BigId, nullable=True),
        sa.ForeignKeyConstraint(
            ["change_set_id"],
            ["change_set.id"],
            name=op.f("fk_bulk_edit_change_set_id_change_set"),
            ondelete="SET NULL",
        ),
        _user("bulk_edit", "user_id"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_bulk_edit")),
    )
    op.create_index("ix_bulk_edit_status", "bulk_edit", ["status"])


def _work() -> list[sa.Column]:
    return [
        sa.Column("id", BigId, autoincrement=True, nullable=False),
        sa.Column("status", sa.String(length=12), nullable=False),
        sa.Column("error", sa.Text(), nullable=False),
        sa.Column("lease_until", UTC(), nullable=True),
        sa.Column("fence", BigId, nullable=False),
        sa.Column("created_at", UTC(), nullable=False),
        sa.Column("started_at", UTC(), nullable=True),
        sa.Column("finished_at", UTC(), nullable=True),
    ]


def _user(table: str, column: str) -> sa.ForeignKeyConstraint:
    name = op.f(f"fk_{table}_{column}_user")
    return sa.ForeignKeyConstraint([column], ["user.id"], name=name, ondelete="SET NULL")
