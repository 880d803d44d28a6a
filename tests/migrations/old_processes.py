"""What the processes of an earlier version rely on: read from the schema they started on, tried on a newer one.

Such processes still serve while a release migrates, and a way back starts them on the newer schema. So every column
they name must be there, the rows they insert, which name only the columns they know, must be let in, and no column may
hold a word from a list (a state, a kind) that is not on theirs: they could not read the row.
"""

import re
from datetime import UTC, datetime, time
from typing import Any

from sqlalchemy import (
    JSON,
    Boolean,
    Column,
    DateTime,
    Engine,
    Float,
    Integer,
    LargeBinary,
    MetaData,
    Numeric,
    Table,
    Time,
    inspect,
)
from sqlalchemy.exc import DBAPIError

# No statement of ours names these: the database or the queue keeps them.
FOREIGN = re.compile("_search|procrastinate|alembic")
# By kind of column; the rest takes a word.
TAKEN: tuple[tuple[Any, Any], ...] = (
    (Boolean, True),
    ((Integer, Numeric, Float), 1),
    (DateTime, datetime(2026, 11, 26, tzinfo=UTC)),
    (Time, time(9)),
    (JSON, {}),
    (LargeBinary, b"x"),
)


def known_to(engine: Engine) -> MetaData:
    """The tables as a process that starts on this schema knows them, with what their checks say."""
    known = MetaData()
    known.reflect(engine, only=lambda name, _: not FOREIGN.search(name))
    for (_, name), found in inspect(engine).get_multi_check_constraints().items():
        if name in known.tables:
            known.tables[name].info["checks"] = [check["sqltext"] for check in found]
    return known


def broken_by(engine: Engine, known: MetaData) -> list[str]:
    """What a process that knows *known* cannot do on this schema, one line a table. Leaves nothing behind."""
    broken = []
    with engine.connect() as connection:
        there = set(inspect(connection).get_table_names())
        for table in reversed(known.sorted_tables):
            if table.name in there:
                connection.execute(table.delete())
        for table in known.sorted_tables:
            try:
                with connection.begin_nested():
                    connection.execute(table.insert().values({column.name: _value(column) for column in table.columns}))
                    connection.execute(table.select()).one()
            except DBAPIError as error:
                broken.append(f"{table.name}: {str(error.orig).splitlines()[0]}")
        connection.rollback()
    now = known_to(engine)
    for table in known.sorted_tables:
        for column in table.columns:
            later = now.tables[table.name].columns.get(column.name) if table.name in now.tables else None
            if later is not None and (words := _words(column)) and (more := _words(later) - words):
                broken.append(f"{table.name}.{column.name}: may hold {', '.join(sorted(more))}")
    return broken


def _words(column: Column[Any]) -> set[str]:
    """The words that the table's checks name beside the column: all that it may hold, where there is such a list."""
    checks = [check for check in column.table.info.get("checks", ()) if re.search(rf"\b{column.name}\b", check)]
    return set(re.findall("'([^']+)'", " ".join(checks)))


def _value(column: Column[Any]) -> Any:
    """What the column takes; every table gets one row, so those that point at another point at its only one."""
    own: Table = column.table
    if any(key.column.table is own for key in column.foreign_keys):
        return None
    if words := _words(column):
        return min(words)
    return next((value for kind, value in TAKEN if isinstance(column.type, kind)), "x")
