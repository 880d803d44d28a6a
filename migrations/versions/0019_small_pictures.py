"""small pictures

Of a picture its size and a small one for the thread. Those that are here already are shown as they are, in a box of a
usual size.

Revision ID: 0019
Revises: 0018
"""

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("media", sa.Column("width", sa.Integer(), nullable=True))
    op.add_column("media", sa.Column("height", sa.Integer(), nullable=True))
    op.add_column("media", sa.Column("preview", sa.LargeBinary(), nullable=True))


def downgrade() -> None:
    for column in ("preview", "height", "width"):
        op.drop_column("media", column)
