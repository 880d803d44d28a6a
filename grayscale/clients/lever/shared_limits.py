"""One rate for all processes that use one API key: each keeps its own order, and a common ledger has the tokens."""

from __future__ import annotations

from typing import Any, Protocol

from grayscale.clients.lever.limits import BURST, RATE, Priority, RateLimiter

# Tokens taken at once, and only as many as callers wait for them: what one process holds, no other can use.
BATCH = 4
# Tokens not used by then are given up, so that they cannot add to a burst later.
STOCK_SECONDS = 0.5


class Ledger(Protocol):
    """Where all processes take their tokens from."""

    def take(self, wanted: int, priority: Priority) -> tuple[int, float]:
        """Up to *wanted* tokens, and how many seconds to wait before asking again when there are none."""

    def slow_down(self, retry_after: float | None) -> None:
        """Lever answered 429 to one of the processes."""

    def hold_seconds(self) -> float:
        """How much longer all of them hold."""


class SharedRateLimiter(RateLimiter):
    """A ``RateLimiter`` whose tokens also have to be in the ledger."""

    def __init__(self, ledger: Ledger, rate: float = RATE, burst: float = BURST, **options: Any) -> None:
        super().__init__(rate, burst, **options)
        self._ledger = ledger
        self._stock = 0
        self._stock_until = 0.0

    @property
    def hold_seconds(self) -> float:
        return self._ledger.hold_seconds()

    def slow_down(self, retry_after: float | None = None) -> None:
        super().slow_down(retry_after)
        self._ledger.slow_down(retry_after)

    def _wait(self, ticket: object, priority: Priority) -> float:
        wait = super()._wait(ticket, priority)
        if wait > 0:
            return wait
        now = self._clock()
        if self._stock and now < self._stock_until:
            self._stock -= 1
            return 0.0
        granted, wait = self._ledger.take(min(len(self._queues[priority]), BATCH), priority)
        if not granted:
            return wait
        self._stock, self._stock_until = granted - 1, now + STOCK_SECONDS
        return 0.0
