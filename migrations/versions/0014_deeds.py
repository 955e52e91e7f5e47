"""What people bought and did is counted from indexes alone."""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

_WITH_SOURCE = sa.text("source != ''")


def upgrade() -> None:
    """Indexes that hold all that rules ask of purchases and activities, in place of narrower ones."""
    more = ["quantity", "amount", "currency"]
    op.drop_index("ix_purchase_product_id", table_name="purchase")
    op.create_index(
        "ix_purchase_product_id_contact_id", "purchase", ["product_id", "contact_id", "at", *more]
    )
    op.drop_index("ix_purchase_contact_id_at", table_name="purchase")
    op.create_index("ix_purchase_contact_id_at", "purchase", ["contact_id", "at", *more])
    op.drop_index("ix_activity_kind_at", table_name="activity")
    op.create_index("ix_activity_kind_at", "activity", ["kind", "at", "id", "contact_id"])
    op.create_index(
        "ix_activity_source_kind_contact_id", "activity", ["source", "kind", "contact_id", "at"],
        sqlite_where=_WITH_SOURCE, postgresql_where=_WITH_SOURCE,
    )  # fmt: skip
