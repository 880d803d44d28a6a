"""Copying everything from one database to another, and proving that it arrived.

Row by row as stored: secrets stay ciphertext, ids stay ids. The target gets all of it in one transaction or nothing.
What PostgreSQL cannot hold, the character NUL, is left out.
"""

import hashlib
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from itertools import islice
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    Column,
    Connection,
    Engine,
    Enum,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    bindparam,
    func,
    select,
    text,
    update,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.types import TypeEngine

from grayscale.crypto import EncryptedText
from grayscale.extensions import db

BATCH = 500


class MoveFailed(Exception):
    """Nothing was copied; the sentence says why."""


@dataclass(frozen=True, slots=True)
class Moved:
    """One table that is the same on both sides."""

    table: str
    rows: int
    checksum: str


def move(source: Engine, target: Engine, tell: Callable[[Moved], None]) -> None:
    """Copy all tables; *tell* hears of each once it is verified. Raises ``MoveFailed``.

    The source is read as it is at one moment. The target must have the same schema and no rows.
    """
    tables = [(table, _plain(table)) for table in db.metadata.sorted_tables]
    with source.connect() as old, target.begin() as new:
        filled = [plain.name for _, plain in tables if new.scalar(select(func.count()).select_from(plain))]
        if filled:
            raise MoveFailed(f"the target is not empty: it has rows in {', '.join(filled)}")
        later: list[tuple[Table, list[str]]] = []
        copied: set[str] = set()
        for table, plain in tables:
            late = _points_ahead(table, copied)
            _copy(old, new, plain, late)
            copied.add(table.name)
            if late:
                later.append((plain, late))
        for plain, late in later:
            _fill_in(old, new, plain, late)
        for table, plain in tables:
            if new.dialect.name == "postgresql":
                _set_sequences(new, table)
            tell(_verified(old, new, plain))


def _plain(table: Table) -> Table:
    """The table with columns as they are stored, without models, keys and defaults."""
    columns = (Column(each.name, _stored(each), primary_key=each.primary_key) for each in table.columns)
    return Table(table.name, MetaData(), *columns)


def _stored(column: Column[Any]) -> TypeEngine[Any]:
    if isinstance(column.type, EncryptedText):
        return Text()
    if isinstance(column.type, Enum):
        return String()
    if isinstance(column.type, JSON):
        return JSON(none_as_null=True).with_variant(JSONB(none_as_null=True), "postgresql")
    return column.type


def _points_ahead(table: Table, copied: set[str]) -> list[str]:
    """Columns that refer to rows which are not there yet: of a later table, or of this one."""
    return [
        column.name
        for column in table.columns
        if column.nullable and any(key.column.table.name not in copied for key in column.foreign_keys)
    ]


def _rows(connection: Connection, plain: Table) -> Iterator[dict[str, Any]]:
    every = select(plain).order_by(*plain.primary_key.columns).execution_options(yield_per=BATCH)
    with connection.execute(every) as rows:
        for row in rows.mappings():
            yield {name: _clean(value) for name, value in row.items()}


def _batches(rows: Iterator[dict[str, Any]]) -> Iterator[list[dict[str, Any]]]:
    while batch := list(islice(rows, BATCH)):
        yield batch


def _clean(value: Any) -> Any:
    if isinstance(value, str):
        return value.replace("\x00", "")
    if isinstance(value, dict):
        return {_clean(key): _clean(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_clean(inner) for inner in value]
    return value


def _copy(old: Connection, new: Connection, plain: Table, late: list[str]) -> None:
    empty = dict.fromkeys(late)
    for rows in _batches(_rows(old, plain)):
        new.execute(plain.insert(), [{**row, **empty} for row in rows])


def _fill_in(old: Connection, new: Connection, plain: Table, late: list[str]) -> None:
    keys = [column.name for column in plain.primary_key.columns]
    change = (
        update(plain)
        .where(*(plain.c[key] == bindparam(f"key_{key}") for key in keys))
        .values({name: bindparam(f"new_{name}") for name in late})
    )
    pointing = (row for row in _rows(old, plain) if any(row[name] is not None for name in late))
    for rows in _batches(pointing):
        new.execute(
            change,
            [{f"key_{key}": row[key] for key in keys} | {f"new_{name}": row[name] for name in late} for row in rows],
        )


def _set_sequences(new: Connection, table: Table) -> None:
    """Let the next id be one that is free."""
    for column in table.primary_key.columns:
        if not isinstance(column.type, Integer | BigInteger):
            continue
        named = {"table": table.name, "column": column.name}
        sequence = new.scalar(text("SELECT pg_get_serial_sequence(:table, :column)"), named)
        highest = new.scalar(select(func.max(column)))
        if sequence is not None and highest is not None:
            new.execute(text("SELECT setval(CAST(:sequence AS regclass), :highest)"), {
                "sequence": sequence, "highest": highest,
            })  # fmt: skip


def _verified(old: Connection, new: Connection, plain: Table) -> Moved:
    here, there = _digest(old, plain), _digest(new, plain)
    if here != there:
        raise MoveFailed(f"the table {plain.name} is not the same on both sides: {here} and {there}")
    return there


def _digest(connection: Connection, plain: Table) -> Moved:
    """Count and checksum over the rows, in an order that does not depend on how a database sorts text."""
    total, count = 0, 0
    for row in _rows(connection, plain):
        said = json.dumps([_canonical(value) for value in row.values()], sort_keys=True, ensure_ascii=False)
        total = (total + int.from_bytes(hashlib.sha256(said.encode()).digest())) % 2**256
        count += 1
    return Moved(plain.name, count, f"{total:064x}"[:16])


def _canonical(value: Any) -> Any:
    """The same words for the same value, whichever database it comes from."""
    if isinstance(value, datetime):
        return (value if value.tzinfo else value.replace(tzinfo=UTC)).astimezone(UTC).isoformat()
    if isinstance(value, date | time):
        return value.isoformat()
    if isinstance(value, bytes | memoryview):
        return hashlib.sha256(value).hexdigest()
    return value
