"""With JOBS=workers a task names a row, is committed with it, and is found again when it is lost."""

import asyncio
import os
import signal
import threading
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import text

from grayscale import clock, create_app
from grayscale.database import transaction
from grayscale.domain import nudges, stopping, waiting
from grayscale.domain.nudges import Job
from grayscale.extensions import db, limiter
from grayscale.jobs import worker
from grayscale.jobs.tasks import Task
from grayscale.models import Delivery, DeliveryState
from tests.conftest import make_config
from tests.jobs.test_leases import deliver, take
from tests.postgresql import Server

pytestmark = pytest.mark.postgresql


@pytest.fixture
def app(postgresql_url: str) -> Iterator[Flask]:
    app = create_app(make_config(postgresql_url, jobs="workers"))
    app.testing = True
    with app.app_context():
        limiter.enabled = False
        yield app
        db.session.remove()
        db.engine.dispose()
    stopping.forget()


def tasks() -> list[dict[str, Any]]:
    return list(db.session.scalars(text("SELECT args FROM procrastinate_jobs ORDER BY id")))


def the_delivery() -> int:
    deliver(1)
    found = db.session.scalar(db.select(Delivery.id))
    assert found is not None
    return int(found)


def test_a_task_is_committed_with_its_row_and_carries_its_id_alone(app: Flask) -> None:
    with transaction():
        nudges.nudge(Job.LEVER_EVENTS, 7)
    assert tasks() == [{"job": "lever_events", "row": 7}]


def test_a_task_goes_when_its_row_is_rolled_back(app: Flask) -> None:
    def fail() -> None:
        with transaction():
            nudges.nudge(Job.OUTBOUND, 7)
            raise RuntimeError("before the commit")

    with pytest.raises(RuntimeError):
        fail()
    assert tasks() == []


def test_rows_whose_task_was_lost_are_found_until_somebody_holds_them(app: Flask) -> None:
    row = the_delivery()
    assert waiting.rows(Job.LEVER_EVENTS, 10) == [row]
    assert waiting.rows(Job.CARRIER_EVENTS, 10) == []
    assert waiting.is_due(Job.LEVER_EVENTS, row)
    take()
    assert waiting.rows(Job.LEVER_EVENTS, 10) == []
    assert not waiting.is_due(Job.LEVER_EVENTS, row)


def test_what_is_due_later_is_not_found_before(app: Flask) -> None:
    row = the_delivery()
    with transaction() as session:
        session.get_one(Delivery, row).next_attempt_at = clock.now() + timedelta(hours=1)
    assert waiting.rows(Job.LEVER_EVENTS, 10) == []


def work_until(app: Flask, monkeypatch: pytest.MonkeyPatch, done: threading.Event, work: Any) -> None:
    """Run a worker, with *work* as its only job, until *done*."""
    monkeypatch.setattr(worker, "_BY_NAME", {**worker._BY_NAME, "lever_events": Task(Job.LEVER_EVENTS, 1, work)})
    monkeypatch.setattr(worker, "BY_THE_CLOCK", ())

    def stop() -> None:
        done.wait(30)
        os.kill(os.getpid(), signal.SIGTERM)

    db.session.remove()
    threading.Thread(target=stop).start()
    # Where a browser's test ran before, Playwright keeps a loop of its own running in this thread.
    others = asyncio._get_running_loop()
    asyncio._set_running_loop(None)
    try:
        worker.Worker(app).run()
    finally:
        asyncio._set_running_loop(others)
    assert done.is_set()


def finish(row: int) -> int:
    with transaction() as session:
        session.get_one(Delivery, row).state = DeliveryState.DONE
    return 1


def test_a_worker_does_what_a_lost_task_left_and_ends_at_sigterm(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    row, done = the_delivery(), threading.Event()

    def work() -> int:
        if not done.is_set():
            finish(row)
            done.set()
        return 0

    work_until(app, monkeypatch, done, work)
    assert db.session.scalar(db.select(Delivery.state)) is DeliveryState.DONE
    lost = db.session.scalar(text("SELECT count(*) FROM procrastinate_jobs WHERE status = 'doing'"))
    assert lost == 0


def test_a_worker_outlives_a_restart_of_the_database(
    app: Flask, monkeypatch: pytest.MonkeyPatch, postgresql_server: Server
) -> None:
    row, broken, done = the_delivery(), threading.Event(), threading.Event()

    def work() -> int:
        if not broken.is_set():
            broken.set()
            postgresql_server.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                f" WHERE datname = '{db.engine.url.database}' AND pid <> pg_backend_pid()"
            )
            return 0
        if not done.is_set():
            finish(row)
            done.set()
        return 0

    work_until(app, monkeypatch, done, work)
    assert done.is_set()


def test_a_worker_whose_call_hangs_is_cut_off_in_time(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    under_way, cut_off = threading.Event(), threading.Event()
    assert worker.STOP_WITHIN_SECONDS <= 20, "there is an end to come after it"
    monkeypatch.setattr(worker, "STOP_WITHIN_SECONDS", 0.1)
    monkeypatch.setattr(os, "_exit", lambda _: cut_off.set())
    the_delivery()

    def work() -> int:
        under_way.set()
        return 0 if cut_off.wait(30) else 1

    work_until(app, monkeypatch, under_way, work)
    assert cut_off.is_set()


def test_a_queue_that_breaks_at_once_is_tried_ever_less_often(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    pauses: list[float] = []
    done = threading.Event()

    class Broken(worker.Worker):
        async def _work_until_it_breaks(self) -> None:
            """Without its tables: breaks at once."""

        async def _pause(self, seconds: float) -> None:
            pauses.append(seconds)
            if len(pauses) == 6:
                done.set()
            await asyncio.sleep(0.01)

    monkeypatch.setattr(worker, "Worker", Broken)
    work_until(app, monkeypatch, done, None)
    assert pauses[:6] == [1, 2, 4, 8, 15, 15]
