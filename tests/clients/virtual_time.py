"""Time that passes only when every thread of a test sleeps: threads run for real, nobody waits."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable


class VirtualTime:
    """``clock`` and ``sleep`` for a fixed set of threads started by ``run``."""

    def __init__(self) -> None:
        self.now = 1000.0
        self._changed = threading.Condition()
        self._running = 0
        self._wakes: list[float] = []

    def clock(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        with self._changed:
            wake = self.now + seconds
            if not self._running:  # called from the test itself
                self.now = wake
                return
            self._wakes.append(wake)
            self._advance()
            while self.now < wake:
                if not self._changed.wait(30):
                    raise TimeoutError("virtual time stands still")

    def run(self, jobs: Iterable[Callable[[], object]]) -> None:
        """Runs each job in its own thread until all have ended."""
        errors: list[BaseException] = []

        def work(job: Callable[[], object]) -> None:
            try:
                job()
            except BaseException as error:
                errors.append(error)
            finally:
                with self._changed:
                    self._running -= 1
                    self._advance()

        threads = [threading.Thread(target=work, args=(job,)) for job in jobs]
        self._running = len(threads)
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)
        if errors:
            raise errors[0]

    def _advance(self) -> None:
        if self._wakes and len(self._wakes) >= self._running:
            self.now = max(self.now, min(self._wakes))
            self._wakes = [wake for wake in self._wakes if wake > self.now]
            self._changed.notify_all()
