"""A simple reverse proxy: takes turns among the web processes, and goes to another when one does not take the call.

What was handed over and broke on the way is answered with a 502 of the proxy's own, and never sent a second time.
"""

import http.client
import itertools
import socket
import socketserver
import threading
import time
from collections import deque
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler

HOP_BY_HOP = {"connection", "keep-alive", "transfer-encoding", "te", "upgrade", "proxy-connection"}
TIMEOUT_SECONDS = 40.0


@dataclass(frozen=True, slots=True)
class Bad:
    """An answer of 500 or more that the product itself gave."""

    at: float
    status: int
    what: str


@dataclass
class Seen:
    """What passed through."""

    answered: int = 0
    # The process died under the request, or none took it.
    broken: int = 0
    unreachable: int = 0
    bad: list[Bad] = field(default_factory=list)
    slowest: deque[tuple[float, str]] = field(default_factory=lambda: deque(maxlen=200_000))


class Proxy(socketserver.ThreadingMixIn, socketserver.TCPServer):
    """Listens on *port* for what goes to *backends*."""

    daemon_threads = True
    allow_reuse_address = True
    request_queue_size = 256

    def __init__(self, port: int, backends: list[int]) -> None:
        self.turns = itertools.cycle(range(len(backends)))
        self.backends = backends
        self.seen = Seen()
        self.lock = threading.Lock()
        super().__init__(("127.0.0.1", port), Handler)
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that went away is its own business."""

    def in_turn(self) -> list[int]:
        with self.lock:
            first = next(self.turns)
        return self.backends[first:] + self.backends[:first]


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Proxy

    def _pass_on(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        headers = {name: value for name, value in self.headers.items() if name.lower() not in HOP_BY_HOP}
        headers["X-Forwarded-For"], headers["X-Forwarded-Proto"] = self.client_address[0], "http"
        began = time.monotonic()
        for port in self.server.in_turn():
            link = http.client.HTTPConnection("127.0.0.1", port, timeout=TIMEOUT_SECONDS)
            try:
                link.connect()
            except OSError:
                continue
            try:
                link.request(self.command, self.path, body, headers)
                answer = link.getresponse()
                content = answer.read()
            except (OSError, http.client.HTTPException):
                with self.server.lock:
                    self.server.seen.broken += 1
                self._answer(502, [], b"the process behind went away")
                return
            finally:
                link.close()
            self._note(answer.status, time.monotonic() - began)
            self._answer(answer.status, answer.getheaders(), content)
            return
        with self.server.lock:
            self.server.seen.unreachable += 1
        self._answer(502, [], b"no process answers")

    do_GET = do_POST = do_HEAD = do_PUT = do_DELETE = _pass_on

    def _note(self, status: int, seconds: float) -> None:
        what = f"{self.command} {self.path.split('?')[0]}"
        with self.server.lock:
            self.server.seen.answered += 1
            self.server.seen.slowest.append((seconds, what))
            if status >= 500:
                self.server.seen.bad.append(Bad(time.time(), status, what))

    def _answer(self, status: int, headers: list[tuple[str, str]], content: bytes) -> None:
        self.send_response_only(status)
        for name, value in headers:
            if name.lower() not in HOP_BY_HOP | {"content-length"}:
                self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)

    def log_message(self, *_arguments: object) -> None:
        pass


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
