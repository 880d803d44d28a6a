"""Working a job off in rounds: the one way both engines run the domain's functions.

In one process a job is worked off by one thread at a time. Asked for again meanwhile, it goes round once more, so
nothing that was committed before the asking is left to the next tick.
"""

import threading

from flask import Flask

from grayscale.domain import stopping
from grayscale.domain.nudges import Job
from grayscale.extensions import db
from grayscale.jobs.tasks import Task
from grayscale.logging import get_logger

log = get_logger(__name__)

# How many rounds one call may work before it lets the engine breathe.
ROUNDS_AT_ONCE = 200


class Rounds:
    """The jobs under way in this process."""

    def __init__(self, app: Flask) -> None:
        self._app = app
        self._lock = threading.Lock()
        self._busy: set[Job] = set()
        self._again: set[Job] = set()

    def ask_again(self, job: Job) -> None:
        """Whoever works on *job* now, or does next, goes round once more."""
        with self._lock:
            self._again.add(job)

    def work_off(self, task: Task) -> None:
        """Work until nothing is due; leaves it to the thread that is at it, if there is one. Raises nothing."""
        with self._lock:
            if task.job in self._busy:
                self._again.add(task.job)
                return
            self._busy.add(task.job)
        for _ in range(ROUNDS_AT_ONCE):
            if not self._one_round(task):
                return
        with self._lock:
            self._busy.discard(task.job)

    def _one_round(self, task: Task) -> bool:
        """Whether another round should follow; when not, the job is free for others from that moment."""
        with self._lock:
            self._again.discard(task.job)
        done, failed = 0, False
        try:
            with self._app.app_context():
                try:
                    done = 0 if stopping.is_asked() else task.work()
                finally:
                    db.session.remove()
        except Exception as error:
            failed = True
            log.error("job failed; it runs again at its next tick", job=task.job.value, exc_info=error)
        with self._lock:
            more = (bool(done) or task.job in self._again) and not failed and not stopping.is_asked()
            if not more:
                self._busy.discard(task.job)
            return more
