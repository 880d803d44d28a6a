"""end of the allowance to contact

Until when Lever's data protection allows to contact a person: when that time comes Lever tells nobody. What is known of
those already here comes with the next full sync.

Revision ID: 0018
Revises: 0017
"""

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("candidate", sa.Column("contact_until", sa.DateTime(timezone=True), nullable=True))


def downgrade() -> None:
    op.drop_column("candidate", "contact_until")
