"""reminders and slots

Reminders of interviews, times candidates choose from.

Revision ID: 0007
Revises: 0006
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

OFFER_STATES = ("open", "booked", "canceled", "withdrawn")
KINDS = ("day_before", "hour_before")


def _json() -> sa.types.TypeEngine[object]:
    return sa.JSON().with_variant(postgresql.JSONB(), "postgresql")


def _id() -> sa.types.TypeEngine[int]:
    return sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def _enum(name: str, *values: str) -> sa.Enum:
    return sa.Enum(*values, name=name, native_enum=False, create_constraint=True, length=32)


def _at() -> sa.DateTime:
    return sa.DateTime(timezone=True)


def _to(table: str, column: str, target: str, ondelete: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], [f"{target}.id"], name=op.f(f"fk_{table}_{column}_{target}"), ondelete=ondelete)


def upgrade() -> None:
    op.create_table(
        "scheduling_policy",
        sa.Column("id", _id(), nullable=False),
        sa.Column("remind_day_before", sa.Boolean(), nullable=False),
        sa.Column("day_before_at", sa.Time(), nullable=False),
        sa.Column("remind_hour_before", sa.Boolean(), nullable=False),
        sa.Column("works_from", sa.Time(), nullable=False),
        sa.Column("works_until", sa.Time(), nullable=False),
        sa.Column("working_days", _json(), nullable=False),
        sa.Column("buffer_minutes", sa.Integer(), nullable=False),
        sa.Column("notice_hours", sa.Integer(), nullable=False),
        sa.Column("change_hours", sa.Integer(), nullable=False),
        sa.Column("link_days", sa.Integer(), nullable=False),
        sa.CheckConstraint("id = 1", name=op.f("ck_scheduling_policy_one_row")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_scheduling_policy")),
    )
    op.create_table(
        "slot_offer",
        sa.Column("id", _id(), nullable=False),
        sa.Column("token_hash", sa.String(length=64), nullable=False),
        sa.Column("uid", sa.String(length=36), nullable=False),
        sa.Column("sequence", sa.Integer(), nullable=False),
        sa.Column("conversation_id", _id(), nullable=False),
        sa.Column("opportunity_id", _id(), nullable=False),
        sa.Column("created_by_id", _id(), nullable=True),
        sa.Column("created_at", _at(), nullable=False),
        sa.Column("expires_at", _at(), nullable=False),
        sa.Column("state", _enum("state", *OFFER_STATES), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("duration_minutes", sa.Integer(), nullable=False),
        sa.Column("location", sa.Text(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("interviewers", _json(), nullable=False),
        sa.Column("perform_as", sa.String(length=100), nullable=True),
        sa.Column("time_zone", sa.String(length=64), nullable=False),
        sa.Column("notice_hours", sa.Integer(), nullable=False),
        sa.Column("change_hours", sa.Integer(), nullable=False),
        sa.Column("starts_at", _at(), nullable=True),
        sa.Column("interview_lever_id", sa.String(length=100), nullable=True),
        sa.Column("lever_starts_at", _at(), nullable=True),
        sa.Column("lever_behind", sa.Boolean(), nullable=False),
        sa.Column("lever_error", sa.Text(), nullable=True),
        _to("slot_offer", "conversation_id", "conversation", "CASCADE"),
        _to("slot_offer", "opportunity_id", "opportunity", "CASCADE"),
        _to("slot_offer", "created_by_id", "user_account", "SET NULL"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_slot_offer")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_slot_offer_token_hash")),
        sa.UniqueConstraint("uid", name=op.f("uq_slot_offer_uid")),
    )
    op.create_index("ix_slot_offer_conversation_id", "slot_offer", ["conversation_id", "id"])
    op.create_index("ix_slot_offer_opportunity_id", "slot_offer", ["opportunity_id"])
    op.create_index("ix_slot_offer_interview", "slot_offer", ["interview_lever_id"])
    op.create_index(
        "ix_slot_offer_behind", "slot_offer", ["id"],
        sqlite_where=sa.text("lever_behind = 1"), postgresql_where=sa.text("lever_behind"),
    )
    op.create_table(
        "slot",
        sa.Column("offer_id", _id(), nullable=False),
        sa.Column("starts_at", _at(), nullable=False),
        _to("slot", "offer_id", "slot_offer", "CASCADE"),
        sa.PrimaryKeyConstraint("offer_id", "starts_at", name=op.f("pk_slot")),
    )
    op.create_table(
        "slot_hold",
        sa.Column("interviewer_lever_id", sa.String(length=100), nullable=False),
        sa.Column("cell", _id(), autoincrement=False, nullable=False),
        sa.Column("offer_id", _id(), nullable=False),
        _to("slot_hold", "offer_id", "slot_offer", "CASCADE"),
        sa.PrimaryKeyConstraint("interviewer_lever_id", "cell", name=op.f("pk_slot_hold")),
    )
    op.create_index("ix_slot_hold_offer_id", "slot_hold", ["offer_id"])
    op.create_table(
        "reminder",
        sa.Column("interview_id", _id(), nullable=False),
        sa.Column("kind", _enum("kind", *KINDS), nullable=False),
        sa.Column("starts_at", _at(), nullable=False),
        sa.Column("time_zone", sa.String(length=64), nullable=False),
        sa.Column("message_id", _id(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        _to("reminder", "interview_id", "interview", "CASCADE"),
        _to("reminder", "message_id", "message", "SET NULL"),
        sa.PrimaryKeyConstraint("interview_id", "kind", name=op.f("pk_reminder")),
    )
    op.create_index("ix_reminder_message_id", "reminder", ["message_id"])


def downgrade() -> None:
    for table in ("reminder", "slot_hold", "slot", "slot_offer", "scheduling_policy"):
        op.drop_table(table)
