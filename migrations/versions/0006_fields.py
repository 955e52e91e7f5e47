"""Fields that a firm adds for itself, more about companies and people, and where each datum is from."""

import sqlalchemy as sa
from alembic import op

from campaigns.database import UTC, BigId

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

_NUMBERED = sa.text("number IS NOT NULL")


def upgrade() -> None:
    """Three new tables and some columns; nothing that is there changes."""
    op.create_table(
        "field",
        sa.Column("id", BigId, autoincrement=True, nullable=False),
        sa.Column("about", sa.String(length=8), nullable=False),
        sa.Column("key", _exact(60), nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("kind", sa.String(length=8), nullable=False),
        sa.Column("section", sa.String(length=100), nullable=False),
        sa.Column("position", BigId, nullable=False),
        sa.Column("options", sa.JSON(), nullable=False),
        sa.Column("unit", sa.String(length=20), nullable=False),
        sa.Column("shared", sa.Boolean(), nullable=False),
        sa.Column("created_at", UTC(), nullable=False),
        sa.Column("archived_at", UTC(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_field")),
        sa.UniqueConstraint("about", "key", name=op.f("uq_field_about_key")),
    )
    for of in ("contact", "company"):
        _values(of)
    _companies()
    _contacts()


def _exact(length: int) -> sa.String:
    return sa.String(length=length).with_variant(sa.String(length=length, collation="C"), "postgresql")


def _values(of: str) -> None:
    table = f"{of}_value"
    op.create_table(
        table,
        sa.Column("field_id", BigId, nullable=False),
        sa.Column("word", _exact(120), nullable=False),
        sa.Column(f"{of}_id", BigId, nullable=False),
        sa.Column("number", sa.Double(), nullable=True),
        sa.ForeignKeyConstraint(
            ["field_id"], ["field.id"], name=op.f(f"fk_{table}_field_id_field"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            [f"{of}_id"], [f"{of}.id"], name=op.f(f"fk_{table}_{of}_id_{of}"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("field_id", "word", f"{of}_id", name=op.f(f"pk_{table}")),
        sqlite_with_rowid=False,
    )
    op.create_index(f"ix_{table}_{of}_id_field_id", table, [f"{of}_id", "field_id"])
    op.create_index(
        f"ix_{table}_field_id_number_{of}_id",
        table,
        ["field_id", "number", f"{of}_id"],
        sqlite_where=_NUMBERED,
        postgresql_where=_NUMBERED,
    )


def _companies() -> None:
    op.add_column("company", sa.Column("legal_form", sa.String(length=60), nullable=False, server_default=""))
    op.add_column("company", sa.Column("headcount", BigId, nullable=True))
    op.add_column("company", sa.Column("fields", sa.JSON(), nullable=False, server_default="{}"))
    op.add_column("company", sa.Column("parent_id", BigId, nullable=True))
    op.create_index("ix_company_parent_id", "company", ["parent_id"])


def _contacts() -> None:
    for name in ("decision_role", "channel"):
        op.add_column("contact", sa.Column(name, sa.String(length=12), nullable=False, server_default=""))
    op.add_column("contact", sa.Column("handles", sa.JSON(), nullable=False, server_default="[]"))
    op.add_column("contact", sa.Column("origins", sa.JSON(), nullable=False, server_default="{}"))
    op.add_column("contact", sa.Column("verified_at", UTC(), nullable=True))
    op.create_index("ix_contact_known_since", "contact", [sa.text("coalesce(verified_at, created_at)"), "id"])
