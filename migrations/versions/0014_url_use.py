"""use of the webhook URLs

When a webhook last came at a URL before the current one, and digests of the keys of URLs that were ended: what still
comes there is refused, but not unseen.

Revision ID: 0014
Revises: 0013
"""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("webhook_token", sa.Column("earlier_url_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("lever_integration", sa.Column("ended_webhook_keys", sa.Text(), nullable=True))


def downgrade() -> None:
    op.drop_column("lever_integration", "ended_webhook_keys")
    op.drop_column("webhook_token", "earlier_url_at")
