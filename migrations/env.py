"""How Alembic runs here: one transaction a migration on both databases, one migration at a time."""

from typing import Any, Literal

from alembic import context
from alembic.autogenerate.api import AutogenContext
from alembic.util import CommandError
from flask import current_app
from sqlalchemy import JSON, Connection, Engine, create_engine, event, text
from sqlalchemy.exc import OperationalError

from grayscale.crypto import EncryptedText
from grayscale.logging import get_logger
from grayscale.models.types import UTCDateTime

log = get_logger(__name__)

config = context.config
target = current_app.extensions["migrate"].db
LOCK = 4_726_171


def render_item(kind: str, item: Any, autogen: AutogenContext) -> str | Literal[False]:
    """Migrations import nothing of the application: our column types are written as what they store."""
    if kind == "type" and isinstance(item, EncryptedText):
        return "sa.Text()"
    if kind == "type" and isinstance(item, UTCDateTime):
        return "sa.DateTime(timezone=True)"
    if kind == "type" and isinstance(item, JSON):
        autogen.imports.add("from sqlalchemy.dialects import postgresql")
        return 'sa.JSON().with_variant(postgresql.JSONB(), "postgresql")'
    return False


def include_name(name: str | None, kind: str, _parents: object) -> bool:
    """What no model stands for: the search indexes are made by hand, the queue's tables by its authors."""
    return not (kind in ("table", "index") and name is not None and ("_search" in name or "procrastinate" in name))


def migrate(connection: Connection) -> None:
    context.configure(
        connection=connection,
        target_metadata=target.metadatas[None],
        render_item=render_item,
        include_name=include_name,
        render_as_batch=True,
        compare_type=True,
        transactional_ddl=True,
        transaction_per_migration=True,
    )
    with context.begin_transaction():
        if newer := _newer():
            log.warning("the database is of a newer version and is left as it is", revision=newer)
        else:
            context.run_migrations()


def _newer() -> str | None:
    """What a version after this one brought the schema to, when this one is asked for the newest it knows.

    A release that goes back runs ``db upgrade`` like any other; failing would keep the older processes from starting.
    """
    known = {revision.revision for revision in context.script.walk_revisions()}
    unknown = [head for head in context.get_context().get_current_heads() if head not in known]
    return unknown[0] if unknown and context.get_revision_argument() == context.get_head_revision() else None


def run() -> None:
    """A connection of its own: on SQLite without foreign keys, for rebuilding a table deletes its children."""
    engine = create_engine(target.engine.url)
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _plain_connection)
        event.listen(engine, "begin", lambda connection: connection.exec_driver_sql("BEGIN IMMEDIATE"))
    with _connected(engine) as connection:
        if engine.dialect.name == "postgresql":
            # Two deploys at once take turns; a table somebody holds makes the migration fail soon, not hang.
            connection.execute(text("SELECT pg_advisory_lock(:lock)"), {"lock": LOCK})
            connection.execute(text("SET lock_timeout = '10s'"))
            connection.commit()
        migrate(connection)
        if engine.dialect.name == "sqlite":
            broken = connection.exec_driver_sql("PRAGMA foreign_key_check").fetchall()
            if broken:
                raise RuntimeError(f"after migrating, foreign keys point nowhere: {broken[:5]}")
        elif engine.dialect.name == "postgresql":
            connection.rollback()
            connection.execute(text("SELECT pg_advisory_unlock(:lock)"), {"lock": LOCK})
            connection.commit()
    engine.dispose()


def _connected(engine: Engine) -> Connection:
    """Raises ``CommandError``, one line for the operator, when the database does not answer or is not ours to write."""
    try:
        return engine.connect()
    except OperationalError as error:
        reason = str(error.orig).splitlines()[0]
        raise CommandError(f"DATABASE_URL: the database does not answer: {reason}") from error


def _plain_connection(connection: Any, _record: object) -> None:
    connection.isolation_level = None
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA busy_timeout = 15000")
    connection.execute("PRAGMA foreign_keys = OFF")


run()
