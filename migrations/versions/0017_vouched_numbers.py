"""vouched numbers

A person may say that a number is the candidate's although Lever does not list it. So they did of what was matched by
hand and is still texted.

Revision ID: 0017
Revises: 0016
"""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    vouched = sa.Column("peer_vouched", sa.Boolean(), server_default=sa.false(), nullable=False)
    op.add_column("conversation", vouched)
    conversation = sa.table("conversation", sa.column("id"), sa.column("candidate_id"), sa.column("peer_vouched"))
    message = sa.table("message", sa.column("conversation_id"), sa.column("direction"), sa.column("body"))
    matched = sa.exists().where(
        message.c.conversation_id == conversation.c.id,
        message.c.direction == "internal",
        message.c.body.like("Matched to %"),
    )
    op.execute(conversation.update().where(conversation.c.candidate_id.is_not(None), matched).values(peer_vouched=sa.true()))


def downgrade() -> None:
    op.drop_column("conversation", "peer_vouched")
