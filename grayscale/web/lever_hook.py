"""Where Lever's eight webhooks arrive: a small WSGI application in front of Flask's.

Thousands may come at once, and nothing that Flask does around a view means anything to them: no session, no form, no
page. Going through all of it would cost more than judging and storing a delivery does. A burst of them is told to wait
while a person's page is made: Lever has seconds, and the interpreter works for one thread at a time.
"""

import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import structlog
from flask import Flask
from limits import parse
from werkzeug.exceptions import ClientDisconnected, RequestEntityTooLarge
from werkzeug.http import HTTP_STATUS_CODES
from werkzeug.wrappers import Request

from grayscale.domain.lever import intake, receiving
from grayscale.domain.lever.signing import Standing
from grayscale.extensions import limiter
from grayscale.logging import get_logger, write_request
from grayscale.web.request_log import id_for, requests_served

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

log = get_logger(__name__)

PREFIX = "/webhooks/lever/"
ENDPOINT = "lever_webhook"
# How many refusals of one address and event are written down by themselves in a minute; what verifies is never
# limited. Each process limits for itself: in the database it would cost the writes that this is there to save.
NOISE = parse("60/minute")
# The others are counted in memory and written down this often: what a killed process forgets is no more than that.
NOISE_SECONDS = 2.0
# The longest that a delivery lets pages go before it: however busy people are, webhooks are taken.
PATIENCE_SECONDS = 0.05
HEADERS = (
    ("Content-Type", "text/plain; charset=utf-8"),
    ("X-Content-Type-Options", "nosniff"),
    ("Cache-Control", "no-store"),
)


def init_app(app: Flask) -> None:
    """Take the requests to the webhook URL before *app* sees them. Proxies' headers are to be read before."""
    app.wsgi_app = LeverHook(app, app.wsgi_app)  # type: ignore[method-assign]


class NoiseCounter:
    """The thread of a serving process that writes down what was refused in numbers."""

    def __init__(self, app: Flask) -> None:
        self._app = app
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="lever-noise", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Write down the rest, and end."""
        self._stop.set()
        self._thread.join()

    def _run(self) -> None:
        is_over = False
        while not is_over:
            is_over = self._stop.wait(NOISE_SECONDS)
            with self._app.app_context():
                try:
                    receiving.count_noise()
                except intake.NotStored as error:
                    log.warning("refused webhooks could not be counted yet", reason=type(error.__cause__).__name__)


class People:
    """Whether a page is being made for somebody at the moment."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._served = 0
        self._nobody = threading.Event()
        self._nobody.set()

    @contextmanager
    def served(self) -> Iterator[None]:
        """While the caller makes a page."""
        self._count(1)
        try:
            yield
        finally:
            self._count(-1)

    def let_pass(self) -> None:
        """Returns when no page is being made, or after ``PATIENCE_SECONDS``."""
        self._nobody.wait(PATIENCE_SECONDS)

    def _count(self, change: int) -> None:
        with self._lock:
            self._served += change
            if self._served:
                self._nobody.clear()
            else:
                self._nobody.set()


class LeverHook:
    """Answers what is for the webhook URL and hands everything else on."""

    def __init__(self, app: Flask, others: "WSGIApplication") -> None:
        self._app = app
        self._others = others
        self._people = People()

    def __call__(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        path: str = environ.get("PATH_INFO", "")
        key = path.removeprefix(PREFIX)
        if key == path or not key or "/" in key:
            with self._people.served():
                return self._others(environ, start_response)
        began = time.perf_counter()
        self._people.let_pass()
        request_id = id_for(environ.get("HTTP_X_REQUEST_ID", ""))
        structlog.contextvars.clear_contextvars()
        structlog.contextvars.bind_contextvars(request_id=request_id)
        is_post = environ["REQUEST_METHOD"] == "POST"
        verdict: receiving.Verdict | None = None
        if is_post:
            words, status, verdict = self._receive(Request(environ), key)
        else:
            words, status = "only POST is served here", 405
        took = time.perf_counter() - began
        method = "POST" if is_post else "other"
        requests_served.labels(ENDPOINT, method, status).observe(took)
        write_request(
            method=method, endpoint=ENDPOINT, status=status, ms=round(took * 1000), request_id=request_id,
            webhook=verdict.event if verdict else "", verdict=verdict.outcome.value if verdict else "",
        )
        body = words.encode()
        headers = [*HEADERS, ("X-Request-ID", request_id), ("Content-Length", str(len(body)))]
        if not is_post:
            headers.append(("Allow", "POST"))
        if status in (404, 405, 413):
            # The rest of the body is not worth reading.
            headers.append(("Connection", "close"))
        start_response(f"{status} {HTTP_STATUS_CODES[status]}", headers)
        return [] if environ["REQUEST_METHOD"] == "HEAD" else [body]

    def _receive(self, request: Request, key: str) -> tuple[str, int, receiving.Verdict | None]:
        """Store what Lever tells. Lever tries again unless the answer is 2xx, so trouble of ours is 503, never 500."""
        with self._app.app_context():
            try:
                standing = receiving.standing_of(key)
                if standing is None:
                    return "not found", 404, None
                verdict = read_and_receive(request, standing)
            except ClientDisconnected:
                return "incomplete", 400, None
            except Exception as error:
                log.error("a webhook from Lever could not be stored; Lever will send it again", exc_info=error)
                return "not stored, try again", 503, None
        return ("too many" if verdict.status == 429 else verdict.outcome.value), verdict.status, verdict


def read_and_receive(request: Request, standing: Standing) -> receiving.Verdict:
    def may_record(event: str) -> bool:
        return not limiter.enabled or limiter.limiter.hit(NOISE, "lever-webhooks", request.remote_addr or "", event)

    # One more than is allowed: a body of unannounced length is not refused at the limit but silently cut there.
    request.max_content_length = receiving.MAX_BODY + 1
    try:
        raw = request.get_data(cache=False)
    except RequestEntityTooLarge:
        return receiving.refuse_too_large(may_record=may_record)
    if len(raw) > receiving.MAX_BODY:
        return receiving.refuse_too_large(may_record=may_record)
    return receiving.receive(raw, may_record=may_record, standing=standing)
