"""The door of a simulated API: counts each request, and lets the faults in force happen to it."""

from __future__ import annotations

import contextlib
import json
import re
import socket
import threading
import time
from collections import Counter, deque
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs

from grayscale.sandbox.faults import Fault, FaultBoard

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

_ID = re.compile(r"/([0-9a-f]{8}-[0-9a-f-]{27}|[A-Z]{2}[0-9a-f]{32})(?=[/.]|$)")
_HTML = b"<!doctype html><html><head><title>502 Bad Gateway</title></head><body><h1>Bad Gateway</h1></body></html>"


class RequestLog:
    """What was asked of an API, when, and what it answered."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.entries: deque[dict[str, Any]] = deque(maxlen=20_000)
        self._counts: Counter[tuple[str, int]] = Counter()
        self._times: deque[tuple[float, int]] = deque(maxlen=400_000)

    def add(self, request: tuple[str, str, str], status: int, *, started: float, fault: str | None) -> None:
        """Records one request (method, path, query); status 0 means the connection was dropped without an answer."""
        ended, (method, path, query) = time.time(), request
        entry = {
            "at": started,
            "ms": round((ended - started) * 1000, 1),
            "method": method,
            "path": path,
            "query": query,
            "status": status,
            "fault": fault,
        }
        endpoint = f"{method} {_ID.sub('/:id', path)}"
        with self._lock:
            self.entries.append(entry)
            self._counts[(endpoint, status)] += 1
            self._times.append((ended, status))

    def clear(self) -> None:
        with self._lock:
            self.entries.clear()
            self._counts.clear()
            self._times.clear()

    def count(self, method: str | None = None, path: str | None = None, status: int | None = None) -> int:
        """How many logged requests match; `path` is a regular expression searched in the path."""
        with self._lock:
            rows = list(self.entries)
        return sum(
            (method is None or row["method"] == method)
            and (path is None or re.search(path, row["path"]) is not None)
            and (status is None or row["status"] == status)
            for row in rows
        )

    def summary(self, rate: float | None) -> dict[str, Any]:
        """Counters per endpoint and status, and how much of the allowed rate was used over the whole span."""
        with self._lock:
            counts, times = dict(self._counts), list(self._times)
        endpoints: dict[str, dict[str, int]] = {}
        for (endpoint, status), number in sorted(counts.items()):
            endpoints.setdefault(endpoint, {})[str(status)] = number
        span = times[-1][0] - times[0][0] if len(times) > 1 else 0.0
        served = sum(status != 429 for _, status in times)
        per_second = served / span if span else 0.0
        return {
            "requests": len(times),
            "served": served,
            "throttled": len(times) - served,
            "first_at": times[0][0] if times else None,
            "last_at": times[-1][0] if times else None,
            "seconds": round(span, 3),
            "per_second": round(per_second, 3),
            "share_of_limit": round(per_second / rate, 4) if rate and span else None,
            "endpoints": endpoints,
        }


class Gate:
    """WSGI middleware over the paths below `prefix`; everything else passes untouched."""

    def __init__(
        self,
        app: WSGIApplication,
        *,
        target: str,
        prefix: str,
        faults: FaultBoard,
        error_body: Callable[[Fault], dict[str, Any]],
        latency_ms: float = 0,
    ) -> None:
        self.app, self.target, self.prefix, self.faults = app, target, prefix, faults
        self.error_body = error_body
        #: Added to every request, in ms; may be changed while serving.
        self.latency_ms = latency_ms
        self.log = RequestLog()

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        path = environ.get("PATH_INFO", "")
        if not path.startswith(self.prefix):
            return self.app(environ, start_response)
        started = time.time()
        method, query = environ["REQUEST_METHOD"], environ.get("QUERY_STRING", "")
        asked = (method, path, query)
        fault = self._fault(method, path, query)
        seen = f"{fault.kind}:{fault.when}" if fault else None
        if self.latency_ms:
            self.faults.stall(self.latency_ms / 1000)
        if fault and fault.when == "before":
            answer = self._before(fault, environ)
            if answer is not None:
                status, headers, content = answer
                if status == 0:
                    self.log.add(asked, 0, started=started, fault=seen)
                    self._drop(environ)
                self.log.add(asked, status, started=started, fault=seen)
                start_response(f"{status} {_REASONS.get(status, 'Error')}", headers)
                return [content]
        captured: list[Any] = []

        def capture(status: str, headers: list[tuple[str, str]], exc_info: object = None) -> Callable[[bytes], object]:
            captured[:] = [status, headers]
            return lambda data: None

        body = list(self.app(environ, capture))
        status_line, headers = captured
        if fault and fault.when == "after":
            if fault.kind in {"drop", "timeout"}:
                if fault.kind == "timeout":
                    self.faults.stall(fault.seconds)
                self.log.add(asked, 0, started=started, fault=seen)
                self._drop(environ)
            answer = self._before(fault, environ)
            if answer is not None:
                status_line = f"{answer[0]} {_REASONS.get(answer[0], 'Error')}"
                headers, body = answer[1], [answer[2]]
        self.log.add(asked, int(status_line[:3]), started=started, fault=seen)
        start_response(status_line, headers)
        return body

    def _fault(self, method: str, path: str, query: str) -> Fault | None:
        has_offset = "offset" in parse_qs(query)
        kinds = None if has_offset else ("status", "drop", "timeout", "latency", "html")
        return self.faults.take(self.target, method, path, kinds)

    def _before(self, fault: Fault, environ: WSGIEnvironment) -> tuple[int, list[tuple[str, str]], bytes] | None:
        """The answer a fault gives instead of the real one; status 0 is none at all; None lets the request through."""
        json_type = ("Content-Type", "application/json; charset=utf-8")
        if fault.kind == "latency":
            self.faults.stall(fault.seconds)
            return None
        if fault.kind in {"drop", "timeout"}:
            if fault.kind == "timeout":
                self.faults.stall(fault.seconds)
            return 0, [], b""
        if fault.kind == "html":
            return fault.status, [("Content-Type", "text/html; charset=utf-8")], _HTML
        if fault.kind == "bad_offset":
            return 400, [json_type], b'{"code":"BadRequestError","message":"Invalid offset token"}'
        headers = [json_type]
        if fault.retry_after is not None:
            headers.append(("Retry-After", str(fault.retry_after)))
        return fault.status, headers, json.dumps(self.error_body(fault)).encode()

    def _drop(self, environ: WSGIEnvironment) -> None:
        """Cuts the connection; the server's handler swallows the error."""
        connection: socket.socket | None = environ.get("sandbox.socket")
        if connection is not None:
            with contextlib.suppress(OSError):  # the client gave up first
                connection.shutdown(socket.SHUT_RDWR)
        raise ConnectionResetError("dropped on demand")


_REASONS = {
    400: "Bad Request", 401: "Unauthorized", 403: "Forbidden", 404: "Not Found", 429: "Too Many Requests",
    500: "Internal Server Error", 502: "Bad Gateway", 503: "Service Unavailable", 504: "Gateway Timeout",
}  # fmt: skip
