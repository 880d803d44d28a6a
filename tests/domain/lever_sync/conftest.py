"""The application connected to a simulated Lever."""

from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask

from grayscale.clients.lever.client import LeverClient
from grayscale.clients.lever.limits import RateLimiter
from grayscale.database import transaction
from grayscale.domain.lever import connection, sync
from grayscale.extensions import db
from grayscale.models import KeyState, LeverIntegration, SyncKind, SyncRun
from grayscale.sandbox import Sandbox, start_sandbox
from tests.conftest import make_config
from tests.domain.lever_sync.scripted import Lists

CANDIDATES = 60
# For a test about pages: several of the active ones and of the archive.
MANY = 220


@pytest.fixture
def lever(request: pytest.FixtureRequest) -> Iterator[Sandbox]:
    """A Lever without a limit of its own."""
    with start_sandbox(candidates=getattr(request, "param", CANDIDATES)) as sandbox:
        yield sandbox


@pytest.fixture
def connected(lever: Sandbox, app: Flask, monkeypatch: pytest.MonkeyPatch) -> Iterator[Flask]:
    """The application with the sandbox's key saved, unhurried, and nothing synced."""
    database_url = app.config["SQLALCHEMY_DATABASE_URI"]
    app.extensions["grayscale.config"] = make_config(database_url, lever_api_url=lever.lever_url)
    unlimited = RateLimiter(1e6, 1e6, reserve=0)
    monkeypatch.setattr(connection, "limiter_for", lambda key: unlimited)
    connect(lever)
    yield app
    sync.stop()


@pytest.fixture
def lists(app: Flask, monkeypatch: pytest.MonkeyPatch) -> Iterator[Lists]:
    """The application with a key for a Lever whose lists the test scripts."""
    with transaction() as session:
        integration = session.get_one(LeverIntegration, 1)
        integration.api_key = "a-key-for-nothing"
        integration.key_state = KeyState.ACCEPTED
    yield Lists(monkeypatch)
    sync.stop()


def connect(lever: Sandbox) -> None:
    with transaction() as session:
        integration = session.get_one(LeverIntegration, 1)
        integration.api_key = lever.api_key
        integration.key_state = KeyState.ACCEPTED


def run(kind: SyncKind | None = None) -> SyncRun:
    """One sync to its end."""
    run_id = sync.request(kind=kind).id
    return finish(run_id)


def finish(run_id: int) -> SyncRun:
    while db.session.get_one(SyncRun, run_id, populate_existing=True).state.value == "running":
        db.session.rollback()
        assert sync.run_if_due(5), "nobody works on the run"
    db.session.rollback()
    return db.session.get_one(SyncRun, run_id, populate_existing=True)


@pytest.fixture
def no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    """Retries of reads come at once."""
    whole = connection.LeverClient

    def unhurried(*args: Any, **options: Any) -> LeverClient:
        return whole(*args, sleep=lambda seconds: None, **options)

    monkeypatch.setattr(connection, "LeverClient", unhurried)
