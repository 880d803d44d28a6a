"""attempts and audit

Attempts to sign in are counted where every process counts the same. The audit record becomes append-only in the
database too: no line changes, save that a person who is gone is forgotten, and none goes before 90 days are over.
How long it and the texts are kept becomes the company's setting.

Revision ID: 0009
Revises: 0008
"""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

SQLITE = (
    """
    CREATE TRIGGER audit_event_unchanged BEFORE UPDATE ON audit_event
    WHEN NEW.user_id IS NOT NULL OR NEW.id IS NOT OLD.id OR NEW.at IS NOT OLD.at OR NEW.action IS NOT OLD.action
        OR NEW.subject IS NOT OLD.subject OR NEW.detail IS NOT OLD.detail OR NEW.address IS NOT OLD.address
    BEGIN SELECT RAISE(ABORT, 'the audit record is append-only'); END
    """,
    """
    CREATE TRIGGER audit_event_kept BEFORE DELETE ON audit_event
    WHEN OLD.at > strftime('%Y-%m-%d %H:%M:%f', 'now', '-90 days')
    BEGIN SELECT RAISE(ABORT, 'the audit record is append-only'); END
    """,
)
POSTGRESQL = (
    """
    CREATE FUNCTION audit_event_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        IF TG_OP = 'UPDATE' AND NEW.user_id IS NULL AND (NEW.id, NEW.at, NEW.action, NEW.subject, NEW.detail, NEW.address)
            IS NOT DISTINCT FROM (OLD.id, OLD.at, OLD.action, OLD.subject, OLD.detail, OLD.address) THEN
            RETURN NEW;
        END IF;
        IF TG_OP = 'DELETE' AND OLD.at <= now() - interval '90 days' THEN
            RETURN OLD;
        END IF;
        RAISE EXCEPTION 'the audit record is append-only';
    END $$
    """,
    """
    CREATE TRIGGER audit_event_append_only BEFORE UPDATE OR DELETE ON audit_event
    FOR EACH ROW EXECUTE FUNCTION audit_event_append_only()
    """,
    """
    CREATE TRIGGER audit_event_not_emptied BEFORE TRUNCATE ON audit_event
    FOR EACH STATEMENT EXECUTE FUNCTION audit_event_append_only()
    """,
)


def upgrade() -> None:
    op.create_table(
        "attempts",
        sa.Column("bucket", sa.String(length=64), nullable=False),
        sa.Column("began_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("bucket", name=op.f("pk_attempts")),
    )
    op.create_index(op.f("ix_attempts_began_at"), "attempts", ["began_at"], unique=False)
    op.add_column("company", sa.Column("audit_kept_days", sa.Integer(), server_default="400", nullable=False))
    op.add_column("company", sa.Column("texts_kept_days", sa.Integer(), nullable=True))
    for statement in SQLITE if op.get_bind().dialect.name == "sqlite" else POSTGRESQL:
        op.execute(statement)


def downgrade() -> None:
    if op.get_bind().dialect.name == "sqlite":
        op.execute("DROP TRIGGER audit_event_kept")
        op.execute("DROP TRIGGER audit_event_unchanged")
    else:
        op.execute("DROP FUNCTION audit_event_append_only CASCADE")
    op.drop_column("company", "texts_kept_days")
    op.drop_column("company", "audit_kept_days")
    op.drop_table("attempts")
