"""Pairs that look like one person, merges that can be taken back, and what is known of mail domains."""

import sqlalchemy as sa
from alembic import op

from campaigns.database import UTC, BigId

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Seven new tables."""
    _who_is_who()
    _pairs()
    _runs()


def _exact(length: int) -> sa.String:
    return sa.String(length=length).with_variant(sa.String(length=length, collation="C"), "postgresql")


def _key(table: str, column: str, other: str, ondelete: str = "CASCADE") -> sa.ForeignKeyConstraint:
    name = op.f(f"fk_{table}_{column}_{other}")
    return sa.ForeignKeyConstraint([column], [f"{other}.id"], name=name, ondelete=ondelete)


def _filled(name: str, table: str, column: str) -> None:
    there = sa.text(f"{column} != ''")
    op.create_index(name, table, [column], sqlite_where=there, postgresql_where=there)


def _who_is_who() -> None:
    op.create_table(
        "merged_contact",
        sa.Column("gone_id", BigId, autoincrement=False, nullable=False),
        sa.Column("contact_id", BigId, nullable=False),
        _key("merged_contact", "contact_id", "contact"),
        sa.PrimaryKeyConstraint("gone_id", name=op.f("pk_merged_contact")),
    )
    op.create_index("ix_merged_contact_contact_id", "merged_contact", ["contact_id"])
    op.create_table(
        "further_address",
        sa.Column("email", _exact(254), nullable=False),
        sa.Column("contact_id", BigId, nullable=False),
        sa.Column("added_at", UTC(), nullable=False),
        _key("further_address", "contact_id", "contact"),
        sa.PrimaryKeyConstraint("email", name=op.f("pk_further_address")),
    )
    op.create_index("ix_further_address_contact_id", "further_address", ["contact_id"])


def _pairs() -> None:
    op.create_table(
        "duplicate",
        sa.Column("id", BigId, autoincrement=True, nullable=False),
        sa.Column("a_id", BigId, nullable=False),
        sa.Column("b_id", BigId, nullable=False),
        sa.Column("reasons", sa.JSON(), nullable=False),
        sa.Column("score", sa.SmallInteger(), nullable=False),
        sa.Column("status", sa.String(length=12), nullable=False),
        sa.Column("run_id", BigId, nullable=False),
        sa.Column("found_at", UTC(), nullable=False),
        sa.Column("decided_at", UTC(), nullable=True),
        sa.Column("decided_by", BigId, nullable=True),
        sa.CheckConstraint("a_id < b_id", name=op.f("ck_duplicate_in_order")),
        _key("duplicate", "a_id", "contact"),
        _key("duplicate", "b_id", "contact"),
        _key("duplicate", "decided_by", "user", "SET NULL"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_duplicate")),
        sa.UniqueConstraint("a_id", "b_id", name=op.f("uq_duplicate_a_id_b_id")),
    )
    op.create_index("ix_duplicate_b_id", "duplicate", ["b_id"])
    op.create_index("ix_duplicate_status_score_id", "duplicate", ["status", "score", "id"])
    op.create_table(
        "contact_merge",
        sa.Column("id", BigId, autoincrement=True, nullable=False),
        sa.Column("contact_id", BigId, nullable=False),
        sa.Column("into_id", BigId, nullable=False),
        sa.Column("gone_id", BigId, nullable=False),
        sa.Column("gone_label", sa.String(length=420), nullable=False),
        sa.Column("reasons", sa.JSON(), nullable=False),
        sa.Column("score", sa.SmallInteger(), nullable=False),
        sa.Column("before", sa.JSON(), nullable=False),
        sa.Column("after", sa.JSON(), nullable=False),
        sa.Column("moved", sa.JSON(), nullable=False),
        sa.Column("at", UTC(), nullable=False),
        sa.Column("user_id", BigId, nullable=True),
        sa.Column("undone_at", UTC(), nullable=True),
        sa.Column("undone_by", BigId, nullable=True),
        sa.Column("left", sa.JSON(), nullable=False),
        _key("contact_merge", "contact_id", "contact"),
        _key("contact_merge", "user_id", "user", "SET NULL"),
        _key("contact_merge", "undone_by", "user", "SET NULL"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_contact_merge")),
    )
    op.create_index("ix_contact_merge_contact_id_id", "contact_merge", ["contact_id", "id"])
    op.create_index("ix_contact_merge_gone_id", "contact_merge", ["gone_id"])


def _runs() -> None:
    op.create_table(
        "cleaning_run",
        sa.Column("id", BigId, autoincrement=True, nullable=False),
        sa.Column("status", sa.String(length=12), nullable=False),
        sa.Column("error", sa.Text(), nullable=False),
        sa.Column("lease_until", UTC(), nullable=True),
        sa.Column("fence", BigId, nullable=False),
        sa.Column("created_at", UTC(), nullable=False),
        sa.Column("started_at", UTC(), nullable=True),
        sa.Column("finished_at", UTC(), nullable=True),
        sa.Column("scope", sa.String(length=12), nullable=False),
        sa.Column("phase", sa.String(length=12), nullable=False),
        sa.Column("after", sa.JSON(), nullable=False),
        sa.Column("since", UTC(), nullable=True),
        sa.Column("total", BigId, nullable=False),
        sa.Column("looked_at", BigId, nullable=False),
        sa.Column("found", BigId, nullable=False),
        sa.Column("passed_over", BigId, nullable=False),
        sa.Column("counts", sa.JSON(), nullable=False),
        sa.Column("user_id", BigId, nullable=True),
        _key("cleaning_run", "user_id", "user", "SET NULL"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_cleaning_run")),
    )
    op.create_index("ix_cleaning_run_status", "cleaning_run", ["status"])
    op.create_table(
        "looked_at",
        sa.Column("contact_id", BigId, autoincrement=False, nullable=False),
        sa.Column("seen", BigId, nullable=False),
        sa.Column("mailbox", _exact(254), nullable=False),
        sa.Column("fault", sa.String(length=24), nullable=False),
        _key("looked_at", "contact_id", "contact"),
        sa.PrimaryKeyConstraint("contact_id", name=op.f("pk_looked_at")),
    )
    _filled("ix_looked_at_mailbox", "looked_at", "mailbox")
    _filled("ix_looked_at_fault", "looked_at", "fault")
    op.create_table(
        "mail_domain",
        sa.Column("domain", _exact(253), nullable=False),
        sa.Column("contacts", BigId, nullable=False),
        sa.Column("mail", sa.String(length=12), nullable=False),
        sa.Column("checked_at", UTC(), nullable=True),
        sa.Column("due_at", UTC(), nullable=False),
        sa.Column("failures", sa.SmallInteger(), nullable=False),
        sa.Column("disposable", sa.Boolean(), nullable=False),
        sa.Column("meant", _exact(253), nullable=False),
        sa.Column("dismissed", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("domain", name=op.f("pk_mail_domain")),
    )
    for column in ("due_at", "mail", "contacts"):
        op.create_index(f"ix_mail_domain_{column}", "mail_domain", [column])
