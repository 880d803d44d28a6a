"""interview changes

What people want of interviews in Lever, written down before Lever is called.

Revision ID: 0003
Revises: 0002
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

KINDS = ("create", "update", "cancel")
STATES = ("pending", "sending", "checking", "done", "failed", "unsure", "dropped")
OPEN = "kind != 'create' AND state IN ('pending', 'sending', 'checking', 'unsure')"
WORKED_ON = "state IN ('pending', 'sending', 'checking')"


def _json() -> sa.types.TypeEngine[object]:
    return sa.JSON().with_variant(postgresql.JSONB(), "postgresql")


def _id() -> sa.types.TypeEngine[int]:
    return sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "interview_change",
        sa.Column("id", _id(), nullable=False),
        sa.Column("opportunity_id", _id(), nullable=False),
        sa.Column("interview_lever_id", sa.String(length=100), nullable=True),
        sa.Column("panel_lever_id", sa.String(length=100), nullable=True),
        sa.Column(
            "kind",
            sa.Enum(*KINDS, name="kind", native_enum=False, create_constraint=True, length=32),
            nullable=False,
        ),
        sa.Column("reference", sa.String(length=40), nullable=False),
        sa.Column("wanted", _json(), nullable=False),
        sa.Column("seen", _json(), nullable=False),
        sa.Column("perform_as", sa.String(length=100), nullable=False),
        sa.Column("by_id", _id(), nullable=True),
        sa.Column("by_candidate", sa.Boolean(), nullable=False),
        sa.Column(
            "state",
            sa.Enum(*STATES, name="state", native_enum=False, create_constraint=True, length=32),
            nullable=False,
        ),
        sa.Column("called_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("absent_since", sa.DateTime(timezone=True), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("next_attempt_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("lease_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("done_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["opportunity_id"],
            ["opportunity.id"],
            name=op.f("fk_interview_change_opportunity_id_opportunity"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["by_id"],
            ["user_account.id"],
            name=op.f("fk_interview_change_by_id_user_account"),
            ondelete="SET NULL",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_interview_change")),
        sa.UniqueConstraint("reference", name=op.f("uq_interview_change_reference")),
    )
    op.create_index("ix_interview_change_opportunity_id", "interview_change", ["opportunity_id", "id"])
    op.create_index("ix_interview_change_interview", "interview_change", ["interview_lever_id"])
    op.create_index(
        "uq_interview_change_open", "interview_change", ["interview_lever_id"], unique=True,
        sqlite_where=sa.text(OPEN), postgresql_where=sa.text(OPEN),
    )
    op.create_index(
        "ix_interview_change_open", "interview_change", ["next_attempt_at"],
        sqlite_where=sa.text(WORKED_ON), postgresql_where=sa.text(WORKED_ON),
    )


def downgrade() -> None:
    op.drop_table("interview_change")
