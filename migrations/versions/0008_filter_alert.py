"""filter alert

When too many of a number's texts were blocked as spam.

Revision ID: 0008
Revises: 0007
"""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("sending_number", sa.Column("filtered_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("sending_number", sa.Column("filtered_words", sa.String(length=40), server_default="", nullable=False))


def downgrade() -> None:
    op.drop_column("sending_number", "filtered_words")
    op.drop_column("sending_number", "filtered_at")
