"""The queue of ``JOBS=workers``: Procrastinate on the application's own PostgreSQL.

A task names a job and the id of the row it is about, nothing else. The row, its state and its lease stay the truth: a
task that is lost is found again by the sweep, one that comes twice finds nothing left to do.
"""

from typing import Any, cast

from procrastinate import App, PsycopgConnector
from procrastinate.jobs import Job as QueuedJob
from sqlalchemy import Connection
from sqlalchemy.engine import URL

from grayscale.domain.nudges import Job

QUEUE_NAME = "grayscale"
WORK = "work"


def open_queue(url: URL) -> App:
    """The queue in the database at *url*, its own connections yet unopened."""
    conninfo = url.set(drivername="postgresql").render_as_string(hide_password=False)
    return App(connector=PsycopgConnector(conninfo=conninfo, min_size=1, max_size=4))


class Deferrer:
    """Defers tasks on a connection of the application, inside whatever transaction is open there; opens none."""

    def __init__(self, queue: App) -> None:
        self._queue = queue

    def __call__(self, connection: Connection, job: Job, rows: tuple[int, ...]) -> None:
        driver = cast(Any, connection.connection.driver_connection)
        tasks = [_task(job, row) for row in rows] or [_task(job, None)]
        self._queue.job_manager.batch_defer_jobs(tasks, connection=driver)


def _task(job: Job, row: int | None) -> QueuedJob:
    return QueuedJob(
        id=None, queue=QUEUE_NAME, lock=None, queueing_lock=None, task_name=WORK,
        task_kwargs={"job": job.value, "row": row},
    )
