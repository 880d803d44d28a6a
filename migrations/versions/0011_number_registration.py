"""number registration

Whether the carriers know who texts from a number; until now a missing one was a stop with a reason like any other.

Revision ID: 0011
Revises: 0010
"""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

STATES = ("approved", "pending", "missing")


def upgrade() -> None:
    one_of = sa.Enum(*STATES, name="registration", native_enum=False, create_constraint=True, length=32)
    with op.batch_alter_table("sending_number") as batch:
        batch.add_column(sa.Column("registration", one_of, server_default="approved", nullable=False))
    op.execute(
        "UPDATE sending_number SET registration = 'missing', stopped_reason = NULL"
        " WHERE stopped_reason LIKE 'US carriers%'"
    )


def downgrade() -> None:
    op.execute(
        "UPDATE sending_number SET stopped_reason = 'US carriers need A2P 10DLC registration.'"
        " WHERE registration <> 'approved'"
    )
    with op.batch_alter_table("sending_number") as batch:
        batch.drop_constraint(op.f("ck_sending_number_registration"), type_="check")
        batch.drop_column("registration")
