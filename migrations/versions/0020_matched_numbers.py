"""matched numbers

Which unknown number a person matched to a candidate, and with which text it began, so that it can be taken back. Of
what was matched before it is not known.

Revision ID: 0020
Revises: 0019
"""

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("conversation", sa.Column("matched_peer", sa.String(20), nullable=True))
    op.add_column("conversation", sa.Column("matched_from_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True))


def downgrade() -> None:
    for column in ("matched_from_id", "matched_peer"):
        op.drop_column("conversation", column)
