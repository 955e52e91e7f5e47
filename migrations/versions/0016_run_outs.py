"""When what somebody bought is used up."""

import sqlalchemy as sa
from alembic import op

from campaigns.database import BigId

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """How long a piece lasts, and for whom what runs out when."""
    op.add_column("product", sa.Column("lasts_days", BigId, nullable=True))
    op.add_column("product", sa.Column("renewed_to", BigId, nullable=True))
    op.create_table(
        "run_out",
        _to("contact"),
        _to("product"),
        sa.Column("day", sa.Date(), nullable=False),
        sa.PrimaryKeyConstraint("contact_id", "product_id", name=op.f("pk_run_out")),
    )
    op.create_index("ix_run_out_product_id_day", "run_out", ["product_id", "day", "contact_id"])
    op.create_index("ix_run_out_day", "run_out", ["day", "contact_id"])


def _to(table: str) -> sa.Column[int]:
    name = op.f(f"fk_run_out_{table}_id_{table}")
    key = sa.ForeignKey(f"{table}.id", name=name, ondelete="CASCADE")
    return sa.Column(f"{table}_id", BigId, key, nullable=False)
