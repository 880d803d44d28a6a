"""Column types every model shares."""

import enum
from datetime import UTC, datetime
from typing import Annotated, Any

from sqlalchemy import JSON, BigInteger, DateTime, Dialect, Enum, Integer, String
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import mapped_column
from sqlalchemy.types import TypeDecorator

Json = JSON().with_variant(JSONB(), "postgresql")

# SQLite hands out row ids only to a column declared INTEGER.
BigId = BigInteger().with_variant(Integer(), "sqlite")
RowId = Annotated[int, mapped_column(BigId, primary_key=True)]

LeverId = String(100)
E164 = String(20)


class UTCDateTime(TypeDecorator[datetime]):
    """An aware datetime in UTC, on SQLite too, which keeps no zone of its own."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a datetime without a zone cannot be stored")
        utc = value.astimezone(UTC)
        return utc.replace(tzinfo=None) if dialect.name == "sqlite" else utc

    def process_result_value(self, value: Any | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        stored: datetime = value
        return stored.replace(tzinfo=UTC) if stored.tzinfo is None else stored.astimezone(UTC)


def enum_type(cls: type[enum.StrEnum], name: str) -> Enum:
    """A string column that a CHECK constraint named ``ck_<table>_<name>`` holds to the values of *cls*."""
    return Enum(
        cls,
        name=name,
        native_enum=False,
        create_constraint=True,
        length=32,
        values_callable=lambda members: [member.value for member in members],
    )
