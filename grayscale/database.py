"""Transactions on SQLite and PostgreSQL.

Reading is the default: a session begins with a plain ``BEGIN`` and never holds a writer up. Whoever writes says so with
``transaction()``, which on SQLite begins with ``BEGIN IMMEDIATE``: a read transaction cannot be turned into a write
one there without failing or losing updates. Inside a process a lock puts the writers in a queue, which is fairer and
quicker than SQLite's own polling. No call to the outside world may be made inside ``transaction()``.
"""

import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from contextvars import ContextVar
from typing import Any

from sqlalchemy import Connection, Engine, event
from sqlalchemy.orm import Session

from grayscale.extensions import db

BUSY_TIMEOUT_MS = 15_000

_writing: ContextVar[bool] = ContextVar("writing", default=False)
_after_commit: ContextVar[list[Callable[[], None]] | None] = ContextVar("after_commit", default=None)
_writers = threading.Lock()


def engine_options(database_url: str, *, connections: int) -> dict[str, Any]:
    """Arguments for the engine; *connections* is how many threads may use the database at once."""
    options: dict[str, Any] = {"pool_size": connections, "max_overflow": 4, "pool_timeout": 30}
    if not database_url.startswith("sqlite"):
        # Managed PostgreSQL drops idle connections after five minutes.
        options |= {"pool_pre_ping": True, "pool_recycle": 280}
    return options


def prepare_engine(engine: Engine) -> None:
    """Give SQLite connections the settings the application relies on."""
    if engine.dialect.name != "sqlite":
        return
    event.listen(engine, "connect", _configure_connection)
    event.listen(engine, "begin", _begin)


def _configure_connection(connection: sqlite3.Connection, _record: object) -> None:
    # The driver must not begin transactions by itself: its BEGIN is deferred and comes only before a write.
    connection.isolation_level = None
    for pragma in (
        "journal_mode = WAL",
        f"busy_timeout = {BUSY_TIMEOUT_MS}",
        "synchronous = FULL",  # an acknowledged commit survives a power cut
        "foreign_keys = ON",
        "secure_delete = ON",  # what is erased leaves no bytes behind in the file
        "temp_store = MEMORY",
    ):
        connection.execute(f"PRAGMA {pragma}")


def _begin(connection: Connection) -> None:
    connection.exec_driver_sql("BEGIN IMMEDIATE" if _writing.get() else "BEGIN")


@contextmanager
def transaction() -> Iterator[Session]:
    """A write: all of it is committed at the end, or none of it.

    An inner ``transaction()`` joins the outer one. Rows loaded before are read anew inside, so a decision rests on what
    is stored now.
    """
    session = db.session()
    if _writing.get():
        yield session
        return
    if session.new or session.dirty or session.deleted:
        raise RuntimeError("changes were made to the session outside a transaction()")
    session.rollback()
    session.expire_all()
    with _writers if db.engine.dialect.name == "sqlite" else nullcontext():
        writing = _writing.set(True)
        pending: list[Callable[[], None]] = []
        waiting = _after_commit.set(pending)
        try:
            yield session
            session.commit()
        except BaseException:
            session.rollback()
            raise
        finally:
            _writing.reset(writing)
            _after_commit.reset(waiting)
    for callback in pending:
        callback()


def after_commit(callback: Callable[[], None]) -> None:
    """Call *callback* once the transaction is committed; at once outside of one, never after a rollback."""
    pending = _after_commit.get()
    if pending is None:
        callback()
    else:
        pending.append(callback)


def in_transaction() -> bool:
    """Whether the caller runs inside ``transaction()``."""
    return _writing.get()


def end_read() -> None:
    """Give the connection back before a slow call: no transaction stays open over the network."""
    db.session().rollback()
