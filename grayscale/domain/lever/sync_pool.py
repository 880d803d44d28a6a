"""A few threads that fetch while one thread, with the database, takes what they bring."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Brought:
    """What a fetch ended in: *value*, or *error*; *then* is who waits for it."""

    then: Callable[[Any, Exception | None], None]
    value: Any
    error: Exception | None


class Pool:
    """Threads that do not hold the process up when it ends: what they were fetching is fetched again."""

    def __init__(self, size: int) -> None:
        self.size = size
        self.in_flight = 0
        self._jobs: queue.SimpleQueue[tuple[Callable[[], Any], Callable[[Any, Exception | None], None]] | None]
        self._jobs = queue.SimpleQueue()
        self._brought: queue.SimpleQueue[Brought] = queue.SimpleQueue()
        self._threads = [
            threading.Thread(target=self._work, name=f"lever-sync-{number}", daemon=True) for number in range(size)
        ]
        for thread in self._threads:
            thread.start()

    @property
    def has_room(self) -> bool:
        return self.in_flight < self.size

    def submit(self, fetch: Callable[[], Any], then: Callable[[Any, Exception | None], None]) -> None:
        """Run *fetch* on a thread; *then* is called by whoever takes the result."""
        self.in_flight += 1
        self._jobs.put((fetch, then))

    def take(self, timeout: float) -> Brought | None:
        """The next result; None when none came within *timeout* seconds."""
        try:
            brought = self._brought.get(timeout=timeout)
        except queue.Empty:
            return None
        self.in_flight -= 1
        return brought

    def close(self) -> None:
        """Let the threads end after what they are at."""
        for _ in self._threads:
            self._jobs.put(None)

    def _work(self) -> None:
        while (job := self._jobs.get()) is not None:
            fetch, then = job
            try:
                self._brought.put(Brought(then, fetch(), None))
            except Exception as error:  # handed to the thread that decides
                self._brought.put(Brought(then, None, error))
