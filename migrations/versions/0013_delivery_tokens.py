"""delivery tokens

A digest of what Lever signed a webhook with: it signs nothing else, so the same token under another body is a forgery.

Revision ID: 0013
Revises: 0012
"""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("delivery", sa.Column("token_digest", sa.String(length=64), nullable=True))
    op.create_index(
        "ix_delivery_token_digest",
        "delivery",
        ["token_digest"],
        unique=True,
        sqlite_where=sa.text("token_digest IS NOT NULL"),
        postgresql_where=sa.text("token_digest IS NOT NULL"),
    )


def downgrade() -> None:
    op.drop_index("ix_delivery_token_digest", table_name="delivery")
    op.drop_column("delivery", "token_digest")
