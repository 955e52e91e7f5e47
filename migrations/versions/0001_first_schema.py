"""The first schema: accounts, contacts, consent, crm, audiences, mailings, delivery, tracking."""

import sqlalchemy as sa
from alembic import op

from campaigns.database import UTC, BigId

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make every table."""
    op.create_table(
        "category",
        sa.Column("id", BigId, autoincrement=True, nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("key", sa.String(length=200), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_category")),
        sa.UniqueConstraint("key", name=op.f("uq_category_key")),
    )
    op.create_table(
        "company",
        sa.Column("id", BigId, autoincrement=True, nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column(
            "key",
            sa.String(length=200).with_variant(sa.String(length=200, collation="C"), "postgresql"),
            nullable=False,
        ),
        sa.Column("website", sa.String(length=300), nullable=False),
        sa.Column("industry", sa.String(length=100), nullable=False),
        sa.Column("country", sa.String(length=2), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("created_at", UTC(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_company")),
        sa.UniqueConstraint("key", name=op.f("uq_company_key")),
    )
    op.create_table(
        "hit",
        sa.Column("id", BigId, autoincrement=True, nullable=False),
        sa.Column("uid", sa.String(length=40), nullable=False),
        sa.Column("kind", sa.String(length=8), nullable=False),
        sa.Column("at", UTC(), nullable=False),
        sa.Column("campaign_id", BigId, nullable=False),
        sa.Column("message_id", BigId, nullable=True),
        sa.Column("position", BigId, nullable=False),
        sa.Column("method", sa.String(length=8), nullable=False),
        sa.Column("ip", sa.String(length=64), nullable=False),
        sa.Column("user_agent", sa.String(length=500), nullable=False),
        sa.Column("label", sa.String(length=12), nullable=False),
        sa.Column("rule_version", sa.SmallInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_hit")),
        sa.UniqueConstraint("uid", name=op.f("uq_hit_uid")),
    )
    op.create_index(op.f("ix_hit_at"), "hit", ["at"], unique=False)
    op.create_index("ix_hit_campaign_id_id", "hit", ["campaign_id", "id"], unique=False)
    op.create_index("ix_hit_message_id_at", "hit", ["message_id", "at"], unique=False)
    op.create_table(
        "hit_count",
        sa.Column("campaign_id", BigId, nullable=False),
        sa.Column("hour", UTC(), nullable=False),
        sa.Column("kind", sa.String(length=8), nullable=False),
        sa.Column("position", BigId, nullable=False),
        sa.Column("label", sa.String(length=12), nullable=False),
        sa.Column("hits", BigId, nullable=False),
        sa.Column("people", BigId, nullable=False),
        sa.PrimaryKeyConstraint(
            "campaign_id", "hour", "kind", "position", "label", name=op.f("pk_hit_count")
        ),
    )
    op.create_table(
        "lease",
        sa.Column("name", sa.String(length=60), nullable=False),
        sa.Column("owner", sa.String(length=120), nullable=False),
        sa.Column("until", UTC(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_lease")),
    )
    op.create_table(
        "organisation",
        sa.Column("id", BigId, autoincrement=True, nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("postal_address", sa.String(length=500), nullable=False),
        sa.Column("language", sa.String(length=8), nullable=False),
        sa.Column("timezone", sa.String(length=60), nullable=False),
        sa.Column("track_opens", sa.String(length=12), nullable=False),
        sa.Column("track_clicks", sa.String(length=12), nullable=False),
        sa.Column("tracking_reason", sa.String(length=1000), nullable=False),
        sa.Column("created_at", UTC(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_organisation")),
    )
    op.create_table(
        "revision",
        sa.Column("id", BigId, autoincrement=True, nullable=False),
        sa.Column("subject", sa.String(length=500), nullable=False),
        sa.Column("preheader", sa.String(length=300), nullable=False),
        sa.Column("html", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("created_at", UTC(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_revision")),
    )
    op.create_table(
        "role",
        sa.Column("id", BigId, autoincrement=True, nullable=False),
        sa.Column("name", sa.String(length=40), nullable=False),
        sa.Column("description", sa.String(length=255), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_role")),
        sa.UniqueConstraint("name", name=op.f("uq_role_name")),
    )
    op.create_table(
        "sender",
        sa.Column("id", BigId, autoincrement=True, nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("address", sa.String(length=254), nullable=False),
        sa.Column("reply_to", sa.String(length=254), nullable=False),
        sa.Column("bounce_domain", sa.String(length=253), nullable=False),
        sa.Column("dkim_selector", sa.String(length=63), nullable=False),
        sa.Column("dkim_key", sa.Text(), nullable=False),
        sa.Column("is_default", sa.Boolean(), nullable=False),
        sa.Column("created_at", UTC(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sender")),
        sa.UniqueConstraint("address", name=op.f("uq_sender_address")),
    )
    op.create_table(
        "suppression",
        sa.Column("id", BigId, autoincrement=True, nullable=False),
        sa.Column("address_hash", sa.String(length=32), nullable=False),
        sa.Column("reason", sa.String(length=16), nullable=False),
        sa.Column("source", sa.String(length=300), nullable=False),
        sa.Column("at", UTC(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_suppression")),
        sa.UniqueConstraint("address_hash", name=op.f("uq_suppression_address_hash")),
    )
    op.create_table(
        "tag",
        sa.Column("id", BigId, autoincrement=True, nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("key", sa.String(length=200), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tag")),
        sa.UniqueConstraint("key", name=op.f("uq_tag_key")),
    )
    op.create_table(
        "user",
        sa.Column("id", BigId, autoincrement=True, nullable=False),
        sa.Column("email", sa.String(length=255), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("password", sa.String(length=255), nullable=True),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("language", sa.String(length=8), nullable=False),
        sa.Column("fs_uniquifier", sa.String(length=64), nullable=False),
        sa.Column("create_datetime", UTC(), nullable=False),
        sa.Column("update_datetime", UTC(), nullable=False),
        sa.Column("last_login_at", UTC(), nullable=True),
        sa.Column("current_login_at", UTC(), nullable=True),
        sa.Column("last_login_ip", sa.String(length=64), nullable=True),
        sa.Column("current_login_ip", sa.String(length=64), nullable=True),
        sa.Column("login_count", BigId, nullable=True),
        sa.Column("tf_primary_method", sa.String(length=64), nullable=True),
        sa.Column("tf_totp_secret", sa.String(length=255), nullable=True),
        sa.Column("tf_phone_number", sa.String(length=128), nullable=True),
        sa.Column("mf_recovery_codes", sa.JSON(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_user")),
        sa.UniqueConstraint("email", name=op.f("uq_user_email")),
        sa.UniqueConstraint("fs_uniquifier", name=op.f("uq_user_fs_uniquifier")),
    )
    op.create_table(
        "wording",
        sa.Column("id", BigId, autoincrement=True, nullable=False),
        sa.Column("purpose", sa.String(length=60), nullable=False),
        sa.Column("language", sa.String(length=8), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("version", sa.String(length=64), nullable=False),
        sa.Column("created_at", UTC(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_wording")),
        sa.UniqueConstraint("version", name=op.f("uq_wording_version")),
    )
    op.create_table(
        "audience",
        sa.Column("id", BigId, autoincrement=True, nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("rule", sa.Text(), nullable=False),
        sa.Column("note", sa.String(length=500), nullable=False),
        sa.Column("counted", BigId, nullable=True),
        sa.Column("counted_at", UTC(), nullable=True),
        sa.Column("user_id", BigId, nullable=True),
        sa.Column("created_at", UTC(), nullable=False),
        sa.Column("updated_at", UTC(), nullable=False),
        sa.ForeignKeyConstraint(
            ["user_id"], ["user.id"], name=op.f("fk_audience_user_id_user"), ondelete="SET NULL"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audience")),
        sa.UniqueConstraint("name", name=op.f("uq_audience_name")),
    )
    op.create_table(
        "audit_entry",
        sa.Column("id", BigId, autoincrement=True, nullable=False),
        sa.Column("at", UTC(), nullable=False),
        sa.Column("user_id", BigId, nullable=True),
        sa.Column("act", sa.String(length=60), nullable=False),
        sa.Column("subject", sa.String(length=60), nullable=False),
        sa.Column("detail", sa.JSON(), nullable=False),
        sa.Column("ip", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(
            ["user_id"], ["user.id"], name=op.f("fk_audit_entry_user_id_user"), ondelete="SET NULL"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_entry")),
    )
    op.create_index(op.f("ix_audit_entry_at"), "audit_entry", ["at"], unique=False)
    op.create_table(
        "contact",
        sa.Column("id", BigId, autoincrement=True, nullable=False),
        sa.Column(
            "email",
            sa.String(length=254).with_variant(sa.String(length=254, collation="C"), "postgresql"),
            nullable=False,
        ),
        sa.Column("address_hash", sa.String(length=32), nullable=False),
        sa.Column("domain", sa.String(length=253), nullable=False),
        sa.Column("first_name", sa.String(length=200), nullable=False),
        sa.Column("last_name", sa.String(length=200), nullable=False),
        sa.Column(
            "name_key",
            sa.String(length=120).with_variant(sa.String(length=120, collation="C"), "postgresql"),
            nullable=False,
        ),
        sa.Column(
            "first_key",
            sa.String(length=60).with_variant(sa.String(length=60, collation="C"), "postgresql"),
            nullable=False,
        ),
        sa.Column(
            "phone",
            sa.String(length=40).with_variant(sa.String(length=40, collation="C"), "postgresql"),
            nullable=False,
        ),
        sa.Column("position", sa.String(length=120), nullable=False),
        sa.Column("language", sa.String(length=8), nullable=False),
        sa.Column("timezone", sa.String(length=60), nullable=False),
        sa.Column("country", sa.String(length=2), nullable=False),
        sa.Column("city", sa.String(length=120), nullable=False),
        sa.Column("birthday", sa.String(length=5), nullable=False),
        sa.Column("birth_year", BigId, nullable=True),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("fields", sa.JSON(), nullable=False),
        sa.Column("source", sa.String(length=200), nullable=False),
        sa.Column("company_id", BigId, nullable=True),
        sa.Column("owner_id", BigId, nullable=True),
        sa.Column("paused_until", UTC(), nullable=True),
        sa.Column("created_at", UTC(), nullable=False),
        sa.Column("updated_at", UTC(), nullable=False),
        sa.Column("last_contact_at", UTC(), nullable=True),
        sa.Column("last_contact_by", BigId, nullable=True),
        sa.Column("last_contact_how", sa.String(length=20), nullable=False),
        sa.Column("next_step_on", sa.Date(), nullable=True),
        sa.ForeignKeyConstraint(
            ["company_id"], ["company.id"], name=op.f("fk_contact_company_id_company"), ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(
            ["last_contact_by"],
            ["user.id"],
            name=op.f("fk_contact_last_contact_by_user"),
            ondelete="SET NULL",
        ),
        sa.ForeignKeyConstraint(
            ["owner_id"], ["user.id"], name=op.f("fk_contact_owner_id_user"), ondelete="SET NULL"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_contact")),
        sa.UniqueConstraint("email", name=op.f("uq_contact_email")),
    )
    op.create_index(op.f("ix_contact_address_hash"), "contact", ["address_hash"], unique=False)
    op.create_index(
        "ix_contact_birthday_id",
        "contact",
        ["birthday", "id"],
        unique=False,
        sqlite_where=sa.text("birthday != ''"),
        postgresql_where=sa.text("birthday != ''"),
    )
    op.create_index(op.f("ix_contact_company_id"), "contact", ["company_id"], unique=False)
    op.create_index(op.f("ix_contact_domain"), "contact", ["domain"], unique=False)
    op.create_index(op.f("ix_contact_first_key"), "contact", ["first_key"], unique=False)
    op.create_index("ix_contact_last_contact_at_id", "contact", ["last_contact_at", "id"], unique=False)
    op.create_index("ix_contact_name_key_id", "contact", ["name_key", "id"], unique=False)
    op.create_index("ix_contact_next_step_on_id", "contact", ["next_step_on", "id"], unique=False)
    op.create_index(op.f("ix_contact_owner_id"), "contact", ["owner_id"], unique=False)
    op.create_index(op.f("ix_contact_phone"), "contact", ["phone"], unique=False)
    op.create_table(
        "import",
        sa.Column("id", BigId, autoincrement=True, nullable=False),
        sa.Column("filename", sa.String(length=255), nullable=False),
        sa.Column("path", sa.String(length=500), nullable=False),
        sa.Column("status", sa.String(length=12), nullable=False),
        sa.Column("encoding", sa.String(length=40), nullable=False),
        sa.Column("delimiter", sa.String(length=4), nullable=False),
        sa.Column("layout", sa.String(length=40), nullable=False),
        sa.Column("mapping", sa.JSON(), nullable=False),
        sa.Column("choices", sa.JSON(), nullable=False),
        sa.Column("bytes_total", BigId, nullable=False),
        sa.Column("rows_read", BigId, nullable=False),
        sa.Column("created", BigId, nullable=False),
        sa.Column("updated", BigId, nullable=False),
        sa.Column("unchanged", BigId, nullable=False),
        sa.Column("refused", BigId, nullable=False),
        sa.Column("bytes_done", BigId, nullable=False),
        sa.Column("reasons", sa.JSON(), nullable=False),
        sa.Column("remarks", sa.JSON(), nullable=False),
        sa.Column("refused_bytes", BigId, nullable=False),
        sa.Column("error", sa.Text(), nullable=False),
        sa.Column("lease_until", UTC(), nullable=True),
        sa.Column("fence", BigId, nullable=False),
        sa.Column("user_id", BigId, nullable=True),
        sa.Column("created_at", UTC(), nullable=False),
        sa.Column("started_at", UTC(), nullable=True),
        sa.Column("finished_at", UTC(), nullable=True),
        sa.ForeignKeyConstraint(
            ["user_id"], ["user.id"], name=op.f("fk_import_user_id_user"), ondelete="SET NULL"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_import")),
    )
    op.create_index(op.f("ix_import_status"), "import", ["status"], unique=False)
    op.create_table(
        "link",
        sa.Column("id", BigId, autoincrement=True, nullable=False),
        sa.Column("revision_id", BigId, nullable=False),
        sa.Column("position", BigId, nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("text", sa.String(length=200), nullable=False),
        sa.ForeignKeyConstraint(
            ["revision_id"], ["revision.id"], name=op.f("fk_link_revision_id_revision"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_link")),
        sa.UniqueConstraint("revision_id", "position", name=op.f("uq_link_revision_id_position")),
    )
    op.create_table(
        "product",
        sa.Column("id", BigId, autoincrement=True, nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("category_id", BigId, nullable=True),
        sa.ForeignKeyConstraint(
            ["category_id"],
            ["category.id"],
            name=op.f("fk_product_category_id_category"),
            ondelete="SET NULL",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_product")),
        sa.UniqueConstraint("name", name=op.f("uq_product_name")),
    )
    op.create_table(
        "template",
        sa.Column("id", BigId, autoincrement=True, nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("subject", sa.String(length=500), nullable=False),
        sa.Column("preheader", sa.String(length=300), nullable=False),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("language", sa.String(length=8), nullable=False),
        sa.Column("version", BigId, nullable=False),
        sa.Column("user_id", BigId, nullable=True),
        sa.Column("created_at", UTC(), nullable=False),
        sa.Column("updated_at", UTC(), nullable=False),
        sa.ForeignKeyConstraint(
            ["user_id"], ["user.id"], name=op.f("fk_template_user_id_user"), ondelete="SET NULL"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_template")),
        sa.UniqueConstraint("name", name=op.f("uq_template_name")),
    )
    op.create_table(
        "user_role",
        sa.Column("user_id", BigId, nullable=False),
        sa.Column("role_id", BigId, nullable=False),
        sa.ForeignKeyConstraint(
            ["role_id"], ["role.id"], name=op.f("fk_user_role_role_id_role"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["user_id"], ["user.id"], name=op.f("fk_user_role_user_id_user"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("user_id", "role_id", name=op.f("pk_user_role")),
    )
    op.create_table(
        "activity",
        sa.Column("id", BigId, autoincrement=True, nullable=False),
        sa.Column("contact_id", BigId, nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("at", UTC(), nullable=False),
        sa.Column("user_id", BigId, nullable=True),
        sa.Column("summary", sa.Text(), nullable=False),
        sa.Column("detail", sa.String(length=500), nullable=False),
        sa.Column("source", sa.String(length=60), nullable=False),
        sa.Column("once", sa.String(length=80), nullable=True),
        sa.Column("created_at", UTC(), nullable=False),
        sa.ForeignKeyConstraint(
            ["contact_id"], ["contact.id"], name=op.f("fk_activity_contact_id_contact"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["user_id"], ["user.id"], name=op.f("fk_activity_user_id_user"), ondelete="SET NULL"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_activity")),
        sa.UniqueConstraint("once", name=op.f("uq_activity_once")),
    )
    op.create_index("ix_activity_contact_id_at", "activity", ["contact_id", "at", "id"], unique=False)
    op.create_index("ix_activity_kind_at", "activity", ["kind", "at", "id"], unique=False)
    op.create_table(
        "campaign",
        sa.Column("id", BigId, autoincrement=True, nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("status", sa.String(length=10), nullable=False),
        sa.Column("audience_id", BigId, nullable=False),
        sa.Column("template_id", BigId, nullable=False),
        sa.Column("sender_id", BigId, nullable=False),
        sa.Column("purpose", sa.String(length=60), nullable=False),
        sa.Column("track_opens", sa.String(length=12), nullable=False),
        sa.Column("track_clicks", sa.String(length=12), nullable=False),
        sa.Column("revision_id", BigId, nullable=True),
        sa.Column("rule", sa.Text(), nullable=False),
        sa.Column("sender_frozen", sa.JSON(), nullable=False),
        sa.Column("scheduled_at", UTC(), nullable=True),
        sa.Column("started_at", UTC(), nullable=True),
        sa.Column("planned_at", UTC(), nullable=True),
        sa.Column("finished_at", UTC(), nullable=True),
        sa.Column("expires_at", UTC(), nullable=True),
        sa.Column("pause_reason", sa.Text(), nullable=False),
        sa.Column("try_again_at", UTC(), nullable=True),
        sa.Column("user_id", BigId, nullable=True),
        sa.Column("created_at", UTC(), nullable=False),
        sa.Column("updated_at", UTC(), nullable=False),
        sa.ForeignKeyConstraint(
            ["audience_id"], ["audience.id"], name=op.f("fk_campaign_audience_id_audience")
        ),
        sa.ForeignKeyConstraint(
            ["revision_id"], ["revision.id"], name=op.f("fk_campaign_revision_id_revision")
        ),
        sa.ForeignKeyConstraint(["sender_id"], ["sender.id"], name=op.f("fk_campaign_sender_id_sender")),
        sa.ForeignKeyConstraint(
            ["template_id"], ["template.id"], name=op.f("fk_campaign_template_id_template")
        ),
        sa.ForeignKeyConstraint(
            ["user_id"], ["user.id"], name=op.f("fk_campaign_user_id_user"), ondelete="SET NULL"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_campaign")),
    )
    op.create_index(op.f("ix_campaign_scheduled_at"), "campaign", ["scheduled_at"], unique=False)
    op.create_index(op.f("ix_campaign_status"), "campaign", ["status"], unique=False)
    op.create_table(
        "consent_event",
        sa.Column("id", BigId, autoincrement=True, nullable=False),
        sa.Column("contact_id", BigId, nullable=False),
        sa.Column("purpose", sa.String(length=60), nullable=False),
        sa.Column("act", sa.String(length=12), nullable=False),
        sa.Column("basis", sa.String(length=24), nullable=False),
        sa.Column("wording_id", BigId, nullable=True),
        sa.Column("source", sa.String(length=300), nullable=False),
        sa.Column("method", sa.String(length=40), nullable=False),
        sa.Column("at", UTC(), nullable=False),
        sa.Column("recorded_at", UTC(), nullable=False),
        sa.Column("page_url", sa.String(length=500), nullable=False),
        sa.Column("ip", sa.String(length=64), nullable=False),
        sa.Column("user_agent", sa.String(length=500), nullable=False),
        sa.Column("evidence", sa.String(length=500), nullable=False),
        sa.Column("user_id", BigId, nullable=True),
        sa.ForeignKeyConstraint(
            ["contact_id"],
            ["contact.id"],
            name=op.f("fk_consent_event_contact_id_contact"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["user_id"], ["user.id"], name=op.f("fk_consent_event_user_id_user"), ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(
            ["wording_id"], ["wording.id"], name=op.f("fk_consent_event_wording_id_wording")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_consent_event")),
    )
    op.create_index(
        "ix_consent_event_contact_id_purpose_id",
        "consent_event",
        ["contact_id", "purpose", "id"],
        unique=False,
    )
    op.create_table(
        "contact_category",
        sa.Column("contact_id", BigId, nullable=False),
        sa.Column("category_id", BigId, nullable=False),
        sa.ForeignKeyConstraint(
            ["category_id"],
            ["category.id"],
            name=op.f("fk_contact_category_category_id_category"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["contact_id"],
            ["contact.id"],
            name=op.f("fk_contact_category_contact_id_contact"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("contact_id", "category_id", name=op.f("pk_contact_category")),
    )
    op.create_index(
        "ix_contact_category_category_id_contact_id",
        "contact_category",
        ["category_id", "contact_id"],
        unique=False,
    )
    op.create_table(
        "contact_tag",
        sa.Column("contact_id", BigId, nullable=False),
        sa.Column("tag_id", BigId, nullable=False),
        sa.ForeignKeyConstraint(
            ["contact_id"], ["contact.id"], name=op.f("fk_contact_tag_contact_id_contact"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["tag_id"], ["tag.id"], name=op.f("fk_contact_tag_tag_id_tag"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("contact_id", "tag_id", name=op.f("pk_contact_tag")),
    )
    op.create_index("ix_contact_tag_tag_id_contact_id", "contact_tag", ["tag_id", "contact_id"], unique=False)
    op.create_table(
        "next_step",
        sa.Column("id", BigId, autoincrement=True, nullable=False),
        sa.Column("contact_id", BigId, nullable=False),
        sa.Column("user_id", BigId, nullable=True),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("what", sa.String(length=500), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("done_at", UTC(), nullable=True),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("created_at", UTC(), nullable=False),
        sa.ForeignKeyConstraint(
            ["contact_id"], ["contact.id"], name=op.f("fk_next_step_contact_id_contact"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["user_id"], ["user.id"], name=op.f("fk_next_step_user_id_user"), ondelete="SET NULL"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_next_step")),
    )
    op.create_index("ix_next_step_contact_id_done_at", "next_step", ["contact_id", "done_at"], unique=False)
    op.create_index("ix_next_step_done_at_due_on", "next_step", ["done_at", "due_on", "id"], unique=False)
    op.create_index(op.f("ix_next_step_user_id"), "next_step", ["user_id"], unique=False)
    op.create_table(
        "purchase",
        sa.Column("id", BigId, autoincrement=True, nullable=False),
        sa.Column("contact_id", BigId, nullable=False),
        sa.Column("product_id", BigId, nullable=False),
        sa.Column("at", UTC(), nullable=False),
        sa.Column("quantity", BigId, nullable=False),
        sa.Column("amount", BigId, nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.ForeignKeyConstraint(
            ["contact_id"], ["contact.id"], name=op.f("fk_purchase_contact_id_contact"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["product_id"], ["product.id"], name=op.f("fk_purchase_product_id_product")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_purchase")),
    )
    op.create_index("ix_purchase_contact_id_at", "purchase", ["contact_id", "at"], unique=False)
    op.create_index(op.f("ix_purchase_product_id"), "purchase", ["product_id"], unique=False)
    op.create_table(
        "consent",
        sa.Column("contact_id", BigId, nullable=False),
        sa.Column("purpose", sa.String(length=60), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("basis", sa.String(length=24), nullable=False),
        sa.Column("at", UTC(), nullable=False),
        sa.Column("event_id", BigId, nullable=False),
        sa.ForeignKeyConstraint(
            ["contact_id"], ["contact.id"], name=op.f("fk_consent_contact_id_contact"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["event_id"],
            ["consent_event.id"],
            name=op.f("fk_consent_event_id_consent_event"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("contact_id", "purpose", name=op.f("pk_consent")),
    )
    op.create_index(
        "ix_consent_purpose_state_contact_id", "consent", ["purpose", "state", "contact_id"], unique=False
    )
    op.create_table(
        "message",
        sa.Column("id", BigId, autoincrement=True, nullable=False),
        sa.Column("campaign_id", BigId, nullable=False),
        sa.Column("contact_id", BigId, nullable=False),
        sa.Column(
            "address",
            sa.String(length=254).with_variant(sa.String(length=254, collation="C"), "postgresql"),
            nullable=False,
        ),
        sa.Column("status", sa.String(length=12), nullable=False),
        sa.Column("reason", sa.String(length=40), nullable=False),
        sa.Column("reply", sa.String(length=300), nullable=False),
        sa.Column("tries", sa.SmallInteger(), nullable=False),
        sa.Column("fence", BigId, nullable=False),
        sa.Column("next_try_at", UTC(), nullable=True),
        sa.Column("handed_over_at", UTC(), nullable=True),
        sa.Column("sent_at", UTC(), nullable=True),
        sa.Column("opened_at", UTC(), nullable=True),
        sa.Column("clicked_at", UTC(), nullable=True),
        sa.Column("unsubscribed_at", UTC(), nullable=True),
        sa.Column("bounced_at", UTC(), nullable=True),
        sa.Column("complained_at", UTC(), nullable=True),
        sa.ForeignKeyConstraint(
            ["campaign_id"], ["campaign.id"], name=op.f("fk_message_campaign_id_campaign")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_message")),
        sa.UniqueConstraint("campaign_id", "address", name=op.f("uq_message_campaign_id_address")),
        sa.UniqueConstraint("campaign_id", "contact_id", name=op.f("uq_message_campaign_id_contact_id")),
    )
    op.create_index(
        "ix_message_campaign_id_bounced_at",
        "message",
        ["campaign_id", "bounced_at", "id"],
        unique=False,
        sqlite_where=sa.text("bounced_at IS NOT NULL"),
        postgresql_where=sa.text("bounced_at IS NOT NULL"),
    )
    op.create_index(
        "ix_message_campaign_id_clicked_at",
        "message",
        ["campaign_id", "clicked_at", "id"],
        unique=False,
        sqlite_where=sa.text("clicked_at IS NOT NULL"),
        postgresql_where=sa.text("clicked_at IS NOT NULL"),
    )
    op.create_index(
        "ix_message_campaign_id_complained_at",
        "message",
        ["campaign_id", "complained_at", "id"],
        unique=False,
        sqlite_where=sa.text("complained_at IS NOT NULL"),
        postgresql_where=sa.text("complained_at IS NOT NULL"),
    )
    op.create_index(
        "ix_message_campaign_id_opened_at",
        "message",
        ["campaign_id", "opened_at", "id"],
        unique=False,
        sqlite_where=sa.text("opened_at IS NOT NULL"),
        postgresql_where=sa.text("opened_at IS NOT NULL"),
    )
    op.create_index(
        "ix_message_campaign_id_status_id", "message", ["campaign_id", "status", "id"], unique=False
    )
    op.create_index(
        "ix_message_campaign_id_unsubscribed_at",
        "message",
        ["campaign_id", "unsubscribed_at", "id"],
        unique=False,
        sqlite_where=sa.text("unsubscribed_at IS NOT NULL"),
        postgresql_where=sa.text("unsubscribed_at IS NOT NULL"),
    )
    op.create_index("ix_message_contact_id_id", "message", ["contact_id", "id"], unique=False)
    op.create_table(
        "segment",
        sa.Column("id", BigId, autoincrement=True, nullable=False),
        sa.Column("campaign_id", BigId, nullable=False),
        sa.Column("first_contact_id", BigId, nullable=False),
        sa.Column("last_contact_id", BigId, nullable=False),
        sa.Column("due_at", UTC(), nullable=True),
        sa.Column("lease_until", UTC(), nullable=True),
        sa.Column("owner", sa.String(length=120), nullable=False),
        sa.Column("fence", BigId, nullable=False),
        sa.ForeignKeyConstraint(
            ["campaign_id"], ["campaign.id"], name=op.f("fk_segment_campaign_id_campaign")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_segment")),
        sa.UniqueConstraint(
            "campaign_id", "first_contact_id", name=op.f("uq_segment_campaign_id_first_contact_id")
        ),
    )
    op.create_index("ix_segment_due_at", "segment", ["due_at"], unique=False)
    op.create_index("ix_segment_lease_until", "segment", ["lease_until"], unique=False)
