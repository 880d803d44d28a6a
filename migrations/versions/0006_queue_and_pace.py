"""queue and pace

The tables of the task queue (Procrastinate 3.10.0, PostgreSQL only, as its authors ship them) and the token bucket that
processes on one database share.

Revision ID: 0006
Revises: 0005
"""

from pathlib import Path

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

SCHEMA = Path(__file__).parents[1] / "procrastinate" / "3.10.0.sql"

DROP = """
DROP TABLE IF EXISTS procrastinate_events, procrastinate_periodic_defers, procrastinate_jobs, procrastinate_workers CASCADE;
DO $$
DECLARE made record;
BEGIN
    FOR made IN SELECT oid::regprocedure AS name FROM pg_proc
        WHERE proname LIKE 'procrastinate\\_%' AND pronamespace = current_schema()::regnamespace
    LOOP
        EXECUTE 'DROP FUNCTION ' || made.name || ' CASCADE';
    END LOOP;
END;
$$;
DROP TYPE IF EXISTS procrastinate_job_to_defer_v1, procrastinate_job_event_type, procrastinate_job_status CASCADE;
"""


def upgrade() -> None:
    op.create_table(
        "lever_pace",
        sa.Column("key_hash", sa.String(length=64), nullable=False),
        sa.Column("tokens", sa.Double(), nullable=False),
        sa.Column("rate", sa.Double(), nullable=False),
        sa.Column("updated", sa.Double(), nullable=False),
        sa.Column("hold_until", sa.Double(), nullable=False),
        sa.Column("live_until", sa.Double(), nullable=False),
        sa.PrimaryKeyConstraint("key_hash", name=op.f("pk_lever_pace")),
    )
    if op.get_bind().dialect.name == "postgresql":
        _run(SCHEMA.read_text(encoding="utf-8"))


def downgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        _run(DROP)
    op.drop_table("lever_pace")


def _run(script: str) -> None:
    # Past SQLAlchemy: it is many statements, and its % and : are no parameters.
    op.get_bind().connection.driver_connection.execute(script)
