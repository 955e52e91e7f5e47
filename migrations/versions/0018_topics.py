"""Topics of letters; and entries of the ledger that can go without a look through all states."""

import re

import sqlalchemy as sa
from alembic import op

from campaigns import schema
from campaigns.database import UTC, BigId

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None

_KEY = "fk_consent_event_id_consent_event"


def upgrade() -> None:
    """The table of topics; `consent` no longer asks whether the entry that set a state is there.

    That key had no index, so each deleted entry of the ledger cost a look through all states. Both go
    with their contact anyway.
    """
    op.create_table(
        "topic",
        sa.Column("id", BigId, autoincrement=True, nullable=False),
        sa.Column("key", sa.String(40), nullable=False),
        sa.Column("name", sa.String(120), nullable=False),
        sa.Column("about", sa.String(300), nullable=False),
        sa.Column("words", sa.JSON(), nullable=False),
        sa.Column("place", BigId, nullable=False),
        sa.Column("offered", sa.Boolean(), nullable=False),
        sa.Column("created_at", UTC(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_topic"),
        sa.UniqueConstraint("key", name="uq_topic_key"),
    )
    if op.get_bind().dialect.name == "sqlite":
        schema.rebuild(op.get_bind(), "consent", _without_key)
    else:
        op.drop_constraint(_KEY, "consent")


def _without_key(made: str) -> str:
    key = (
        rf",\s*CONSTRAINT {_KEY} FOREIGN KEY ?\(event_id\) REFERENCES consent_event \(id\) ON DELETE CASCADE"
    )
    new, times = re.subn(key, "", made)
    if times != 1:
        raise RuntimeError("The table of consent is not as the release before made it.")
    return new
