"""Moving every stored secret to the first key of ``FERNET_KEYS``, while the application serves."""

from collections.abc import Iterator
from typing import Any

from sqlalchemy import Column, Table, Text, select, type_coerce, update

from grayscale.crypto import EncryptedText, keyring
from grayscale.database import transaction
from grayscale.domain import audit
from grayscale.extensions import db

BATCH = 200


def encrypted_columns() -> Iterator[tuple[Table, Column[str]]]:
    """Every column that holds ciphertext."""
    for table in db.metadata.sorted_tables:
        for column in table.columns:
            if isinstance(column.type, EncryptedText):
                yield table, column


def rotate() -> int:
    """Re-encrypt all secrets with the first key; answers how many.

    Raises ``UnreadableSecret`` when one cannot be read with any key; what cannot be read is never overwritten. Safe to
    repeat and to interrupt: each batch is a transaction of its own, and a secret saved meanwhile is left as it is.
    """
    count = sum(_rotate_column(table, column) for table, column in encrypted_columns())
    with transaction():
        audit.record("keys.rotated", by=None, detail={"secrets": count})
    return count


def _rotate_column(table: Table, column: Column[str]) -> int:
    (key,) = table.primary_key.columns
    raw = type_coerce(column, Text)
    last, count = None, 0
    while True:
        page = select(key, raw).where(column.is_not(None)).order_by(key).limit(BATCH)
        rows = db.session.execute(page if last is None else page.where(key > last)).all()
        if not rows:
            return count
        with transaction() as session:
            for identity, token in rows:
                done: Any = session.execute(
                    update(table)
                    .where(key == identity, raw == token)
                    .values({column.name: type_coerce(keyring.rotate(token), Text)})
                )
                count += done.rowcount
        last = rows[-1][0]


def check_readable() -> None:
    """Raise ``UnreadableSecret`` at start rather than in the middle of somebody's work: reads one secret a column."""
    for table, column in encrypted_columns():
        db.session.scalar(select(column).select_from(table).where(column.is_not(None)).limit(1))
