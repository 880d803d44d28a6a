"""What monitors ask, without signing in."""

from datetime import timedelta
from types import SimpleNamespace

import pytest
from flask import Flask
from sqlalchemy import text
from sqlalchemy.exc import OperationalError

from grayscale import clock, create_app, metrics
from grayscale.database import transaction
from grayscale.domain import due
from grayscale.domain.lever import connection
from grayscale.extensions import db
from grayscale.models import Message, MessageState, SyncKind, SyncRun, SyncState, TextingAccount
from tests import factories
from tests.conftest import make_config
from tests.page import Browser


@pytest.fixture
def beating(app: Flask) -> SimpleNamespace:
    jobs = SimpleNamespace(last_beat=clock.now())
    app.extensions["grayscale.jobs"] = jobs
    return jobs


def test_a_serving_process_is_healthy(client: Browser) -> None:
    assert client.get("/healthz").response.json == {"status": "ok"}


def test_ready_while_database_and_scheduler_work(client: Browser, beating: SimpleNamespace) -> None:
    page = client.get("/readyz")
    assert (page.status, page.response.json["status"]) == (200, "ready")
    assert page.response.json["oldest_due_seconds"] == {"webhooks": 0, "texts": 0, "transcripts": 0}


def test_not_ready_when_the_scheduler_stopped_ticking(client: Browser, beating: SimpleNamespace) -> None:
    beating.last_beat = clock.now() - timedelta(seconds=31)
    page = client.get("/readyz")
    assert page.status == 503
    assert page.response.json["reasons"] == ["the scheduler does not tick"]


def test_not_ready_before_the_scheduler_started(client: Browser) -> None:
    assert client.get("/readyz").response.json["reasons"] == ["the scheduler has not started"]


@pytest.mark.usefixtures("beating")
def test_the_oldest_due_work_shows_but_not_what_waits_for_its_time_or_a_person(client: Browser) -> None:
    conversation = factories.conversation()
    late = clock.now() - timedelta(minutes=5)
    soon = clock.now() + timedelta(minutes=5)
    outbound = {"direction": "outbound", "carrier_id": None}
    queued: Message = factories.message(conversation, state=MessageState.QUEUED, send_at=late, **outbound)
    factories.message(conversation, state=MessageState.SCHEDULED, send_at=soon, **outbound)
    with transaction():
        conversation.transcript_due_at = late - timedelta(minutes=5)
    oldest = client.get("/readyz").response.json["oldest_due_seconds"]
    assert oldest["texts"] == pytest.approx(300, abs=5)
    assert oldest["transcripts"] == pytest.approx(600, abs=5)

    with transaction() as session:
        session.get_one(TextingAccount, 1).stopped_reason = "The carrier refused the credentials."
    assert client.get("/readyz").response.json["oldest_due_seconds"]["texts"] == 0, "they wait for a person"
    assert queued.state is MessageState.QUEUED


def test_metrics_are_prometheus_text_and_count_requests(client: Browser) -> None:
    client.get("/login")
    page = client.get("/metrics")
    assert page.headers["Content-Type"].startswith("text/plain; version=0.0.4")
    assert 'grayscale_http_request_seconds_count{endpoint="auth.login",method="GET",status="200"}' in page.text


def test_metrics_go_on_while_the_database_is_away(client: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    client.get("/metrics")

    def away() -> dict[str, float]:
        raise OperationalError("SELECT 1", None, Exception("the server closed the connection"))

    with monkeypatch.context() as patch:
        patch.setattr(due, "ages", away)
        page = client.get("/metrics")
    assert page.status == 200
    assert "grayscale_database_up 0.0" in page.text
    assert "grayscale_http_request_seconds_count" in page.text
    assert "grayscale_oldest_due_seconds{" not in page.text, "what it said last is not what is true"
    assert "grayscale_database_up 1.0" in client.get("/metrics").text


def test_metrics_tell_of_texts_notes_lever_due_work_and_sync(client: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(metrics, "COUNT_TEXTS_SECONDS", 0)
    conversation = factories.conversation()
    late = clock.now() - timedelta(minutes=5)
    factories.message(conversation, direction="outbound", carrier_id=None, state=MessageState.QUEUED, send_at=late)
    connection._tell("create_note", 429, 0.2)
    with transaction() as session:
        session.add(SyncRun(kind=SyncKind.POLL, state=SyncState.DONE, started_at=late, finished_at=late, progress={}))
    told = client.get("/metrics").text
    assert 'grayscale_texts{state="queued"} 1.0' in told
    assert 'grayscale_texts{state="received"}' not in told, "those of candidates are not counted there"
    assert 'grayscale_notes{state="posted"} 0.0' in told
    assert 'grayscale_lever_request_seconds_count{endpoint="create_note",status="429"}' in told
    assert "grayscale_sync_running 0.0" in told
    (age,) = (line.split()[1] for line in told.splitlines() if line.startswith('grayscale_oldest_due_seconds{kind="te'))
    (ended,) = (line.split()[1] for line in told.splitlines() if line.startswith("grayscale_sync_last_success_t"))
    assert float(age) == pytest.approx(300, abs=5)
    assert float(ended) == pytest.approx(late.timestamp(), abs=1)


@pytest.mark.postgresql
def test_with_worker_processes_ready_means_that_one_of_them_lives(postgresql_url: str) -> None:
    app = create_app(make_config(postgresql_url, jobs="workers"))
    with app.app_context():
        browser = Browser(app)
        assert browser.get("/readyz").response.json["reasons"] == ["no worker process runs"]
        with transaction() as session:
            session.execute(text("INSERT INTO procrastinate_workers DEFAULT VALUES"))
        assert browser.get("/readyz").status == 200
        with transaction() as session:
            session.execute(text("UPDATE procrastinate_workers SET last_heartbeat = now() - interval '40 s'"))
        (reason,) = browser.get("/readyz").response.json["reasons"]
        assert reason == "no worker process has said anything for 40 s"
        db.session.remove()
        db.engine.dispose()
