"""Statements that write, given to the driver as they are: SQLAlchemy's work at each would be more than the database's.

They run on the connection of the caller's transaction.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Connection, Dialect
from sqlalchemy.exc import DBAPIError

# The values of one row in an INSERT for SQLite.
_ONE_ROW = re.compile(r"\(\?[?, ]*\)")


class Direct:
    """A statement compiled once. *names* are the columns an INSERT is given."""

    def __init__(self, statement: Any, dialect: Dialect, names: Sequence[str] | None = None) -> None:
        compiled = statement.compile(dialect=dialect, column_keys=names)
        self._words = str(compiled)
        self._order: Sequence[str] | None = compiled.positiontup
        self._constants = compiled.construct_params(_check=False)
        self._binding = {
            name: process
            for bind, name in compiled.bind_names.items()
            if (process := bind.type.dialect_impl(dialect).bind_processor(dialect)) is not None
        }

    def bound(self, values: Mapping[str, Any]) -> Any:
        """The values as the driver takes them, what is encrypted encrypted."""
        given = {**self._constants, **values}
        for name, process in self._binding.items():
            given[name] = process(given[name])
        return given if self._order is None else [given[name] for name in self._order]

    def run(self, connection: Connection, values: Mapping[str, Any]) -> None:
        """Raises what SQLAlchemy raises."""
        cursor: Any = connection.connection.cursor()
        try:
            with as_sqlalchemy(connection, self._words):
                cursor.execute(self._words, self.bound(values))
        finally:
            cursor.close()

    def insert_all(self, connection: Connection, many: Sequence[Any]) -> list[Any]:
        """Insert *many* rows at once, each ``bound`` before. What the statement returns of them, as the driver has it.

        Raises what SQLAlchemy raises.
        """
        found: list[Any] = []
        cursor: Any = connection.connection.cursor()
        try:
            with as_sqlalchemy(connection, self._words):
                if self._order is not None:
                    cursor.execute(self._for_rows(len(many)), [value for row in many for value in row])
                    return list(cursor.fetchall())
                if len(many) == 1:
                    cursor.execute(self._words, many[0])
                    return list(cursor.fetchall())
                # One round trip, PostgreSQL's BEGIN included.
                cursor.executemany(self._words, many, returning=True)
                while True:
                    found += cursor.fetchall()
                    if not cursor.nextset():
                        return found
        finally:
            cursor.close()

    def _for_rows(self, count: int) -> str:
        return _ONE_ROW.sub(lambda one: ", ".join([one.group()] * count), self._words, count=1)


@contextmanager
def together(connection: Connection) -> Iterator[None]:
    """Send PostgreSQL each ``Direct.run``, and wait for all of them at the end."""
    link: Any = connection.connection.driver_connection
    with as_sqlalchemy(connection, ""), link.pipeline():
        yield


@contextmanager
def as_sqlalchemy(connection: Connection, words: str) -> Iterator[None]:
    """Have the driver's errors raised as SQLAlchemy does, without the values of a statement."""
    errors = connection.dialect.loaded_dbapi.Error
    try:
        yield
    except errors as error:
        raise DBAPIError.instance(words, None, error, errors, hide_parameters=True) from error
