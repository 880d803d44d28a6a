"""A ``worker:`` process: takes tasks from the queue and works the jobs off in rounds.

Every worker also sweeps: once in ``SWEEP_SECONDS``, whichever of them comes first, rows that are due and in nobody's
hands get a task of their own. That is how what is due at a later time is found, and what a lost task or a dead worker
left behind.
"""

import asyncio
import contextlib
import os
import signal
import threading
from concurrent.futures import ThreadPoolExecutor

import psycopg
from flask import Flask
from procrastinate import App, exceptions
from procrastinate.jobs import DeleteJobCondition, Status
from sqlalchemy.exc import SQLAlchemyError

from grayscale.domain import stopping, waiting
from grayscale.domain.lever import sync
from grayscale.domain.nudges import Job
from grayscale.extensions import db
from grayscale.jobs import queue
from grayscale.jobs.presence import Presence
from grayscale.jobs.rounds import Rounds
from grayscale.jobs.scheduler import take_over
from grayscale.jobs.tasks import TASKS, Task
from grayscale.logging import get_logger

log = get_logger(__name__)

SWEEP_SECONDS = 2
# How many rows of a job the sweep gives a task each: enough that several workers share a backlog.
SWEPT_A_JOB = 10
# These look for more than their rows tell, so they also run by the clock; so does every job without rows.
MORE_THAN_ROWS = (Job.TRANSCRIPTS, Job.SYNC)
BY_THE_CLOCK = tuple(task.job for task in TASKS if task.job in MORE_THAN_ROWS or not waiting.has_rows(task.job))
BEAT_SECONDS = 5.0
# A worker that says nothing for this long is dead; what it held in the queue is thrown away.
DEAD_AFTER_SECONDS = 30.0
# How long a worker whose queue does not answer waits before it tries again: at first, and at most.
RETRY_SECONDS, LONGEST_RETRY_SECONDS = 1.0, 15.0
# To be over within 25 s on a busy machine too (hosts kill after 30); what is not finished is found again by its lease.
STOP_WITHIN_SECONDS = 19.0

_BY_NAME: dict[str, Task] = {task.job.value: task for task in TASKS}


class Worker:
    """The jobs of one worker process."""

    def __init__(self, app: Flask) -> None:
        self._app = app
        self._rounds = Rounds(app)
        with app.app_context():
            self._url = db.engine.url
            self._presence = Presence(db.engine)
        self._stop: asyncio.Event | None = None
        self._last_resort = threading.Timer(STOP_WITHIN_SECONDS, os._exit, [0])
        self._last_resort.daemon = True

    def run(self) -> None:
        """Work until SIGTERM or SIGINT."""
        stopping.forget()
        with self._app.app_context():
            self._presence.arrive(when_alone=take_over)
            db.session.remove()
        try:
            asyncio.run(self._main())
            with self._app.app_context():
                sync.stop()
                db.session.remove()
            self._presence.leave()
        finally:
            # Whoever runs this goes on, if it failed: only a worker that hangs is to be cut off.
            self._last_resort.cancel()

    async def _main(self) -> None:
        self._stop = asyncio.Event()
        loop = asyncio.get_running_loop()
        loop.set_default_executor(ThreadPoolExecutor(len(TASKS) + 3, thread_name_prefix="job"))
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._end)
        beating = asyncio.create_task(self._beat())
        pause = 0.0
        while not self._stop.is_set():
            began = loop.time()
            await self._work_until_it_breaks()
            # What breaks at once, as without its tables, is tried ever less often.
            is_quick = loop.time() - began < LONGEST_RETRY_SECONDS
            pause = min(pause * 2, LONGEST_RETRY_SECONDS) if is_quick and pause else RETRY_SECONDS
            await self._pause(pause)
        beating.cancel()

    async def _pause(self, seconds: float) -> None:
        """Wait, unless the process is to end."""
        assert self._stop is not None  # noqa: S101 - set before this is ever called
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._stop.wait(), seconds)

    def _end(self) -> None:
        """Let the rounds under way finish; insist before the host does."""
        if self._stop is None or self._stop.is_set():
            return
        stopping.ask()
        self._stop.set()
        self._last_resort.start()

    async def _work_until_it_breaks(self) -> None:
        """Serve the queue until the process is to end, or its connections break."""
        assert self._stop is not None  # noqa: S101 - set before this is ever called
        stop = asyncio.create_task(self._stop.wait())
        try:
            serving = asyncio.create_task(self._serve())
            await asyncio.wait({serving, stop}, return_when=asyncio.FIRST_COMPLETED)
            if not serving.done():
                serving.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await serving
        except (exceptions.ProcrastinateException, psycopg.Error, OSError) as error:
            log.warning("the queue does not answer; trying again", reason=type(error).__name__)
        finally:
            stop.cancel()

    async def _serve(self) -> None:
        tasks = self._with_tasks(queue.open_queue(self._url))
        async with tasks.open_async():
            await tasks.run_worker_async(
                queues=[queue.QUEUE_NAME],
                concurrency=len(TASKS) + 2,
                delete_jobs=DeleteJobCondition.ALWAYS,
                install_signal_handlers=False,
                shutdown_graceful_timeout=STOP_WITHIN_SECONDS,
                stalled_worker_timeout=DEAD_AFTER_SECONDS,
            )

    def _with_tasks(self, tasks: App) -> App:
        """Give the queue what it can run, and when."""

        @tasks.task(name=queue.WORK, queue=queue.QUEUE_NAME)
        def work(job: str, row: int | None = None) -> None:
            self._work(job, row)

        @tasks.task(name="tick", queue=queue.QUEUE_NAME)
        def tick(timestamp: int, job: str) -> None:
            self._work(job, None)

        @tasks.periodic(cron=f"* * * * * */{SWEEP_SECONDS}")
        @tasks.task(name="sweep", queue=queue.QUEUE_NAME, queueing_lock="sweep")
        async def sweep(timestamp: int) -> None:
            for job, row in await asyncio.to_thread(self._found):
                with contextlib.suppress(exceptions.AlreadyEnqueued):
                    await work.configure(queueing_lock=f"{job}:{row}").defer_async(job=job, row=row)

        @tasks.periodic(cron="* * * * *")
        @tasks.task(name="bury", queue=queue.QUEUE_NAME, queueing_lock="bury")
        async def bury(timestamp: int) -> None:
            manager = tasks.job_manager
            for lost in await manager.get_stalled_jobs(seconds_since_heartbeat=DEAD_AFTER_SECONDS):
                await manager.finish_job(lost, Status.FAILED, delete_job=True)
            await manager.prune_stalled_workers(DEAD_AFTER_SECONDS)

        for job in BY_THE_CLOCK:
            lock = f"{job.value}:clock"
            once = tasks.periodic(
                cron=_cron(_BY_NAME[job.value].every_seconds), periodic_id=job.value, queueing_lock=lock,
                task_kwargs={"job": job.value},
            )
            once(tick)
        return tasks

    def _work(self, job: str, row: int | None) -> None:
        task = _BY_NAME.get(job)
        if task is None:
            return  # of a version that knew another job
        if row is not None:
            with self._app.app_context():
                try:
                    if not waiting.is_due(task.job, row):
                        return
                finally:
                    db.session.remove()
        self._rounds.work_off(task)

    def _found(self) -> list[tuple[str, int]]:
        with self._app.app_context():
            try:
                return [(job.value, row) for job in Job for row in waiting.rows(job, SWEPT_A_JOB)]
            finally:
                db.session.remove()

    async def _beat(self) -> None:
        while True:
            try:
                await asyncio.to_thread(self._presence.confirm)
            except SQLAlchemyError as error:
                log.warning("the database does not answer", reason=type(error).__name__)
            await asyncio.sleep(BEAT_SECONDS)


def _cron(seconds: float) -> str:
    """Every so many seconds, minutes or hours, as the queue's clock wants it said."""
    whole = int(seconds)
    if whole < 60:
        return f"* * * * * */{max(whole, SWEEP_SECONDS)}"
    if whole < 3600:
        return f"*/{whole // 60} * * * *"
    return "7 * * * *"
