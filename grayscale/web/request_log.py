"""One line a request: what was asked, how it ended, how long it took. No path, no query, nobody's name."""

import itertools
import re
import secrets
import time

import structlog
from flask import Flask, Response, g, request
from prometheus_client import Histogram

from grayscale import metrics
from grayscale.logging import get_logger

log = get_logger(__name__)

# Asked every few seconds by machines; their lines would bury the others.
QUIET_ENDPOINTS = frozenset({"static", "ops.healthz", "ops.readyz", "ops.prometheus", "inbox.live", "extension.count"})
METHODS = frozenset({"GET", "HEAD", "POST", "OPTIONS"})
# What tells processes apart, and requests within one; nothing is guarded by it.
_started, _requests = secrets.token_hex(4), itertools.count()
REQUEST_ID = re.compile(r"[A-Za-z0-9-]{8,64}")

requests_served = Histogram(
    "grayscale_http_request_seconds",
    "Requests answered, by endpoint, method and status.",
    ["endpoint", "method", "status"],
    buckets=(0.01, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0),
    registry=metrics.registry,
)


def init_app(app: Flask) -> None:
    app.before_request(begin)
    app.after_request(finish)


def id_for(given: str) -> str:
    """The id of a request: the one the router gave it, if that is one."""
    return given if REQUEST_ID.fullmatch(given) else f"{_started}{next(_requests):08x}"


def begin() -> None:
    """Give the request its id, the router's when it sent one; every log line of the request carries it."""
    g.request_id = id_for(request.headers.get("X-Request-ID", ""))
    g.request_began = time.perf_counter()
    structlog.contextvars.clear_contextvars()
    structlog.contextvars.bind_contextvars(request_id=g.request_id)


def finish(response: Response) -> Response:
    if "request_began" not in g:
        return response
    response.headers["X-Request-ID"] = g.request_id
    took = time.perf_counter() - g.request_began
    endpoint = request.endpoint or "none"
    method = request.method if request.method in METHODS else "other"
    requests_served.labels(endpoint, method, response.status_code).observe(took)
    if endpoint not in QUIET_ENDPOINTS:
        log.info("request", method=method, endpoint=endpoint, status=response.status_code, ms=round(took * 1000))
    return response
