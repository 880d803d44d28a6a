"""SELECTs compiled once and given to the driver, for what is asked many times a second.

Finding a statement in SQLAlchemy's cache, binding its values and telling its columns apart takes several times as long
as the answer to most of them. Reading raises what SQLAlchemy raises, but for ``Prepared``.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

from sqlalchemy import Dialect, Engine, Select, bindparam, inspect, select
from sqlalchemy.orm import Mapper, Session, make_transient_to_detached

from grayscale.direct import as_sqlalchemy
from grayscale.extensions import db


class _Columns:
    """A SELECT of columns as one kind of database is given it: its words, and what turns values into its own and back.

    Compiled once. It may be bound to single values, not to lists.
    """

    def __init__(self, statement: Select[*tuple[Any, ...]], dialect: Dialect) -> None:
        compiled = statement.compile(dialect=dialect)
        self.words = str(compiled)
        self._order: Sequence[str] | None = compiled.positiontup
        self._constants = compiled.construct_params(_check=False)
        self._wanted = [name for bind, name in compiled.bind_names.items() if bind.required]
        self._binding = {
            name: process
            for bind, name in compiled.bind_names.items()
            if name in self._constants
            and (process := bind.type.dialect_impl(dialect).bind_processor(dialect)) is not None
        }
        self._reading = [
            (position, process)
            for position, found in enumerate(statement.selected_columns)
            if (process := found.type.dialect_impl(dialect).result_processor(dialect, None)) is not None
        ]

    def given(self, values: Mapping[str, Any]) -> Any:
        """The values as the driver takes them."""
        given = {**self._constants, **{name: values[name] for name in self._wanted}}
        for name, process in self._binding.items():
            given[name] = process(given[name])
        return given if self._order is None else tuple([given[name] for name in self._order])

    def read(self, found: Sequence[Any]) -> list[tuple[Any, ...]]:
        """The driver's rows as the columns' own values."""
        if not found:
            return []
        columns: list[Any] = list(zip(*found, strict=True))
        for position, process in self._reading:
            columns[position] = [process(value) for value in columns[position]]
        return list(zip(*columns, strict=True))


class Prepared:
    """A SELECT of columns (``_Columns``) run on a connection of its own, outside of any session.

    For what is asked many times a second. Raises what the driver raises.
    """

    def __init__(self, statement: Select[*tuple[Any, ...]], engine: Engine) -> None:
        self._engine = engine
        self._columns = _Columns(statement, engine.dialect)

    def rows(self, values: Mapping[str, Any]) -> list[tuple[Any, ...]]:
        """Every row, in the order of the columns."""
        link = self._engine.raw_connection()
        driver: Any = link.driver_connection
        try:
            # One statement needs no transaction around it: two questions less to a server.
            if self._engine.dialect.name != "sqlite" and not driver.autocommit:
                driver.autocommit = True
            cursor = link.cursor()
            cursor.execute(self._columns.words, self._columns.given(values))
            found = cursor.fetchall()
        finally:
            link.close()
        return self._columns.read(found)


def several(name: str, count: int) -> list[Any]:
    """Binds for one of *count* values of a statement made for that many; ``each`` gives them."""
    return [bindparam(f"{name}_{n}") for n in range(count)]


def each(name: str, values: Sequence[Any]) -> dict[str, Any]:
    """What a statement with ``several`` of *name* is run with."""
    return {f"{name}_{n}": value for n, value in enumerate(values)}


class Reading:
    """A SELECT of columns (``_Columns``) in the session's transaction; what is pending there is not flushed for it."""

    def __init__(self, statement: Select[*tuple[Any, ...]]) -> None:
        self._statement = statement
        self._made: dict[str, _Columns] = {}

    def rows(self, values: Mapping[str, Any]) -> list[tuple[Any, ...]]:
        """Every row, in the order of the columns."""
        connection = db.session.connection()
        columns = self._made.get(connection.dialect.name)
        if columns is None:
            columns = self._made[connection.dialect.name] = _Columns(self._statement, connection.dialect)
        given = columns.given(values)
        cursor: Any = connection.connection.cursor()
        try:
            # Whoever listens to what is asked hears of this too.
            for listener in connection.dispatch.before_cursor_execute:
                listener(connection, cursor, columns.words, given, None, False)
            with as_sqlalchemy(connection, columns.words):
                cursor.execute(columns.words, given)
                found = cursor.fetchall()
        finally:
            cursor.close()
        return columns.read(found)


class Loading:
    """Rows of *entities* (models, or aliases of them) as objects of the session, at a tenth of what its mapper takes.

    *narrowed* makes the whole statement of their SELECT; *also* are further columns of it, whose values follow the
    objects. What the session holds already stays as it is.
    """

    def __init__(
        self, entities: Sequence[Any], narrowed: Callable[[Select[Any]], Select[Any]], also: Sequence[Any] = ()
    ) -> None:
        self._entities: list[tuple[Mapper[Any], list[str], list[int]]] = []
        columns: list[Any] = []
        for entity in entities:
            mapper: Mapper[Any] = inspect(entity).mapper
            names = [column.key for column in mapper.column_attrs if not column.deferred]
            keys = [len(columns) + names.index(mapper.get_property_by_column(key).key) for key in mapper.primary_key]
            self._entities.append((mapper, names, keys))
            columns += [getattr(entity, name) for name in names]
        self._width = len(columns)
        self._reading = Reading(narrowed(select(*columns, *also)))

    def rows(self, values: Mapping[str, Any]) -> list[tuple[Any, ...]]:
        """An object of each entity a row, None where an outer join found nothing."""
        session = db.session()
        return [(*self._objects(session, row), *row[self._width :]) for row in self._reading.rows(values)]

    def _objects(self, session: Session, row: tuple[Any, ...]) -> Iterator[Any]:
        begin = 0
        for mapper, names, keys in self._entities:
            end = begin + len(names)
            key = [row[position] for position in keys]
            yield None if key[0] is None else _held(session, mapper, key, zip(names, row[begin:end], strict=True))
            begin = end


def _held(session: Session, mapper: Mapper[Any], key: Sequence[Any], values: Iterable[tuple[str, Any]]) -> Any:
    """The session's object of this primary *key*, made of *values* if it has none."""
    found = session.identity_map.get(mapper.identity_key_from_primary_key(tuple(key)))
    if found is None:
        found = mapper.class_manager.new_instance()
        found.__dict__.update(values)
        make_transient_to_detached(found)
        session.add(found)
    return found
