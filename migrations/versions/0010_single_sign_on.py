"""single sign-on

The registration at the company's identity provider, and the provider's own id of each person who came that way.

Revision ID: 0010
Revises: 0009
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "single_sign_on",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("name", sa.String(length=60), nullable=False),
        sa.Column("discovery_url", sa.String(length=500), nullable=False),
        sa.Column("client_id", sa.String(length=300), nullable=False),
        sa.Column("client_secret", sa.Text(), nullable=False),
        sa.Column("domains", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False),
        sa.Column("lets_join", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("passwords_off", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("saved_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("saved_by_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.CheckConstraint("id = 1", name=op.f("ck_single_sign_on_one_row")),
        sa.ForeignKeyConstraint(
            ["saved_by_id"], ["user_account.id"], name=op.f("fk_single_sign_on_saved_by_id_user_account"),
            ondelete="SET NULL",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_single_sign_on")),
    )
    op.add_column("user_account", sa.Column("sso_subject", sa.String(length=600), nullable=True))
    op.create_index(op.f("ix_user_account_sso_subject"), "user_account", ["sso_subject"], unique=True)


def downgrade() -> None:
    op.drop_index(op.f("ix_user_account_sso_subject"), "user_account")
    op.drop_column("user_account", "sso_subject")
    op.drop_table("single_sign_on")
