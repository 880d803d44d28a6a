"""The token bucket of an API key in PostgreSQL, so that all processes together keep to Lever's rate.

Each change is a short transaction of its own, on a connection of its own; nobody's session is touched. SQLite has one
process, whose bucket is in its memory.
"""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Engine, Row, func, select, text, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import SQLAlchemyError

from grayscale.clients.lever.limits import BURST, RATE, RECOVERY, RESERVE, Priority, refilled, slowed
from grayscale.logging import get_logger
from grayscale.models import LeverPace

log = get_logger(__name__)

# One below the documented burst: what the clocks and the network make of the pace differs a little.
CAPACITY = BURST - 1
# How long a caller who got nothing counts as waiting, beyond the wait it was told.
PATIENCE_SECONDS = 0.3
# While somebody's live call waits, background work asks again after this.
BEHIND_SECONDS = 0.1
# How long to wait while the database does not answer.
AWAY_SECONDS = 0.25


@dataclass(frozen=True, slots=True)
class DatabaseLedger:
    """The ledger of one key, on *engine*."""

    engine: Engine
    key_hash: str

    def take(self, wanted: int, priority: Priority) -> tuple[int, float]:
        try:
            with self.engine.begin() as connection:
                return self._take(connection, wanted, priority)
        except SQLAlchemyError as error:
            log.warning("the shared rate of Lever cannot be read", reason=type(error).__name__)
            return 0, AWAY_SECONDS

    def slow_down(self, retry_after: float | None) -> None:
        try:
            with self.engine.begin() as connection:
                row, now = self._locked(connection)
                tokens, rate = _as_of(row, now)
                rate, hold_until = slowed(rate, now, row.hold_until, retry_after, nominal=RATE)
                self._write(connection, tokens=min(tokens, 0.0), rate=rate, updated=now, hold_until=hold_until)
        except SQLAlchemyError as error:
            log.warning("the shared rate of Lever cannot be lowered", reason=type(error).__name__)

    def hold_seconds(self) -> float:
        table = LeverPace.__table__
        try:
            with self.engine.connect() as connection:
                until = connection.scalar(select(table.c.hold_until).where(table.c.key_hash == self.key_hash))
                return max((until or 0.0) - _now(connection), 0.0)
        except SQLAlchemyError as error:
            log.warning("the shared rate of Lever cannot be read", reason=type(error).__name__)
            return 0.0

    def _take(self, connection: Connection, wanted: int, priority: Priority) -> tuple[int, float]:
        row, now = self._locked(connection)
        tokens, rate = _as_of(row, now)
        reserve = RESERVE if priority == "bulk" else 0.0
        held = max(row.hold_until - now, 0.0)
        behind = priority == "bulk" and now < row.live_until
        granted = 0 if held or behind else max(min(wanted, int(tokens - reserve)), 0)
        wait = 0.0
        live_until = row.live_until
        if not granted:
            wait = held + max(1.0 + reserve - tokens, 0.0) / rate
            wait = max(wait, BEHIND_SECONDS) if behind else wait
            if priority == "live":
                live_until = now + min(wait, AWAY_SECONDS) + PATIENCE_SECONDS
        elif priority == "live":
            live_until = 0.0
        self._write(connection, tokens=tokens - granted, rate=rate, updated=now, live_until=live_until)
        return granted, wait

    def _locked(self, connection: Connection) -> tuple[Row[Any], float]:
        # A few tokens are all that a crash of the server could forget.
        connection.execute(text("SET LOCAL synchronous_commit = off"))
        table = LeverPace.__table__
        this = select(table).where(table.c.key_hash == self.key_hash).with_for_update()
        row = connection.execute(this).first()
        now = _now(connection)
        if row is None:
            fresh = insert(table).values(
                key_hash=self.key_hash, tokens=CAPACITY, rate=RATE, updated=now, hold_until=0.0, live_until=0.0
            )
            connection.execute(fresh.on_conflict_do_nothing())
            row = connection.execute(this).one()
        return row, now

    def _write(self, connection: Connection, **values: float) -> None:
        table = LeverPace.__table__
        connection.execute(update(table).where(table.c.key_hash == self.key_hash).values(**values))


def _now(connection: Connection) -> float:
    return float(connection.scalar(select(func.extract("epoch", func.clock_timestamp()))) or 0.0)


def _as_of(row: Row[Any], now: float) -> tuple[float, float]:
    """Tokens and rate at *now*; while everybody holds, neither grows."""
    elapsed = max(now - max(row.updated, row.hold_until), 0.0)
    return refilled(row.tokens, row.rate, elapsed, nominal=RATE, burst=CAPACITY, recovery=RECOVERY)
