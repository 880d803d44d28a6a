"""Writing many rows with one statement, without the ORM's cost a row.

A first sync writes every record Lever has. On SQLite SQLAlchemy's own handling of parameters costs as much as the
database itself, so the statement it compiles is run by the driver and the few types that need it are converted here.
There a statement holds many rows: the driver lets other threads have the interpreter at each step of a statement, and
with a step a row the one that writes would win it back a hundred times a page.
"""

from __future__ import annotations

import enum
import json
from collections import namedtuple
from collections.abc import Callable, Collection, Sequence
from datetime import datetime
from json.encoder import encode_basestring_ascii
from operator import itemgetter
from typing import Any

from sqlalchemy import (
    ARRAY,
    JSON,
    ColumnElement,
    Executable,
    String,
    Table,
    any_,
    bindparam,
    column,
    func,
    literal_column,
    select,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from grayscale.models.types import UTCDateTime
from grayscale.reading import Reading

Row = dict[str, Any]
Convert = Callable[[Any], Any] | None

# Rows of one statement on SQLite at most: it takes 32,766 values. A power of two, as all lengths are.
AT_ONCE = 32

# The moment before all others, as each database writes it.
_NEVER = {"sqlite": "'1970-01-01 00:00:00.000000'", "postgresql": "TIMESTAMPTZ '1970-01-01 00:00:00+00'"}

_statements: dict[tuple[str, str, tuple[str, ...]], Executable] = {}
_driver_statements: dict[tuple[str, tuple[str, ...]], _Statement] = {}


class _Statement:
    """An INSERT of one row as SQLite is given it for many."""

    def __init__(self, compiled: Any, table: Table) -> None:
        names: list[str] = compiled.positiontup
        self._one = f"({', '.join('?' * len(names))})"
        self._head, self._tail = str(compiled).split(self._one)
        self._cells = itemgetter(*names)
        converted = [(place, _conversion(table.c[name].type)) for place, name in enumerate(names)]
        self._converted = [(place, convert) for place, convert in converted if convert is not None]

    def run(self, session: Session, rows: Sequence[Row]) -> None:
        values: list[Any] = []
        for row in rows:
            cells = list(self._cells(row))
            for place, convert in self._converted:
                if cells[place] is not None:
                    cells[place] = convert(cells[place])
            values += cells
        words = self._head + ", ".join([self._one] * len(rows)) + self._tail
        session.connection().exec_driver_sql(words, tuple(values))


class Lookup:
    """The rows whose *key* is in a list, by that key: a statement that is put together once, not at every page.

    ``lock`` keeps others from changing them until the transaction ends.
    """

    def __init__(self, table: Table, key: str, *names: str) -> None:
        columns = [table.c[name] for name in (key, *names)]
        self._row: Any = namedtuple("Found", (key, *names))  # type: ignore[misc]
        listed = select(column("value", String)).select_from(func.json_each(bindparam("keys", type_=String)))
        among = {
            "sqlite": table.c[key].in_(listed),
            "postgresql": table.c[key] == any_(bindparam("keys", type_=ARRAY(String))),
        }
        self._queries = {
            name: Reading(select(*columns).where(condition).order_by(table.c.id)) for name, condition in among.items()
        }
        self._locking = Reading(
            select(*columns).where(among["postgresql"]).order_by(table.c.id).with_for_update(key_share=True)
        )

    def __call__(self, session: Session, keys: Collection[str], *, lock: bool = False) -> dict[str, Any]:
        is_sqlite = session.get_bind().dialect.name == "sqlite"
        query = self._locking if lock and not is_sqlite else self._queries["sqlite" if is_sqlite else "postgresql"]
        found = query.rows({"keys": json.dumps(list(keys)) if is_sqlite else list(keys)})
        return {row[0]: self._row._make(row) for row in found}


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
        compiled = statement.compile(dialect=dialect, column_keys=list(names))  # type: ignore[attr-defined]
        found = _driver_statements[(table.name, names)] = _Statement(compiled, table)
    start = 0
    while start < len(rows):
        # Each connection keeps what it prepared, three kilobytes a row: were statements as long as pages happen to be,
        # it would end up with one of every length.
        end = start + min(AT_ONCE, 1 << (len(rows) - start).bit_length() - 1)
        found.run(session, rows[start:end])
        start = end


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
    # Nearly all are short lists of words: setting the encoder up would take longer than using it.
    if type(value) is list and all(type(item) is str for item in value):
        return f"[{', '.join(map(encode_basestring_ascii, value))}]"
    return json.dumps(value)


def _value(member: Any) -> Any:
    return member.value if isinstance(member, enum.Enum) else member
