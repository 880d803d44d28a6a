"""What must be true before a process serves or works."""

import time

from alembic.script import ScriptDirectory
from flask import Flask
from sqlalchemy import inspect, text
from sqlalchemy.exc import OperationalError

from grayscale.crypto import UnreadableSecret
from grayscale.domain import keys, setup
from grayscale.domain.company import ensure_rows
from grayscale.extensions import db, migrate
from grayscale.logging import get_logger

log = get_logger(__name__)

# A database that is being restarted answers within this; a wrong address never does.
PATIENCE_SECONDS = 20.0
BETWEEN_TRIES_SECONDS = 1.0


class NotReady(Exception):
    """The process cannot start; the message is one line for the operator."""


def prepare(app: Flask, *, patience: float = PATIENCE_SECONDS, invites: bool = True) -> str | None:
    """Check schema and keys, make the rows there is one of; the one-time set-up link while nobody can sign in.

    Waits up to *patience* seconds for the database. A process that does not invite makes no link, for a
    new one ends the one before. Raises ``NotReady``.
    """
    ends_at = time.monotonic() + patience
    with app.app_context():
        while True:
            try:
                check_schema()
                ensure_rows()
                keys.check_readable()
                return setup.link_if_needed() if invites else None
            except OperationalError as error:
                reason = str(error.orig).splitlines()[0]
                if time.monotonic() > ends_at:
                    raise NotReady(f"DATABASE_URL: the database does not answer: {reason}") from None
                log.warning("the database does not answer yet", reason=reason)
                time.sleep(BETWEEN_TRIES_SECONDS)
            except UnreadableSecret as error:
                raise NotReady(f"FERNET_KEYS: {error}") from None
            finally:
                db.session.remove()


def check_schema() -> None:
    """Raises ``NotReady`` when migrations have yet to run. A schema newer than this code is let be: a way back."""
    script = ScriptDirectory.from_config(migrate.get_config())
    with db.engine.connect() as connection:
        migrated = inspect(connection).has_table("alembic_version")
        current = connection.scalar(text("SELECT version_num FROM alembic_version")) if migrated else None
    known = {revision.revision for revision in script.walk_revisions()}
    if current != script.get_current_head() and (current is None or current in known):
        raise NotReady("the database is not migrated to this version; run: flask --app app db upgrade")
