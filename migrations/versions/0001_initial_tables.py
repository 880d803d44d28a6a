"""initial tables"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "archive_reason",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("lever_id", sa.String(length=100), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("type", sa.String(length=40), nullable=False),
        sa.Column("status", sa.String(length=40), nullable=False),
        sa.Column("content_hash", sa.String(length=32), nullable=False),
        sa.Column("fetched_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_archive_reason")),
        sa.UniqueConstraint("lever_id", name=op.f("uq_archive_reason_lever_id")),
    )
    op.create_table(
        "candidate",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("contact_id", sa.String(length=100), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("headline", sa.Text(), nullable=False),
        sa.Column("location", sa.Text(), nullable=False),
        sa.Column("time_zone", sa.String(length=64), nullable=True),
        sa.Column("emails", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False),
        sa.Column("anonymized", sa.Boolean(), nullable=False),
        sa.Column("contact_forbidden", sa.Boolean(), nullable=False),
        sa.Column("lever_updated_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("content_hash", sa.String(length=32), nullable=False),
        sa.Column("fetched_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_candidate")),
        sa.UniqueConstraint("contact_id", name=op.f("uq_candidate_contact_id")),
    )
    with op.batch_alter_table("candidate", schema=None) as batch_op:
        batch_op.create_index("ix_candidate_name", ["name"], unique=False)

    op.create_table(
        "change_clock",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("value", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.CheckConstraint("id = 1", name=op.f("ck_change_clock_one_row")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_change_clock")),
    )
    op.create_table(
        "company",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("time_zone", sa.String(length=64), nullable=False),
        sa.Column("region", sa.String(length=2), nullable=False),
        sa.Column("number_salt", sa.Text(), nullable=False),
        sa.Column("setup_token_hash", sa.String(length=64), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("id = 1", name=op.f("ck_company_one_row")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_company")),
    )
    op.create_table(
        "delivery",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column(
            "source",
            sa.Enum(
                "lever",
                "twilio_inbound",
                "twilio_status",
                name="source",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("external_id", sa.String(length=200), nullable=False),
        sa.Column("event", sa.String(length=100), nullable=False),
        sa.Column("payload", sa.Text(), nullable=True),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("triggered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("opportunity_lever_id", sa.String(length=100), nullable=True),
        sa.Column("phone", sa.String(length=20), nullable=True),
        sa.Column(
            "state",
            sa.Enum(
                "pending",
                "done",
                "failed",
                "dead",
                "unhandled",
                name="state",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("next_attempt_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("lease_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column("effect", sa.Text(), nullable=True),
        sa.Column("handled_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_delivery")),
        sa.UniqueConstraint("source", "external_id", name=op.f("uq_delivery_source_external_id")),
    )
    with op.batch_alter_table("delivery", schema=None) as batch_op:
        batch_op.create_index("ix_delivery_opportunity_lever_id", ["opportunity_lever_id"], unique=False)
        batch_op.create_index("ix_delivery_phone", ["phone"], unique=False)
        batch_op.create_index("ix_delivery_received_at", ["received_at"], unique=False)
        batch_op.create_index(
            "ix_delivery_troubled",
            ["source", "id"],
            unique=False,
            sqlite_where=sa.text("state IN ('failed', 'dead')"),
            postgresql_where=sa.text("state IN ('failed', 'dead')"),
        )
        batch_op.create_index(
            "ix_delivery_waiting",
            ["source", "next_attempt_at"],
            unique=False,
            sqlite_where=sa.text("state IN ('pending', 'failed')"),
            postgresql_where=sa.text("state IN ('pending', 'failed')"),
        )

    op.create_table(
        "lever_user",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("lever_id", sa.String(length=100), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("email", sa.String(length=254), nullable=False),
        sa.Column("access_role", sa.String(length=100), nullable=False),
        sa.Column("deactivated_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("content_hash", sa.String(length=32), nullable=False),
        sa.Column("fetched_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_lever_user")),
        sa.UniqueConstraint("lever_id", name=op.f("uq_lever_user_lever_id")),
    )
    with op.batch_alter_table("lever_user", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_lever_user_email"), ["email"], unique=False)

    op.create_table(
        "mirror_oddity",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("resource", sa.String(length=40), nullable=False),
        sa.Column("lever_id", sa.String(length=100), nullable=False),
        sa.Column("note", sa.String(length=300), nullable=False),
        sa.Column("detail", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=True),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_mirror_oddity")),
    )
    with op.batch_alter_table("mirror_oddity", schema=None) as batch_op:
        batch_op.create_index("uq_mirror_oddity_key", ["resource", "lever_id", "note"], unique=True)

    op.create_table(
        "posting",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("lever_id", sa.String(length=100), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("state", sa.String(length=40), nullable=False),
        sa.Column("team", sa.Text(), nullable=False),
        sa.Column("department", sa.Text(), nullable=False),
        sa.Column("location", sa.Text(), nullable=False),
        sa.Column("confidential", sa.Boolean(), nullable=False),
        sa.Column("owner_lever_id", sa.String(length=100), nullable=True),
        sa.Column("hiring_manager_lever_id", sa.String(length=100), nullable=True),
        sa.Column("lever_updated_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("content_hash", sa.String(length=32), nullable=False),
        sa.Column("fetched_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_posting")),
        sa.UniqueConstraint("lever_id", name=op.f("uq_posting_lever_id")),
    )
    op.create_table(
        "snippet",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("name", sa.String(length=40), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_snippet")),
        sa.UniqueConstraint("name", name=op.f("uq_snippet_name")),
    )
    op.create_table(
        "stage",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("lever_id", sa.String(length=100), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("position", sa.Float(), nullable=False),
        sa.Column("content_hash", sa.String(length=32), nullable=False),
        sa.Column("fetched_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_stage")),
        sa.UniqueConstraint("lever_id", name=op.f("uq_stage_lever_id")),
    )
    op.create_table(
        "user_account",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("email", sa.String(length=254), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column(
            "role",
            sa.Enum("super_admin", "recruiter", name="role", native_enum=False, create_constraint=True, length=32),
            nullable=False,
        ),
        sa.Column("password_hash", sa.String(length=200), nullable=True),
        sa.Column("lever_user_id", sa.String(length=100), nullable=True),
        sa.Column("time_zone", sa.String(length=64), nullable=True),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("session_key", sa.String(length=64), nullable=False),
        sa.Column("link_hash", sa.String(length=64), nullable=True),
        sa.Column("link_expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("enter_sends", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_signed_in_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("email = lower(email)", name=op.f("ck_user_account_email_lower")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_user_account")),
        sa.UniqueConstraint("email", name=op.f("uq_user_account_email")),
        sa.UniqueConstraint("link_hash", name=op.f("uq_user_account_link_hash")),
    )
    with op.batch_alter_table("user_account", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_user_account_lever_user_id"), ["lever_user_id"], unique=False)

    op.create_table(
        "webhook_tally",
        sa.Column(
            "source",
            sa.Enum(
                "lever",
                "twilio_inbound",
                "twilio_status",
                name="source",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("event", sa.String(length=100), nullable=False),
        sa.Column("verdict", sa.String(length=40), nullable=False),
        sa.Column("hour", sa.DateTime(timezone=True), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.Column("last_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("source", "event", "verdict", "hour", name=op.f("pk_webhook_tally")),
    )
    op.create_table(
        "audit_event",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("user_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("action", sa.String(length=100), nullable=False),
        sa.Column("subject", sa.String(length=200), nullable=False),
        sa.Column("detail", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=True),
        sa.Column("address", sa.String(length=64), nullable=True),
        sa.ForeignKeyConstraint(
            ["user_id"], ["user_account.id"], name=op.f("fk_audit_event_user_id_user_account"), ondelete="SET NULL"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_event")),
    )
    with op.batch_alter_table("audit_event", schema=None) as batch_op:
        batch_op.create_index("ix_audit_event_action", ["action", "at"], unique=False)
        batch_op.create_index("ix_audit_event_at", ["at"], unique=False)

    op.create_table(
        "candidate_phone",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("candidate_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("raw", sa.Text(), nullable=False),
        sa.Column("type", sa.String(length=40), nullable=False),
        sa.Column("e164", sa.String(length=20), nullable=True),
        sa.Column("not_textable", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(
            ["candidate_id"],
            ["candidate.id"],
            name=op.f("fk_candidate_phone_candidate_id_candidate"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_candidate_phone")),
    )
    with op.batch_alter_table("candidate_phone", schema=None) as batch_op:
        batch_op.create_index("ix_candidate_phone_candidate_id", ["candidate_id", "position"], unique=False)
        batch_op.create_index("ix_candidate_phone_e164", ["e164"], unique=False)

    op.create_table(
        "consent",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("number_hash", sa.String(length=64), nullable=False),
        sa.Column("e164", sa.String(length=20), nullable=True),
        sa.Column(
            "state",
            sa.Enum("opted_in", "opted_out", name="state", native_enum=False, create_constraint=True, length=32),
            nullable=False,
        ),
        sa.Column(
            "how",
            sa.Enum(
                "keyword",
                "carrier",
                "recruiter",
                "texted_us",
                "recorded",
                name="how",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("by_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.ForeignKeyConstraint(
            ["by_id"], ["user_account.id"], name=op.f("fk_consent_by_id_user_account"), ondelete="SET NULL"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_consent")),
        sa.UniqueConstraint("e164", name=op.f("uq_consent_e164")),
        sa.UniqueConstraint("number_hash", name=op.f("uq_consent_number_hash")),
    )
    op.create_table(
        "consent_record",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("number_hash", sa.String(length=64), nullable=False),
        sa.Column("e164", sa.String(length=20), nullable=True),
        sa.Column(
            "state",
            sa.Enum("opted_in", "opted_out", name="state", native_enum=False, create_constraint=True, length=32),
            nullable=False,
        ),
        sa.Column(
            "how",
            sa.Enum(
                "keyword",
                "carrier",
                "recruiter",
                "texted_us",
                "recorded",
                name="how",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("message_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("by_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["by_id"], ["user_account.id"], name=op.f("fk_consent_record_by_id_user_account"), ondelete="SET NULL"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_consent_record")),
    )
    with op.batch_alter_table("consent_record", schema=None) as batch_op:
        batch_op.create_index("ix_consent_record_number_hash", ["number_hash", "id"], unique=False)

    op.create_table(
        "lever_integration",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("api_key", sa.Text(), nullable=True),
        sa.Column("api_key_set_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("api_key_set_by_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column(
            "key_state",
            sa.Enum(
                "none",
                "unchecked",
                "accepted",
                "refused",
                name="key_state",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("key_error", sa.Text(), nullable=True),
        sa.Column("key_checked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("webhook_key", sa.Text(), nullable=False),
        sa.Column("previous_webhook_key", sa.Text(), nullable=True),
        sa.Column("previous_webhook_key_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("permissions", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False),
        sa.Column("permissions_checked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("notes_as_user_id", sa.String(length=100), nullable=True),
        sa.Column("notes_warning", sa.Text(), nullable=True),
        sa.Column("notify_followers", sa.Boolean(), nullable=False),
        sa.Column("polled_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("deletions_polled_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last_poll_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last_full_sync_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("id = 1", name=op.f("ck_lever_integration_one_row")),
        sa.ForeignKeyConstraint(
            ["api_key_set_by_id"],
            ["user_account.id"],
            name=op.f("fk_lever_integration_api_key_set_by_id_user_account"),
            ondelete="SET NULL",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_lever_integration")),
    )
    op.create_table(
        "opportunity",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("lever_id", sa.String(length=100), nullable=False),
        sa.Column("candidate_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("stage_lever_id", sa.String(length=100), nullable=True),
        sa.Column("posting_lever_id", sa.String(length=100), nullable=True),
        sa.Column("owner_lever_id", sa.String(length=100), nullable=True),
        sa.Column("hiring_manager_lever_id", sa.String(length=100), nullable=True),
        sa.Column("follower_lever_ids", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False),
        sa.Column("origin", sa.String(length=40), nullable=False),
        sa.Column("tags", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False),
        sa.Column("confidential", sa.Boolean(), nullable=False),
        sa.Column("anonymized", sa.Boolean(), nullable=False),
        sa.Column("archived_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("archive_reason_lever_id", sa.String(length=100), nullable=True),
        sa.Column("location", sa.Text(), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("lever_created_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("lever_updated_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("advanced_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("snoozed_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("interviews_fetched_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("content_hash", sa.String(length=32), nullable=False),
        sa.Column("fetched_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column(
            "via",
            sa.Enum(
                "webhook", "poll", "full", "demand", name="via", native_enum=False, create_constraint=True, length=32
            ),
            nullable=False,
        ),
        sa.ForeignKeyConstraint(
            ["candidate_id"], ["candidate.id"], name=op.f("fk_opportunity_candidate_id_candidate"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_opportunity")),
        sa.UniqueConstraint("lever_id", name=op.f("uq_opportunity_lever_id")),
    )
    with op.batch_alter_table("opportunity", schema=None) as batch_op:
        batch_op.create_index(
            "ix_opportunity_active",
            ["advanced_at"],
            unique=False,
            sqlite_where=sa.text("archived_at IS NULL"),
            postgresql_where=sa.text("archived_at IS NULL"),
        )
        batch_op.create_index("ix_opportunity_candidate_id", ["candidate_id"], unique=False)
        batch_op.create_index("ix_opportunity_created_at", ["lever_created_at"], unique=False)
        batch_op.create_index("ix_opportunity_owner", ["owner_lever_id"], unique=False)
        batch_op.create_index("ix_opportunity_posting", ["posting_lever_id"], unique=False)
        batch_op.create_index("ix_opportunity_stage", ["stage_lever_id"], unique=False)

    op.create_table(
        "sending_number",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("e164", sa.String(length=20), nullable=False),
        sa.Column("label", sa.String(length=100), nullable=False),
        sa.Column("messaging_service_sid", sa.String(length=64), nullable=True),
        sa.Column("user_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("segments_per_second", sa.Integer(), nullable=False),
        sa.Column("free_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("stopped_reason", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(
            ["user_id"], ["user_account.id"], name=op.f("fk_sending_number_user_id_user_account"), ondelete="SET NULL"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sending_number")),
        sa.UniqueConstraint("e164", name=op.f("uq_sending_number_e164")),
    )
    op.create_table(
        "sync_run",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column(
            "kind",
            sa.Enum("initial", "full", "poll", name="kind", native_enum=False, create_constraint=True, length=32),
            nullable=False,
        ),
        sa.Column(
            "state",
            sa.Enum(
                "running",
                "done",
                "failed",
                "canceled",
                name="state",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("lease_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("runner", sa.Text(), nullable=True),
        sa.Column("requested_by_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("cancel_requested", sa.Boolean(), nullable=False),
        sa.Column("phase", sa.Text(), nullable=False),
        sa.Column("progress", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False),
        sa.Column("requests", sa.Integer(), nullable=False),
        sa.Column("error", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(
            ["requested_by_id"],
            ["user_account.id"],
            name=op.f("fk_sync_run_requested_by_id_user_account"),
            ondelete="SET NULL",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sync_run")),
    )
    with op.batch_alter_table("sync_run", schema=None) as batch_op:
        batch_op.create_index("ix_sync_run_started_at", ["started_at"], unique=False)
        batch_op.create_index(
            "uq_sync_run_running",
            ["state"],
            unique=True,
            sqlite_where=sa.text("state = 'running'"),
            postgresql_where=sa.text("state = 'running'"),
        )

    op.create_table(
        "template",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("owner_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["owner_id"], ["user_account.id"], name=op.f("fk_template_owner_id_user_account"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_template")),
    )
    with op.batch_alter_table("template", schema=None) as batch_op:
        batch_op.create_index("ix_template_owner_id", ["owner_id", "name"], unique=False)

    op.create_table(
        "texting_account",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("account_sid", sa.String(length=64), nullable=True),
        sa.Column("auth_token", sa.Text(), nullable=True),
        sa.Column("auth_token_set_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("auth_token_set_by_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("previous_auth_token", sa.Text(), nullable=True),
        sa.Column("previous_auth_token_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("stopped_reason", sa.Text(), nullable=True),
        sa.Column("paused_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last_inbound_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("reconciled_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("opens", sa.Time(), nullable=False),
        sa.Column("closes", sa.Time(), nullable=False),
        sa.Column("state_windows", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=True),
        sa.Column("require_opt_out_line", sa.Boolean(), nullable=False),
        sa.Column("unanswered_limit", sa.Integer(), nullable=False),
        sa.Column(
            "consent",
            sa.Enum(
                "any_valid_number",
                "recorded_consent",
                name="consent",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("allow_live_replies", sa.Boolean(), nullable=False),
        sa.Column("carrier_handles_keywords", sa.Boolean(), nullable=False),
        sa.Column("help_text", sa.Text(), nullable=False),
        sa.CheckConstraint("id = 1", name=op.f("ck_texting_account_one_row")),
        sa.ForeignKeyConstraint(
            ["auth_token_set_by_id"],
            ["user_account.id"],
            name=op.f("fk_texting_account_auth_token_set_by_id_user_account"),
            ondelete="SET NULL",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_texting_account")),
    )
    op.create_table(
        "webhook_token",
        sa.Column(
            "event",
            sa.Enum(
                "applicationCreated",
                "candidateStageChange",
                "candidateArchiveChange",
                "candidateHired",
                "candidateDeleted",
                "interviewCreated",
                "interviewUpdated",
                "interviewDeleted",
                name="event",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("token", sa.Text(), nullable=True),
        sa.Column("set_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("set_by_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("previous_token", sa.Text(), nullable=True),
        sa.Column("previous_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("previous_used_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last_verified_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last_accepted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last_rejected_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last_rejected_reason", sa.Text(), nullable=True),
        sa.Column("failing_since", sa.DateTime(timezone=True), nullable=True),
        sa.Column("failing_count", sa.Integer(), nullable=False),
        sa.Column("missed_count", sa.Integer(), nullable=False),
        sa.Column("missed_since", sa.DateTime(timezone=True), nullable=True),
        sa.Column("recovered_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["set_by_id"],
            ["user_account.id"],
            name=op.f("fk_webhook_token_set_by_id_user_account"),
            ondelete="SET NULL",
        ),
        sa.PrimaryKeyConstraint("event", name=op.f("pk_webhook_token")),
    )
    op.create_table(
        "conversation",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("candidate_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("sending_number_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("peer", sa.String(length=20), nullable=False),
        sa.Column("opportunity_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("opportunity_chosen", sa.Boolean(), nullable=False),
        sa.Column("restricted", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("assignee_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("created_by_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("archived_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last_activity_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_message_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("last_inbound_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("last_inbound_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last_outbound_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("needs_reply", sa.Boolean(), nullable=False),
        sa.Column("has_failure", sa.Boolean(), nullable=False),
        sa.Column("opt_out_suggested_by_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("transcript_due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("changed_at_tick", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.ForeignKeyConstraint(
            ["assignee_id"],
            ["user_account.id"],
            name=op.f("fk_conversation_assignee_id_user_account"),
            ondelete="SET NULL",
        ),
        sa.ForeignKeyConstraint(
            ["candidate_id"], ["candidate.id"], name=op.f("fk_conversation_candidate_id_candidate"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["created_by_id"],
            ["user_account.id"],
            name=op.f("fk_conversation_created_by_id_user_account"),
            ondelete="SET NULL",
        ),
        sa.ForeignKeyConstraint(
            ["opportunity_id"],
            ["opportunity.id"],
            name=op.f("fk_conversation_opportunity_id_opportunity"),
            ondelete="SET NULL",
        ),
        sa.ForeignKeyConstraint(
            ["sending_number_id"],
            ["sending_number.id"],
            name=op.f("fk_conversation_sending_number_id_sending_number"),
            ondelete="RESTRICT",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_conversation")),
    )
    with op.batch_alter_table("conversation", schema=None) as batch_op:
        batch_op.create_index(
            "ix_conversation_archived",
            ["last_activity_at", "id"],
            unique=False,
            sqlite_where=sa.text("archived_at IS NOT NULL"),
            postgresql_where=sa.text("archived_at IS NOT NULL"),
        )
        batch_op.create_index(
            "ix_conversation_assignee",
            ["assignee_id", "last_activity_at", "id"],
            unique=False,
            sqlite_where=sa.text("archived_at IS NULL"),
            postgresql_where=sa.text("archived_at IS NULL"),
        )
        batch_op.create_index(batch_op.f("ix_conversation_changed_at_tick"), ["changed_at_tick"], unique=False)
        batch_op.create_index(
            "ix_conversation_failed",
            ["last_activity_at", "id"],
            unique=False,
            sqlite_where=sa.text("has_failure = 1"),
            postgresql_where=sa.text("has_failure"),
        )
        batch_op.create_index(
            "ix_conversation_needs_reply",
            ["last_activity_at", "id"],
            unique=False,
            sqlite_where=sa.text("needs_reply = 1 AND archived_at IS NULL"),
            postgresql_where=sa.text("needs_reply AND archived_at IS NULL"),
        )
        batch_op.create_index(
            "ix_conversation_open",
            ["last_activity_at", "id"],
            unique=False,
            sqlite_where=sa.text("archived_at IS NULL"),
            postgresql_where=sa.text("archived_at IS NULL"),
        )
        batch_op.create_index("ix_conversation_opportunity_id", ["opportunity_id"], unique=False)
        batch_op.create_index("ix_conversation_peer", ["peer"], unique=False)
        batch_op.create_index(
            "ix_conversation_opt_out_suggested",
            ["opt_out_suggested_by_id"],
            unique=False,
            sqlite_where=sa.text("opt_out_suggested_by_id IS NOT NULL"),
            postgresql_where=sa.text("opt_out_suggested_by_id IS NOT NULL"),
        )
        batch_op.create_index(
            "ix_conversation_transcript_due",
            ["transcript_due_at"],
            unique=False,
            sqlite_where=sa.text("transcript_due_at IS NOT NULL"),
            postgresql_where=sa.text("transcript_due_at IS NOT NULL"),
        )
        batch_op.create_index(
            "ix_conversation_unassigned",
            ["last_activity_at", "id"],
            unique=False,
            sqlite_where=sa.text("assignee_id IS NULL AND archived_at IS NULL"),
            postgresql_where=sa.text("assignee_id IS NULL AND archived_at IS NULL"),
        )
        batch_op.create_index(
            "uq_conversation_candidate_number",
            ["candidate_id", "sending_number_id"],
            unique=True,
            sqlite_where=sa.text("candidate_id IS NOT NULL"),
            postgresql_where=sa.text("candidate_id IS NOT NULL"),
        )
        batch_op.create_index(
            "uq_conversation_unknown_number",
            ["peer", "sending_number_id"],
            unique=True,
            sqlite_where=sa.text("candidate_id IS NULL"),
            postgresql_where=sa.text("candidate_id IS NULL"),
        )

    op.create_table(
        "interview",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("lever_id", sa.String(length=100), nullable=False),
        sa.Column("opportunity_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("panel_lever_id", sa.String(length=100), nullable=True),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("location", sa.Text(), nullable=False),
        sa.Column("starts_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("duration_minutes", sa.Integer(), nullable=False),
        sa.Column("time_zone", sa.String(length=64), nullable=False),
        sa.Column("interviewers", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False),
        sa.Column("user_lever_id", sa.String(length=100), nullable=True),
        sa.Column("canceled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("calendar_url", sa.Text(), nullable=False),
        sa.Column("content_hash", sa.String(length=32), nullable=False),
        sa.Column("fetched_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column(
            "via",
            sa.Enum(
                "webhook", "poll", "full", "demand", name="via", native_enum=False, create_constraint=True, length=32
            ),
            nullable=False,
        ),
        sa.ForeignKeyConstraint(
            ["opportunity_id"],
            ["opportunity.id"],
            name=op.f("fk_interview_opportunity_id_opportunity"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_interview")),
        sa.UniqueConstraint("lever_id", name=op.f("uq_interview_lever_id")),
    )
    with op.batch_alter_table("interview", schema=None) as batch_op:
        batch_op.create_index("ix_interview_opportunity_id", ["opportunity_id", "starts_at"], unique=False)
        batch_op.create_index("ix_interview_starts_at", ["starts_at"], unique=False)

    op.create_table(
        "sync_window",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("run_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("resource", sa.Text(), nullable=False),
        sa.Column("priority", sa.Integer(), nullable=False),
        sa.Column("created_from", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_to", sa.DateTime(timezone=True), nullable=True),
        sa.Column("filters", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False),
        sa.Column("offset", sa.Text(), nullable=True),
        sa.Column("seen", sa.Integer(), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("done_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["run_id"], ["sync_run.id"], name=op.f("fk_sync_window_run_id_sync_run"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sync_window")),
    )
    with op.batch_alter_table("sync_window", schema=None) as batch_op:
        batch_op.create_index("ix_sync_window_run_id", ["run_id", "done_at"], unique=False)

    op.create_table(
        "conversation_member",
        sa.Column("conversation_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("user_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("read_up_to_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("follows", sa.Boolean(), nullable=False),
        sa.Column("draft", sa.Text(), nullable=False),
        sa.Column("draft_saved_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("viewing_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("typing_until", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["conversation_id"],
            ["conversation.id"],
            name=op.f("fk_conversation_member_conversation_id_conversation"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["user_id"],
            ["user_account.id"],
            name=op.f("fk_conversation_member_user_id_user_account"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("conversation_id", "user_id", name=op.f("pk_conversation_member")),
    )
    with op.batch_alter_table("conversation_member", schema=None) as batch_op:
        batch_op.create_index("ix_conversation_member_draft", ["user_id", "draft_saved_at"], unique=False)
        batch_op.create_index(
            "ix_conversation_member_follows",
            ["user_id", "conversation_id"],
            unique=False,
            sqlite_where=sa.text("follows = 1"),
            postgresql_where=sa.text("follows"),
        )

    op.create_table(
        "transcript",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("conversation_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("opportunity_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("opportunity_lever_id", sa.String(length=100), nullable=True),
        sa.Column("reference", sa.String(length=40), nullable=False),
        sa.Column("first_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("message_count", sa.Integer(), nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "due",
                "posting",
                "checking",
                "posted",
                "failed",
                "unsure",
                "skipped",
                name="state",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("next_attempt_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("lease_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("posted_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["conversation_id"],
            ["conversation.id"],
            name=op.f("fk_transcript_conversation_id_conversation"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["opportunity_id"],
            ["opportunity.id"],
            name=op.f("fk_transcript_opportunity_id_opportunity"),
            ondelete="SET NULL",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_transcript")),
        sa.UniqueConstraint("reference", name=op.f("uq_transcript_reference")),
    )
    with op.batch_alter_table("transcript", schema=None) as batch_op:
        batch_op.create_index("ix_transcript_conversation_id", ["conversation_id", "id"], unique=False)
        batch_op.create_index(
            "ix_transcript_open",
            ["next_attempt_at"],
            unique=False,
            sqlite_where=sa.text("state IN ('due', 'posting', 'checking')"),
            postgresql_where=sa.text("state IN ('due', 'posting', 'checking')"),
        )
        batch_op.create_index("ix_transcript_state", ["state", "id"], unique=False)

    op.create_table(
        "message",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("conversation_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column(
            "direction",
            sa.Enum(
                "inbound",
                "outbound",
                "internal",
                name="direction",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column(
            "kind",
            sa.Enum("manual", "automated", "system", name="kind", native_enum=False, create_constraint=True, length=32),
            nullable=False,
        ),
        sa.Column(
            "state",
            sa.Enum(
                "scheduled",
                "queued",
                "overdue",
                "sending",
                "checking",
                "unsure",
                "accepted",
                "sent",
                "delivered",
                "undelivered",
                "failed",
                "blocked",
                "canceled",
                "received",
                name="state",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("author_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("sender_number", sa.String(length=20), nullable=True),
        sa.Column("peer", sa.String(length=20), nullable=True),
        sa.Column("encoding", sa.String(length=8), nullable=False),
        sa.Column("segments", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("occurred_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("public_id", sa.String(length=36), nullable=True),
        sa.Column("submission_key", sa.String(length=64), nullable=True),
        sa.Column("send_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("scheduled_by_person", sa.Boolean(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("lease_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("called_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("handed_over_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("carrier_id", sa.String(length=64), nullable=True),
        sa.Column("error_code", sa.Integer(), nullable=True),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column("retry_of_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("transcript_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("not_noted_reason", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(
            ["author_id"], ["user_account.id"], name=op.f("fk_message_author_id_user_account"), ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(
            ["conversation_id"],
            ["conversation.id"],
            name=op.f("fk_message_conversation_id_conversation"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["retry_of_id"], ["message.id"], name=op.f("fk_message_retry_of_id_message"), ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(
            ["transcript_id"], ["transcript.id"], name=op.f("fk_message_transcript_id_transcript"), ondelete="SET NULL"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_message")),
        sa.UniqueConstraint("carrier_id", name=op.f("uq_message_carrier_id")),
        sa.UniqueConstraint("public_id", name=op.f("uq_message_public_id")),
        sa.UniqueConstraint("submission_key", name=op.f("uq_message_submission_key")),
    )
    with op.batch_alter_table("message", schema=None) as batch_op:
        batch_op.create_index(
            "ix_message_due",
            ["send_at"],
            unique=False,
            sqlite_where=sa.text("state IN ('scheduled', 'queued', 'sending', 'checking')"),
            postgresql_where=sa.text("state IN ('scheduled', 'queued', 'sending', 'checking')"),
        )
        batch_op.create_index(
            "ix_message_with_the_carrier",
            ["handed_over_at"],
            unique=False,
            sqlite_where=sa.text("state IN ('accepted', 'sent')"),
            postgresql_where=sa.text("state IN ('accepted', 'sent')"),
        )
        batch_op.create_index("ix_message_peer", ["peer", "direction", "occurred_at"], unique=False)
        batch_op.create_index("ix_message_thread", ["conversation_id", "occurred_at", "id"], unique=False)
        batch_op.create_index("ix_message_transcript_id", ["transcript_id"], unique=False)
        batch_op.create_index(
            "ix_message_unnoted",
            ["conversation_id"],
            unique=False,
            sqlite_where=sa.text("transcript_id IS NULL"),
            postgresql_where=sa.text("transcript_id IS NULL"),
        )
        batch_op.create_index(
            "ix_message_waiting",
            ["conversation_id"],
            unique=False,
            sqlite_where=sa.text("state IN ('scheduled', 'queued', 'overdue')"),
            postgresql_where=sa.text("state IN ('scheduled', 'queued', 'overdue')"),
        )

    op.create_table(
        "transcript_part",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("transcript_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("called_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("absent_since", sa.DateTime(timezone=True), nullable=True),
        sa.Column("note_id", sa.String(length=100), nullable=True),
        sa.Column("posted_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["transcript_id"],
            ["transcript.id"],
            name=op.f("fk_transcript_part_transcript_id_transcript"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_transcript_part")),
        sa.UniqueConstraint("transcript_id", "number", name=op.f("uq_transcript_part_transcript_id_number")),
    )
    op.create_table(
        "media",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("message_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("source_url", sa.Text(), nullable=True),
        sa.Column("content_type", sa.String(length=100), nullable=False),
        sa.Column("file_name", sa.String(length=200), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=True),
        sa.Column("public_key", sa.String(length=64), nullable=True),
        sa.Column(
            "state",
            sa.Enum(
                "pending",
                "stored",
                "refused",
                "failed",
                name="state",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("next_attempt_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("lease_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("error", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(
            ["message_id"], ["message.id"], name=op.f("fk_media_message_id_message"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_media")),
        sa.UniqueConstraint("public_key", name=op.f("uq_media_public_key")),
    )
    with op.batch_alter_table("media", schema=None) as batch_op:
        batch_op.create_index("ix_media_message_id", ["message_id"], unique=False)
        batch_op.create_index(
            "ix_media_waiting",
            ["next_attempt_at"],
            unique=False,
            sqlite_where=sa.text("state = 'pending'"),
            postgresql_where=sa.text("state = 'pending'"),
        )

    op.create_table(
        "message_event",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("message_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "scheduled",
                "queued",
                "overdue",
                "sending",
                "checking",
                "unsure",
                "accepted",
                "sent",
                "delivered",
                "undelivered",
                "failed",
                "blocked",
                "canceled",
                "received",
                name="state",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=True,
        ),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["message_id"], ["message.id"], name=op.f("fk_message_event_message_id_message"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_message_event")),
    )
    with op.batch_alter_table("message_event", schema=None) as batch_op:
        batch_op.create_index("ix_message_event_message_id", ["message_id"], unique=False)


def downgrade() -> None:
    with op.batch_alter_table("message_event", schema=None) as batch_op:
        batch_op.drop_index("ix_message_event_message_id")

    op.drop_table("message_event")
    with op.batch_alter_table("media", schema=None) as batch_op:
        batch_op.drop_index(
            "ix_media_waiting", sqlite_where=sa.text("state = 'pending'"), postgresql_where=sa.text("state = 'pending'")
        )
        batch_op.drop_index("ix_media_message_id")

    op.drop_table("media")
    op.drop_table("transcript_part")
    with op.batch_alter_table("message", schema=None) as batch_op:
        batch_op.drop_index(
            "ix_message_waiting",
            sqlite_where=sa.text("state IN ('scheduled', 'queued', 'overdue')"),
            postgresql_where=sa.text("state IN ('scheduled', 'queued', 'overdue')"),
        )
        batch_op.drop_index(
            "ix_message_unnoted",
            sqlite_where=sa.text("transcript_id IS NULL"),
            postgresql_where=sa.text("transcript_id IS NULL"),
        )
        batch_op.drop_index("ix_message_transcript_id")
        batch_op.drop_index("ix_message_thread")
        batch_op.drop_index("ix_message_peer")
        batch_op.drop_index(
            "ix_message_with_the_carrier",
            sqlite_where=sa.text("state IN ('accepted', 'sent')"),
            postgresql_where=sa.text("state IN ('accepted', 'sent')"),
        )
        batch_op.drop_index(
            "ix_message_due",
            sqlite_where=sa.text("state IN ('scheduled', 'queued', 'sending', 'checking')"),
            postgresql_where=sa.text("state IN ('scheduled', 'queued', 'sending', 'checking')"),
        )

    op.drop_table("message")
    with op.batch_alter_table("transcript", schema=None) as batch_op:
        batch_op.drop_index("ix_transcript_state")
        batch_op.drop_index(
            "ix_transcript_open",
            sqlite_where=sa.text("state IN ('due', 'posting', 'checking')"),
            postgresql_where=sa.text("state IN ('due', 'posting', 'checking')"),
        )
        batch_op.drop_index("ix_transcript_conversation_id")

    op.drop_table("transcript")
    with op.batch_alter_table("conversation_member", schema=None) as batch_op:
        batch_op.drop_index(
            "ix_conversation_member_follows", sqlite_where=sa.text("follows = 1"), postgresql_where=sa.text("follows")
        )
        batch_op.drop_index("ix_conversation_member_draft")

    op.drop_table("conversation_member")
    with op.batch_alter_table("sync_window", schema=None) as batch_op:
        batch_op.drop_index("ix_sync_window_run_id")

    op.drop_table("sync_window")
    with op.batch_alter_table("interview", schema=None) as batch_op:
        batch_op.drop_index("ix_interview_starts_at")
        batch_op.drop_index("ix_interview_opportunity_id")

    op.drop_table("interview")
    with op.batch_alter_table("conversation", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_conversation_unknown_number",
            sqlite_where=sa.text("candidate_id IS NULL"),
            postgresql_where=sa.text("candidate_id IS NULL"),
        )
        batch_op.drop_index(
            "uq_conversation_candidate_number",
            sqlite_where=sa.text("candidate_id IS NOT NULL"),
            postgresql_where=sa.text("candidate_id IS NOT NULL"),
        )
        batch_op.drop_index(
            "ix_conversation_unassigned",
            sqlite_where=sa.text("assignee_id IS NULL AND archived_at IS NULL"),
            postgresql_where=sa.text("assignee_id IS NULL AND archived_at IS NULL"),
        )
        batch_op.drop_index(
            "ix_conversation_transcript_due",
            sqlite_where=sa.text("transcript_due_at IS NOT NULL"),
            postgresql_where=sa.text("transcript_due_at IS NOT NULL"),
        )
        batch_op.drop_index(
            "ix_conversation_opt_out_suggested",
            sqlite_where=sa.text("opt_out_suggested_by_id IS NOT NULL"),
            postgresql_where=sa.text("opt_out_suggested_by_id IS NOT NULL"),
        )
        batch_op.drop_index("ix_conversation_peer")
        batch_op.drop_index("ix_conversation_opportunity_id")
        batch_op.drop_index(
            "ix_conversation_open",
            sqlite_where=sa.text("archived_at IS NULL"),
            postgresql_where=sa.text("archived_at IS NULL"),
        )
        batch_op.drop_index(
            "ix_conversation_needs_reply",
            sqlite_where=sa.text("needs_reply = 1 AND archived_at IS NULL"),
            postgresql_where=sa.text("needs_reply AND archived_at IS NULL"),
        )
        batch_op.drop_index(
            "ix_conversation_failed", sqlite_where=sa.text("has_failure = 1"), postgresql_where=sa.text("has_failure")
        )
        batch_op.drop_index(batch_op.f("ix_conversation_changed_at_tick"))
        batch_op.drop_index(
            "ix_conversation_assignee",
            sqlite_where=sa.text("archived_at IS NULL"),
            postgresql_where=sa.text("archived_at IS NULL"),
        )
        batch_op.drop_index(
            "ix_conversation_archived",
            sqlite_where=sa.text("archived_at IS NOT NULL"),
            postgresql_where=sa.text("archived_at IS NOT NULL"),
        )

    op.drop_table("conversation")
    op.drop_table("webhook_token")
    op.drop_table("texting_account")
    with op.batch_alter_table("template", schema=None) as batch_op:
        batch_op.drop_index("ix_template_owner_id")

    op.drop_table("template")
    with op.batch_alter_table("sync_run", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_sync_run_running",
            sqlite_where=sa.text("state = 'running'"),
            postgresql_where=sa.text("state = 'running'"),
        )
        batch_op.drop_index("ix_sync_run_started_at")

    op.drop_table("sync_run")
    op.drop_table("sending_number")
    with op.batch_alter_table("opportunity", schema=None) as batch_op:
        batch_op.drop_index("ix_opportunity_stage")
        batch_op.drop_index("ix_opportunity_posting")
        batch_op.drop_index("ix_opportunity_owner")
        batch_op.drop_index("ix_opportunity_created_at")
        batch_op.drop_index("ix_opportunity_candidate_id")
        batch_op.drop_index(
            "ix_opportunity_active",
            sqlite_where=sa.text("archived_at IS NULL"),
            postgresql_where=sa.text("archived_at IS NULL"),
        )

    op.drop_table("opportunity")
    op.drop_table("lever_integration")
    with op.batch_alter_table("consent_record", schema=None) as batch_op:
        batch_op.drop_index("ix_consent_record_number_hash")

    op.drop_table("consent_record")
    op.drop_table("consent")
    with op.batch_alter_table("candidate_phone", schema=None) as batch_op:
        batch_op.drop_index("ix_candidate_phone_e164")
        batch_op.drop_index("ix_candidate_phone_candidate_id")

    op.drop_table("candidate_phone")
    with op.batch_alter_table("audit_event", schema=None) as batch_op:
        batch_op.drop_index("ix_audit_event_at")
        batch_op.drop_index("ix_audit_event_action")

    op.drop_table("audit_event")
    op.drop_table("webhook_tally")
    with op.batch_alter_table("user_account", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_user_account_lever_user_id"))

    op.drop_table("user_account")
    op.drop_table("stage")
    op.drop_table("snippet")
    op.drop_table("posting")
    with op.batch_alter_table("mirror_oddity", schema=None) as batch_op:
        batch_op.drop_index("uq_mirror_oddity_key")

    op.drop_table("mirror_oddity")
    with op.batch_alter_table("lever_user", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_lever_user_email"))

    op.drop_table("lever_user")
    with op.batch_alter_table("delivery", schema=None) as batch_op:
        batch_op.drop_index(
            "ix_delivery_waiting",
            sqlite_where=sa.text("state IN ('pending', 'failed')"),
            postgresql_where=sa.text("state IN ('pending', 'failed')"),
        )
        batch_op.drop_index(
            "ix_delivery_troubled",
            sqlite_where=sa.text("state IN ('failed', 'dead')"),
            postgresql_where=sa.text("state IN ('failed', 'dead')"),
        )
        batch_op.drop_index("ix_delivery_received_at")
        batch_op.drop_index("ix_delivery_phone")
        batch_op.drop_index("ix_delivery_opportunity_lever_id")

    op.drop_table("delivery")
    op.drop_table("company")
    op.drop_table("change_clock")
    with op.batch_alter_table("candidate", schema=None) as batch_op:
        batch_op.drop_index("ix_candidate_name")

    op.drop_table("candidate")
    op.drop_table("archive_reason")
