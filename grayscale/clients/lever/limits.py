"""Keeps one API key inside Lever's rate: a token bucket of 10 requests a second with bursts of 20 (documented).

People who wait (live) go before background work (bulk), and bulk work leaves a few tokens in the bucket so that a
live call rarely waits at all. On a 429 the rate is halved, everybody holds, and the rate then climbs back by itself.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable
from typing import Literal

Priority = Literal["live", "bulk"]

RATE = 10.0
BURST = 20.0
# Tokens that background work leaves for people who wait.
RESERVE = 2.0
# How much of the full rate comes back per second after a slow-down.
RECOVERY = 1 / 60
# A refused request holds everybody for this long when Lever does not say how long.
HOLD_SECONDS = 1.0
# And never longer than this: Lever's own bucket is full again within seconds, a clock that is wrong may ask for days,
# and whoever still is too early is told so again.
LONGEST_HOLD_SECONDS = 120.0
_SHORTEST_SLEEP = 0.001
_LONGEST_SLEEP = 0.25  # so that a caller behind others notices in time that the queue moved


def refilled(
    tokens: float, rate: float, elapsed: float, *, nominal: float, burst: float, recovery: float
) -> tuple[float, float]:
    """Tokens and rate after *elapsed* seconds of a bucket that climbs back to its *nominal* rate."""
    climb = nominal * recovery
    climbing = min(elapsed, (nominal - rate) / climb if climb else elapsed)
    reached = min(nominal, rate + climbing * climb)
    earned = climbing * (rate + reached) / 2 + (elapsed - climbing) * reached
    return min(burst, tokens + earned), reached


def slowed(
    rate: float, now: float, hold_until: float, retry_after: float | None, *, nominal: float
) -> tuple[float, float]:
    """Rate, and until when everybody holds, after a 429 at *now*; only the first of a hold halves the rate."""
    lower = rate if now < hold_until else max(rate / 2, nominal / 20)
    hold = HOLD_SECONDS if retry_after is None else min(max(retry_after, 0.0), LONGEST_HOLD_SECONDS)
    return lower, max(hold_until, now + hold)


class RateLimiter:
    """One per API key, shared by all threads; first come, first served within a priority.

    ``rate`` in requests per second, ``burst`` and ``reserve`` in requests. ``recovery`` is how much of the rate comes
    back per second after a slow-down, as a share of the full rate.
    """

    def __init__(
        self,
        rate: float = RATE,
        burst: float = BURST,
        *,
        reserve: float = RESERVE,
        recovery: float = RECOVERY,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        if rate <= 0 or burst < 1 or not 0 <= reserve <= burst - 1:
            raise ValueError("a rate limit needs a positive rate and a burst larger than its reserve")
        self.nominal_rate = rate
        self.burst = burst
        self.reserve = reserve
        self._recovery = recovery
        self._clock = clock
        self._sleep = sleep
        self._lock = threading.Lock()
        self._queues: dict[Priority, deque[object]] = {"live": deque(), "bulk": deque()}
        self._tokens = burst
        self._rate = rate
        self._updated = clock()
        self._hold_until = self._updated

    @property
    def rate(self) -> float:
        """Requests per second at this moment."""
        with self._lock:
            self._refill()
            return self._rate

    @property
    def hold_seconds(self) -> float:
        """How much longer nobody asks, because Lever wants it so; 0 when it does not."""
        with self._lock:
            return max(self._hold_until - self._clock(), 0.0)

    def acquire(self, priority: Priority = "live", *, timeout: float | None = None) -> bool:
        """Waits for the turn to make one request; False when it did not come within ``timeout`` seconds."""
        ticket = object()
        queue = self._queues[priority]
        deadline = None if timeout is None else self._clock() + timeout
        with self._lock:
            queue.append(ticket)
        try:
            while True:
                with self._lock:
                    wait = self._wait(ticket, priority)
                    if wait <= 0:
                        self._tokens -= 1
                        return True
                if deadline is not None:
                    left = deadline - self._clock()
                    if left <= 0:
                        return False
                    wait = min(wait, left)
                self._sleep(max(min(wait, _LONGEST_SLEEP), _SHORTEST_SLEEP))
        finally:
            with self._lock:
                queue.remove(ticket)

    def slow_down(self, retry_after: float | None = None) -> None:
        """Lever answered 429: holds all callers for ``retry_after`` seconds (1 if unknown) and halves the rate.

        Several requests in flight are refused together; only the first refusal of a hold halves the rate.
        """
        with self._lock:
            now = self._refill()
            self._rate, self._hold_until = slowed(
                self._rate, now, self._hold_until, retry_after, nominal=self.nominal_rate
            )
            self._tokens = min(self._tokens, 0.0)

    def _refill(self) -> float:
        now = self._clock()
        start = max(self._updated, self._hold_until)
        if now > start:
            self._tokens, self._rate = refilled(
                self._tokens, self._rate, now - start, nominal=self.nominal_rate, burst=self.burst,
                recovery=self._recovery,
            )
        self._updated = max(self._updated, now)
        return now

    def _wait(self, ticket: object, priority: Priority) -> float:
        """Seconds until this ticket may go, as far as known now; 0 or less means now."""
        now = self._refill()
        ahead = self._queues[priority].index(ticket)
        needed = 1.0
        if priority == "bulk":
            ahead += len(self._queues["live"])
            needed += self.reserve
        if ahead == 0 and self._tokens >= needed and now >= self._hold_until:
            return 0.0
        missing = max(needed + ahead - self._tokens, 0.0) / self._rate
        return max(missing + max(self._hold_until - now, 0.0), _SHORTEST_SLEEP)
