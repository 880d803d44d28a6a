"""untold changes

What a poll found within moments of its happening, kept until it can be said whether its webhook told it too.

Revision ID: 0012
Revises: 0011
"""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

EVENTS = (
    "applicationCreated", "candidateStageChange", "candidateArchiveChange", "candidateHired", "candidateDeleted",
    "interviewCreated", "interviewUpdated", "interviewDeleted",
)  # fmt: skip


def upgrade() -> None:
    one_of = sa.Enum(*EVENTS, name="event", native_enum=False, create_constraint=True, length=32)
    op.create_table(
        "untold_change",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("lever_id", sa.String(length=100), nullable=False),
        sa.Column("event", one_of, nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_untold_change")),
        sa.UniqueConstraint("lever_id", "event", "at", name=op.f("uq_untold_change_lever_id_event_at")),
    )


def downgrade() -> None:
    op.drop_table("untold_change")
