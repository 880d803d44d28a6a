"""Webhooks let pages go first, and nothing else of the application is in their way."""

import threading
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from flask import Flask

from grayscale.domain.lever import receiving
from grayscale.web import lever_hook
from grayscale.web.lever_hook import LeverHook
from tests.page import Browser
from tests.webhooks import lever
from tests.webhooks.lever import body, send


class Page:
    """A page that takes until it is let go."""

    def __init__(self) -> None:
        self.begun, self.go = threading.Event(), threading.Event()

    def __call__(self, _environ: Any, _start_response: Any) -> Iterable[bytes]:
        self.begun.set()
        assert self.go.wait(10)
        return []


@pytest.fixture
def slow_page(connected: Flask, monkeypatch: pytest.MonkeyPatch) -> Page:
    page = Page()
    monkeypatch.setattr(connected, "wsgi_app", LeverHook(connected, page))
    return page


def post(app: Flask) -> int:
    with app.app_context():
        return send(app, body()).status_code


def test_a_webhook_waits_while_a_page_is_made(
    connected: Flask, slow_page: Page, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lever_hook, "PATIENCE_SECONDS", 10)
    waits, order = threading.Event(), []
    nobody = connected.wsgi_app._people._nobody  # type: ignore[attr-defined]
    let_pass, knows = nobody.wait, receiving.standing_of
    monkeypatch.setattr(nobody, "wait", lambda seconds: (waits.set(), let_pass(seconds)))
    monkeypatch.setattr(receiving, "standing_of", lambda key: (order.append("webhook"), knows(key))[1])

    with ThreadPoolExecutor(2) as pool:
        page = pool.submit(connected.wsgi_app, {"PATH_INFO": "/inbox"}, lambda *_: None)
        assert slow_page.begun.wait(10)
        webhook = pool.submit(post, connected)
        assert waits.wait(10)
        order.append("page")
        slow_page.go.set()
        page.result()
        assert webhook.result() == 200
    assert order[:2] == ["page", "webhook"]


def test_pages_without_end_do_not_keep_webhooks_out(
    connected: Flask, slow_page: Page, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lever_hook, "PATIENCE_SECONDS", 0.01)
    with ThreadPoolExecutor(1) as pool:
        page = pool.submit(connected.wsgi_app, {"PATH_INFO": "/inbox"}, lambda *_: None)
        assert slow_page.begun.wait(10)
        assert send(connected, body()).status_code == 200
        assert not page.done()
        slow_page.go.set()


@pytest.mark.parametrize("path", ["/webhooks/lever/", "/webhooks/lever/some/thing", "/webhooks/lever"])
def test_what_is_no_webhook_url_is_a_page_that_is_not_there(client: Browser, path: str) -> None:
    assert client.get(path).status == 404


def test_a_delivery_has_a_line_with_its_id_as_any_other_request(
    connected: Flask, capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    content = body()
    capsys.readouterr()
    answer = send(connected, content, headers={"X-Request-ID": "router-4711-abc"})
    refused = send(connected, body(signed_with="wrong"), headers={"X-Request-ID": "a b\tlevel=error"})
    lines = [line for line in capsys.readouterr().out.splitlines() if "event=request" in line]
    assert answer.headers["X-Request-ID"] == "router-4711-abc"
    assert refused.headers["X-Request-ID"].isalnum()
    of_delivery, of_refusal = (dict(part.split("=") for part in line.split()) for line in lines)
    assert of_delivery.keys() >= {"timestamp", "ms"}
    assert of_delivery.items() >= {
        "level": "info", "request_id": "router-4711-abc", "method": "POST", "endpoint": "lever_webhook",
        "status": "200", "webhook": "candidateStageChange", "verdict": "accepted",
    }.items()  # fmt: skip
    assert (of_refusal["status"], of_refusal["request_id"]) == ("401", refused.headers["X-Request-ID"])
    assert of_refusal["verdict"] == "bad_signature"
    assert content["id"] not in lines[0]


def test_the_answer_says_what_it_is_and_is_kept_nowhere(connected: Flask) -> None:
    answer = send(connected, body())
    assert answer.content_type == "text/plain; charset=utf-8"
    assert (answer.headers["X-Content-Type-Options"], answer.headers["Cache-Control"]) == ("nosniff", "no-store")
    assert connected.test_client().get(f"/webhooks/lever/{lever.KEY}").headers["Allow"] == "POST"
