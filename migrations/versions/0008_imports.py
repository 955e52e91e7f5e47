"""Imports that can be looked at ahead and undone; links of labels that cost little to write."""

import sqlalchemy as sa
from alembic import op

from campaigns.database import BigId

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add what undoing needs to know, and drop the foreign keys of the links."""
    op.add_column("contact", sa.Column("import_id", BigId, nullable=True))
    op.create_index("ix_contact_import_id_id", "contact", ["import_id", "id"])
    op.add_column("consent_event", sa.Column("undoes", BigId, nullable=True))
    op.add_column("import", sa.Column("format", sa.String(8), nullable=False, server_default="text"))
    op.add_column("import", sa.Column("difference", sa.JSON(), nullable=False, server_default="{}"))
    op.add_column("import", sa.Column("undone", sa.JSON(), nullable=False, server_default="{}"))
    op.create_table(
        "import_made",
        sa.Column("import_id", BigId, autoincrement=False, nullable=False),
        sa.Column("kind", sa.String(12), nullable=False),
        sa.Column("made_id", BigId, autoincrement=False, nullable=False),
        sa.ForeignKeyConstraint(
            ["import_id"], ["import.id"], name=op.f("fk_import_made_import_id_import"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("import_id", "kind", "made_id", name=op.f("pk_import_made")),
    )
    for name, other in (("contact_category", "category"), ("contact_tag", "tag")):
        _loosen(name, other)


def _loosen(name: str, other: str) -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.drop_constraint(f"fk_{name}_contact_id_contact", name, type_="foreignkey")
        op.drop_constraint(f"fk_{name}_{other}_id_{other}", name, type_="foreignkey")
        return
    index = f"ix_{name}_{other}_id_contact_id"
    op.drop_index(index, table_name=name)
    op.rename_table(name, "links_before")
    op.create_table(
        name,
        sa.Column("contact_id", BigId, autoincrement=False, nullable=False),
        sa.Column(f"{other}_id", BigId, autoincrement=False, nullable=False),
        sa.PrimaryKeyConstraint("contact_id", f"{other}_id", name=op.f(f"pk_{name}")),
        sqlite_with_rowid=False,
    )
    op.execute(f"INSERT INTO {name} SELECT contact_id, {other}_id FROM links_before ORDER BY 1, 2")
    op.drop_table("links_before")
    op.create_index(index, name, [f"{other}_id", "contact_id"])
