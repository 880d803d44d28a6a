"""Gunicorn's worker, but one that leaves nobody at the door when it stops.

The system takes connections for a process that has not fetched them yet. Gunicorn stops fetching at SIGTERM and closes
the door after everything else: whoever came meanwhile is cut off, and cannot know whether what was sent was heard.
"""

import time
from typing import Any

from gunicorn.workers.gthread import ThreadWorker

# Hosts send SIGTERM to the master at the same time. It holds the same door, and closes it within milliseconds.
MASTER_LETS_GO_SECONDS = 0.25


class Worker(ThreadWorker):
    """Answers whoever came before the door is closed; whoever comes later is refused and knows it."""

    def set_accept_enabled(self, enabled: bool) -> None:
        """At the stop fetch all who wait and close the door, instead of leaving it open for the time of the stop."""
        if enabled or self.alive:
            super().set_accept_enabled(enabled)
            return
        until = time.monotonic() + MASTER_LETS_GO_SECONDS
        while (left := until - time.monotonic()) > 0:
            self.wait_for_and_dispatch_events(left)
        super().set_accept_enabled(False)
        for listener in self.sockets:
            while self._fetches_one(listener):
                pass
            listener.close()
        self.sockets: list[Any] = []

    def _fetches_one(self, listener: Any) -> bool:
        before = self.nr_conns
        if before < self.worker_connections:
            self.accept(listener)
        return bool(self.nr_conns > before)
