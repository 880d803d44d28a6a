"""APScheduler as the clock that ticks; the rows in the database are the schedule.

Started by gunicorn's worker hook and never by ``create_app``. A nudge moves a job's next tick to now; a nudge lost to a
busy job only waits for the next tick.
"""

from datetime import datetime

from apscheduler.executors.pool import ThreadPoolExecutor
from apscheduler.jobstores.base import JobLookupError
from apscheduler.schedulers.background import BackgroundScheduler
from flask import Flask

from grayscale import clock
from grayscale.domain import leases, nudges, stopping
from grayscale.domain.lever import sync
from grayscale.extensions import db
from grayscale.jobs.presence import Presence
from grayscale.jobs.rounds import Rounds
from grayscale.jobs.tasks import TASKS
from grayscale.logging import get_logger

log = get_logger(__name__)

HEARTBEAT_SECONDS = 5


class Jobs:
    """The running jobs of one process."""

    def __init__(self, app: Flask) -> None:
        self._app = app
        self._rounds = Rounds(app)
        self.last_beat: datetime | None = None
        self._scheduler = BackgroundScheduler(
            executors={"default": ThreadPoolExecutor(len(TASKS) + 2)},
            job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": None},
            timezone="UTC",
        )

    def start(self) -> None:
        """Begin to tick, and to listen for nudges."""
        stopping.forget()
        with self._app.app_context():
            self._presence = Presence(db.engine)
            self._presence.arrive(when_alone=take_over)
            db.session.remove()
        for task in TASKS:
            self._scheduler.add_job(
                self._rounds.work_off, "interval", args=[task], id=task.job.value, seconds=task.every_seconds,
                next_run_time=clock.now(),
            )
        self._scheduler.add_job(self._beat, "interval", seconds=HEARTBEAT_SECONDS, next_run_time=clock.now())
        nudges.on_nudge(self.nudge)
        self._app.extensions["grayscale.jobs"] = self
        self._scheduler.start()

    def stop(self) -> None:
        """Finish the round each job is in, then end. What is not finished is found again by its lease."""
        stopping.ask()
        nudges.forget_listeners()
        self._scheduler.shutdown(wait=True)
        with self._app.app_context():
            sync.stop()
            db.session.remove()
        self._presence.leave()

    def nudge(self, job: nudges.Job) -> None:
        self._rounds.ask_again(job)
        try:
            self._scheduler.modify_job(job.value, next_run_time=clock.now())
        except JobLookupError:
            log.warning("nudged a job nobody runs", job=job.value)

    def _beat(self) -> None:
        self._presence.confirm()
        self.last_beat = clock.now()


def take_over() -> None:
    """End the leases of processes that are gone. Only while no other one works."""
    if left := leases.release_all():
        log.info("took over the work of a process that ended", leases=left)
