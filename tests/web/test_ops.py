"""What monitors ask, without signing in."""

from datetime import timedelta
from types import SimpleNamespace

import pytest
from flask import Flask

from grayscale import clock
from grayscale.database import transaction
from grayscale.models import Message, MessageState, TextingAccount
from tests import factories
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
