"""The ticking jobs of one process."""

import runpy
import signal
import threading
from types import SimpleNamespace

import pytest
from flask import Flask

from grayscale.domain import stopping
from grayscale.domain.nudges import Job, nudge
from grayscale.jobs import scheduler
from grayscale.jobs.scheduler import Jobs
from grayscale.jobs.tasks import TASKS, Task
from tests.conftest import FERNET_KEY, ROOT


def run_with(monkeypatch: pytest.MonkeyPatch, app: Flask, *tasks: Task) -> Jobs:
    monkeypatch.setattr(scheduler, "TASKS", tasks)
    jobs = Jobs(app)
    jobs.start()
    return jobs


def test_every_job_has_one_task() -> None:
    assert sorted(task.job for task in TASKS) == sorted(Job)


def test_a_nudge_runs_a_job_long_before_its_tick(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    ran = threading.Semaphore(0)

    def work() -> int:
        ran.release()
        return 0

    jobs = run_with(monkeypatch, app, Task(Job.OUTBOUND, 3600, work))
    try:
        assert ran.acquire(timeout=5), "the first tick"
        nudge(Job.OUTBOUND)
        assert ran.acquire(timeout=5), "the nudge"
    finally:
        jobs.stop()


def test_a_job_that_fails_neither_stops_itself_nor_the_others(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    failed, ran = threading.Semaphore(0), threading.Semaphore(0)

    def broken() -> int:
        failed.release()
        raise RuntimeError("one bad row")

    def fine() -> int:
        ran.release()
        return 0

    jobs = run_with(monkeypatch, app, Task(Job.MEDIA, 0.05, broken), Task(Job.OUTBOUND, 0.05, fine))
    try:
        for _ in range(2):
            assert failed.acquire(timeout=5)
            assert ran.acquire(timeout=5)
    finally:
        jobs.stop()


def test_stopping_waits_for_the_round_under_way(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    began, may_end, ended = threading.Event(), threading.Event(), threading.Event()

    def slow() -> int:
        began.set()
        may_end.wait(10)
        ended.set()
        return 1

    jobs = run_with(monkeypatch, app, Task(Job.OUTBOUND, 3600, slow))
    assert began.wait(5)
    stopper = threading.Thread(target=jobs.stop)
    stopper.start()
    may_end.set()
    stopper.join(10)
    assert ended.is_set()
    assert not stopper.is_alive()


def test_sigterm_stops_the_jobs_before_the_requests_under_way_are_answered(monkeypatch: pytest.MonkeyPatch) -> None:
    needed = {"SECRET_KEY": "x" * 40, "FERNET_KEYS": FERNET_KEY, "PUBLIC_URL": "https://texting.test"}
    for name, value in needed.items():
        monkeypatch.setenv(name, value)
    settings = runpy.run_path(str(ROOT / "gunicorn.conf.py"))
    asked: list[bool] = []
    worker = SimpleNamespace(alive=True, handle_exit=lambda *_: asked.append(stopping.is_asked()))
    before = signal.getsignal(signal.SIGTERM)
    try:
        settings["stop_jobs_at_once"](worker)
        signal.raise_signal(signal.SIGTERM)
    finally:
        signal.signal(signal.SIGTERM, before)
        stopping.forget()
    assert asked == [True]
    assert settings["graceful_timeout"] <= 20, "there is an end to come after it"
