"""Transactions on SQLite and PostgreSQL.

Reading is the default: a session begins with a plain ``BEGIN`` and never holds a writer up. Whoever writes says so with
``transaction()``, which on SQLite begins with ``BEGIN IMMEDIATE``: a read transaction cannot be turned into a write
one there without failing or losing updates. Inside a process a lock puts the writers in a queue, which is fairer and
quicker than SQLite's own polling. PostgreSQL is read from without any transaction, and what a session writes outside of
``transaction()`` would be there at once. No call to the outside world may be made inside ``transaction()``.
"""

import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from contextvars import ContextVar
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy import ColumnElement, Connection, Dialect, Engine, event, inspect, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import InvalidatePoolError, OperationalError
from sqlalchemy.orm import Session, aliased
from sqlalchemy.pool import ConnectionPoolEntry

from grayscale.direct import as_sqlalchemy, together
from grayscale.extensions import db

BUSY_TIMEOUT_MS = 15_000
# Of the file, each connection keeps this much to itself; the system's own cache holds the rest, for all of them once.
PAGES_KIB = 512
# Each comes to hold its pages, the schema and 128 prepared statements, 1.7 MB; used by turns, all of them do soon. Who
# finds none free waits for one: more would only wait for the processor, and opening one for once takes longer.
SQLITE_CONNECTIONS = 8
# A connection to PostgreSQL that was used so recently is taken to live.
SURE_SECONDS = 2.0

# By dialect: an INSERT that can say what is to happen when the row is there already.
INSERT: dict[str, Any] = {"sqlite": sqlite.insert, "postgresql": postgresql.insert}

Model = TypeVar("Model")

_open: ContextVar["_Transaction | None"] = ContextVar("open_transaction", default=None)
_writers = threading.Lock()


@dataclass(slots=True)
class _Transaction:
    """Until when it may wait to begin (``time.monotonic``), and what is to happen around its commit."""

    give_up_at: float | None = None
    has_session: bool = True
    before: dict[str, Callable[[], None]] = field(default_factory=dict)
    after: list[Callable[[], None]] = field(default_factory=list)


def engine_options(database_url: str, *, connections: int) -> dict[str, Any]:
    """Arguments for the engine; *connections* is how many threads may use PostgreSQL at once."""
    # What a statement holds is somebody's name or words: no error message repeats it.
    options: dict[str, Any] = {"pool_timeout": 30, "hide_parameters": True}
    if database_url.startswith("sqlite"):
        return options | {"pool_size": SQLITE_CONNECTIONS, "max_overflow": 0}
    return options | {
        "pool_size": connections, "max_overflow": 4,
        # The one used last is warm, and those of a busy moment stay small.
        "pool_use_lifo": True,
        # Managed PostgreSQL drops idle connections after five minutes.
        "pool_recycle": 280,
    }  # fmt: skip


def own_file(path: Path) -> None:
    """Make the SQLite file, unless there is one, for this user's eyes only; its log and index get the same rights."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch(mode=0o600, exist_ok=True)


def prepare_engine(engine: Engine) -> None:
    """Give connections the settings the application relies on."""
    if engine.dialect.name != "sqlite":
        event.listen(engine, "connect", _keep_to_one_process)
        event.listen(engine, "checkin", _note_when)
        event.listen(engine, "begin", _begin_one_transaction)
        event.listen(engine, "checkout", partial(_make_sure, engine.dialect))
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
        f"cache_size = -{PAGES_KIB}",
    ):
        connection.execute(f"PRAGMA {pragma}")


def _keep_to_one_process(connection: Any, _record: object) -> None:
    """Compiling a statement to machine code takes PostgreSQL seconds, and starting helpers for it 10 ms or more.

    Running any of ours takes less, but of a word's beginning it always expects a fiftieth of all rows.
    """
    with connection.cursor() as cursor:
        cursor.execute("SET jit = off")
        cursor.execute("SET max_parallel_workers_per_gather = 0")
    connection.commit()


def _note_when(_connection: Any, record: ConnectionPoolEntry) -> None:
    record.info["left_at"] = time.monotonic()


def _begin_one_transaction(connection: Connection) -> None:
    driver: Any = connection.connection.driver_connection
    if driver.autocommit:
        driver.autocommit = False


@event.listens_for(db.session, "after_begin")
def _begin_reading(_session: Session, _transaction: object, connection: Connection) -> None:
    """Have PostgreSQL answer what a session reads outside of ``transaction()`` without a transaction around it.

    Within one each statement would see what is committed when it begins as well. But reads would end with ROLLBACK, at
    which the driver forgets the statements it prepared, and planning those of a page anew takes as long as running
    them.
    """
    if connection.dialect.name == "postgresql" and _open.get() is None:
        driver: Any = connection.connection.driver_connection
        driver.autocommit = True


def _make_sure(dialect: Dialect, connection: Any, record: ConnectionPoolEntry, _fairy: object) -> None:
    """Ask a connection that was idle whether it lives; asking each time would take as long as what it is wanted for."""
    left_at = record.info.get("left_at")
    if left_at is None or time.monotonic() - left_at < SURE_SECONDS:
        return
    try:
        dialect.do_ping(connection)
    except dialect.loaded_dbapi.Error as error:
        raise InvalidatePoolError from error


def _begin(connection: Connection) -> None:
    current = _open.get()
    link: Any = connection.connection.driver_connection
    words = "BEGIN" if current is None else "BEGIN IMMEDIATE"
    with as_sqlalchemy(connection, words):
        if current is None or current.give_up_at is None:
            link.execute(words)
            return
        link.execute(f"PRAGMA busy_timeout = {max(int((current.give_up_at - time.monotonic()) * 1000), 1)}")
        try:
            link.execute(words)
        finally:
            link.execute(f"PRAGMA busy_timeout = {BUSY_TIMEOUT_MS}")


@contextmanager
def _as_writer(patience: float | None) -> Iterator[None]:
    if not _writers.acquire(timeout=-1 if patience is None else max(patience, 0)):
        raise OperationalError("BEGIN IMMEDIATE", None, TimeoutError("other writers take too long"))
    try:
        yield
    finally:
        _writers.release()


@contextmanager
def transaction(patience: float | None = None) -> Iterator[Session]:
    """A write: all of it is committed at the end, or none of it.

    With *patience*, SQLAlchemy's ``OperationalError`` is raised when SQLite's other writers take longer than that many
    seconds; without, each of them is waited for, of this process without end.

    An inner ``transaction()`` joins the outer one. Rows loaded before are read anew inside, so a decision rests on what
    is stored now.
    """
    session = db.session()
    outer = _open.get()
    if outer is not None:
        if not outer.has_session:
            raise RuntimeError("a plain_transaction() cannot be joined")
        yield session
        return
    if session.new or session.dirty or session.deleted:
        raise RuntimeError("changes were made to the session outside a transaction()")
    session.rollback()
    session.expire_all()
    with _writing(patience) as current:
        try:
            yield session
            for callback in current.before.values():
                callback()
            session.commit()
        except BaseException:
            session.rollback()
            raise


@contextmanager
def plain_transaction(patience: float) -> Iterator[Connection]:
    """A write as ``transaction()`` makes it, without a session and what that costs; no other one joins it.

    Raises ``OperationalError`` when other writers take longer than *patience* seconds: on SQLite before it begins, on
    PostgreSQL wherever it waits for a lock.
    """
    with _writing(patience, has_session=False), db.engine.begin() as connection:
        limit_waits(connection, patience)
        yield connection


def limit_waits(connection: Connection, seconds: float) -> None:
    """Until the transaction ends, let PostgreSQL wait for no more locks and no longer statements than fit in *seconds*.

    What writes waits for three locks at the most: of the table or its new row, of a count, of a state.
    """
    if connection.dialect.name == "postgresql":
        milliseconds = max(int(seconds * 1000), 3)
        # With BEGIN in one round trip.
        with together(connection):
            link: Any = connection.connection.driver_connection
            link.execute(f"SET LOCAL lock_timeout = {milliseconds // 3}")
            link.execute(f"SET LOCAL statement_timeout = {milliseconds}")


@contextmanager
def _writing(patience: float | None, *, has_session: bool = True) -> Iterator[_Transaction]:
    current = _Transaction(None if patience is None else time.monotonic() + patience, has_session)
    with _as_writer(patience) if db.engine.dialect.name == "sqlite" else nullcontext():
        token = _open.set(current)
        try:
            yield current
        finally:
            _open.reset(token)
    for callback in current.after:
        callback()


def before_commit(name: str, callback: Callable[[], None]) -> bool:
    """Have *callback* called as the last thing inside the transaction; a later one of the same *name* is left out.

    Answers whether it was taken. Raises ``RuntimeError`` outside of a transaction.
    """
    current = _open.get()
    if current is None:
        raise RuntimeError("this belongs inside a transaction()")
    if name in current.before:
        return False
    current.before[name] = callback
    return True


def after_commit(callback: Callable[[], None]) -> None:
    """Call *callback* once the transaction is committed; at once outside of one, never after a rollback."""
    current = _open.get()
    if current is None:
        callback()
    else:
        current.after.append(callback)


def in_transaction() -> bool:
    """Whether the caller runs inside ``transaction()``."""
    return _open.get() is not None


def finds(model: Any, *conditions: ColumnElement[bool]) -> ColumnElement[bool]:
    """Whether a row of *model* meets the *conditions*, looked up by an index for each row that is asked about.

    PostgreSQL takes EXISTS for a set and reads the whole table to put it together, blind to that a page of fifty asks.
    """
    return select(model.id).where(*conditions).limit(1).scalar_subquery().is_not(None)


def end_read() -> None:
    """Give the connection back before a slow call: no transaction stays open over the network."""
    db.session().rollback()


def shared_alias(model: type[Model]) -> type[Model]:
    """A second name for *model*'s table that threads may share in their queries.

    SQLAlchemy makes an alias's columns, and the index that leads to them, at first use and without a lock: of two
    threads whose first queries came at once, one would mean the table itself where it says the alias. So they are made
    here, while a module is imported.
    """
    alias = aliased(model)
    named: Any = inspect(alias).selectable
    named.corresponding_column(next(iter(inspect(model).local_table.columns)))
    return alias
