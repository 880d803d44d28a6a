"""Writing many rows with one statement, without the ORM's cost a row.

A first sync writes every record Lever has. On SQLite SQLAlchemy's own handling of parameters costs as much as the
database itself, so the statement it compiles is run by the driver and the few types that need it are converted here.
"""

from __future__ import annotations

import enum
import json
from collections.abc import Callable, Collection, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import JSON, ColumnElement, Executable, Table, bindparam, func, literal_column, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from grayscale.models.types import UTCDateTime

Row = dict[str, Any]
Convert = Callable[[Any], Any] | None

# The moment before all others, as each database writes it.
_NEVER = {"sqlite": "'1970-01-01 00:00:00.000000'", "postgresql": "TIMESTAMPTZ '1970-01-01 00:00:00+00'"}

_statements: dict[tuple[str, str, tuple[str, ...]], Executable] = {}
_driver_statements: dict[tuple[str, tuple[str, ...]], tuple[str, list[tuple[str, Convert]]]] = {}


class Lookup:
    """The rows whose *key* is in a list, by that key: a statement that is put together once, not at every page.

    ``lock`` keeps others from changing them until the transaction ends.
    """

    def __init__(self, table: Table, key: str, *names: str) -> None:
        columns = [table.c[name] for name in (key, *names)]
        wanted = table.c[key].in_(bindparam("keys", expanding=True))
        self._query = select(*columns).where(wanted).order_by(table.c.id)
        self._locking = self._query.with_for_update(key_share=True)

    def __call__(self, session: Session, keys: Collection[str], *, lock: bool = False) -> dict[str, Any]:
        found = session.connection().execute(self._locking if lock else self._query, {"keys": list(keys)})
        return {row[0]: row for row in found}


def upsert(session: Session, table: Table, key: str, rows: Sequence[Row]) -> None:
    """Insert *rows* (all with the same keys), or update the stored row with the same *key*.

    A stored row gives way only to a newer version, or to an equally new one asked for later; a table without versions
    only to one asked for later.
    """
    _run(session, table, key, rows)


def insert(session: Session, table: Table, rows: Sequence[Row]) -> None:
    """Insert *rows*, all with the same keys."""
    _run(session, table, "", rows)


def _run(session: Session, table: Table, key: str, rows: Sequence[Row]) -> None:
    if not rows:
        return
    dialect = session.get_bind().dialect
    names = tuple(rows[0])
    known = (dialect.name, table.name, names)
    statement = _statements.get(known)
    if statement is None:
        statement = _statements[known] = _statement(dialect.name, table, key, names)
    if dialect.name != "sqlite":
        session.execute(statement, rows)
        return
    found = _driver_statements.get((table.name, names))
    if found is None:
        compiled: Any = statement.compile(dialect=dialect, column_keys=list(names))  # type: ignore[attr-defined]
        columns = [(name, _conversion(table.c[name].type)) for name in compiled.positiontup]
        found = _driver_statements[(table.name, names)] = (str(compiled), columns)
    sql, columns = found
    values = [
        tuple([row[name] if convert is None or row[name] is None else convert(row[name]) for name, convert in columns])
        for row in rows
    ]
    session.connection().exec_driver_sql(sql, values)


def _statement(dialect: str, table: Table, key: str, names: Sequence[str]) -> Executable:
    make = sqlite.insert if dialect == "sqlite" else postgresql.insert
    statement = make(table)
    if not key:
        return statement
    new = statement.excluded
    return statement.on_conflict_do_update(
        index_elements=[key],
        set_={name: new[name] for name in names if name != key},
        where=_gives_way(dialect, table, new),
    )


def _gives_way(dialect: str, table: Table, new: Any) -> ColumnElement[bool]:
    if "lever_updated_at" not in table.c:
        return new.fetched_at > table.c.fetched_at
    names = [name for name in ("lever_updated_at", "lever_created_at") if name in table.c]
    never: Any = literal_column(_NEVER[dialect])
    mine = func.coalesce(*(new[name] for name in names), never)
    theirs = func.coalesce(*(table.c[name] for name in names), never)
    return (mine > theirs) | ((mine == theirs) & (new.fetched_at > table.c.fetched_at))


def _conversion(kind: Any) -> Convert:
    if isinstance(kind, UTCDateTime):
        return _time
    if isinstance(kind, JSON):
        return _json
    return _value if hasattr(kind, "enums") else None


def _time(moment: datetime) -> str:
    """As SQLAlchemy writes it; every time of the mirror is in UTC already."""
    return moment.isoformat(" ", "microseconds")[:26]


def _json(value: Any) -> str:
    # Most lists of tags, followers and addresses are empty.
    return json.dumps(value) if value != [] else "[]"


def _value(member: Any) -> Any:
    return member.value if isinstance(member, enum.Enum) else member
