"""consent details

What a recorded consent covers and where it was given; whether a first text must name who writes; and until when an
automated text is of any use.

Revision ID: 0005
Revises: 0004
"""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

KINDS = ("inquiry", "express", "express_written")
SOURCES = ("text", "application", "verbal", "email", "other")


def upgrade() -> None:
    # Added in place: rebuilding the table on SQLite would lose its search triggers.
    op.add_column("message", sa.Column("useless_after", sa.DateTime(timezone=True), nullable=True))
    op.add_column(
        "texting_account", sa.Column("require_names", sa.Boolean(), server_default=sa.false(), nullable=False)
    )
    with op.batch_alter_table("consent_record") as batch:
        for name, values in (("kind", KINDS), ("source", SOURCES)):
            one_of = sa.Enum(*values, name=name, native_enum=False, create_constraint=True, length=32)
            batch.add_column(sa.Column(name, one_of, nullable=True))
        batch.add_column(sa.Column("wording", sa.Text(), server_default="", nullable=False))
        batch.add_column(sa.Column("page_url", sa.Text(), server_default="", nullable=False))
        batch.add_column(sa.Column("opportunity_lever_id", sa.String(length=100), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table("consent_record") as batch:
        for name in ("kind", "source"):
            batch.drop_constraint(op.f(f"ck_consent_record_{name}"), type_="check")
        for name in ("opportunity_lever_id", "page_url", "wording", "source", "kind"):
            batch.drop_column(name)
    op.drop_column("texting_account", "require_names")
    op.drop_column("message", "useless_after")
