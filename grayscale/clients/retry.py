"""Repeats reads that may pass: a bounded number of times, with full jitter, as long as the service asks to wait."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import tenacity

from grayscale.clients.errors import Retryable


@dataclass(frozen=True, slots=True)
class Budget:
    """How long a read may try. ``seconds`` bounds attempts and waits together; ``longest_wait`` is for one wait."""

    attempts: int
    seconds: float
    longest_wait: float


def retrying(budget: Budget, sleep: Callable[[float], None]) -> tenacity.Retrying:
    """Call the result with a function and its arguments; the last ``Retryable`` is raised as it is."""
    # Full jitter: a random share of a doubling ceiling, so that threads refused together do not return together.
    jitter = tenacity.wait_random_exponential(multiplier=1, max=budget.longest_wait)

    def pause(state: tenacity.RetryCallState) -> float:
        error = state.outcome.exception() if state.outcome else None
        asked = error.retry_after if isinstance(error, Retryable) else None
        return (asked or 0.0) + jitter(state)

    return tenacity.Retrying(
        retry=tenacity.retry_if_exception_type(Retryable),
        stop=tenacity.stop_after_attempt(budget.attempts) | tenacity.stop_before_delay(budget.seconds),
        wait=pause,
        sleep=sleep,
        reraise=True,
    )
