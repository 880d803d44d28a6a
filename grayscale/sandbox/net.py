"""A threaded loopback HTTP/1.1 server that keeps connections alive and can be stopped at once.

Werkzeug's own handler closes every connection and waits 10 ms after each answer; a client that paces itself by
latency would be measured against that instead of against the simulated service.
"""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from werkzeug.serving import ThreadedWSGIServer, WSGIRequestHandler

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

MAX_BODY = 8 * 1024 * 1024


class Handler(WSGIRequestHandler):
    """One connection, many requests: reads the body whole, answers whole with Content-Length."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = 64 * 1024
    server: Server

    def setup(self) -> None:
        super().setup()
        with self.server.connections_lock:
            self.server.connections.add(self.connection)

    def finish(self) -> None:
        with self.server.connections_lock:
            self.server.connections.discard(self.connection)
        with contextlib.suppress(OSError):  # the peer, or a fault, closed the socket first
            super().finish()

    def run_wsgi(self) -> None:
        environ = self.make_environ()
        environ["sandbox.socket"] = self.connection
        body = self._read_body()
        if body is None:
            self.close_connection = True
            self.send_error(413)
            return
        environ["wsgi.input"] = _Body(body)
        environ["CONTENT_LENGTH"] = str(len(body))
        environ.pop("HTTP_TRANSFER_ENCODING", None)
        environ.pop("wsgi.input_terminated", None)
        answer: list[Any] = []

        def start_response(
            status: str, headers: list[tuple[str, str]], exc_info: object = None
        ) -> Callable[[bytes], object]:
            answer[:] = [status, headers]
            return lambda data: None

        try:
            chunks: Iterable[bytes] = self.server.app(environ, start_response)
            content = b"".join(chunks)
            close = getattr(chunks, "close", None)
            if close is not None:
                close()
        except ConnectionError:
            self.close_connection = True  # a fault dropped the connection on purpose
            return
        self._answer(answer[0], answer[1], content)

    def _read_body(self) -> bytes | None:
        if self.headers.get("Transfer-Encoding", "").lower() == "chunked":
            body = b""
            while size := int(self.rfile.readline().split(b";")[0].strip() or b"0", 16):
                body += self.rfile.read(size)
                self.rfile.readline()
                if len(body) > MAX_BODY:
                    return None
            self.rfile.readline()
            return body
        length = int(self.headers.get("Content-Length") or 0)
        return None if length > MAX_BODY else self.rfile.read(length)

    def _answer(self, status: str, headers: list[tuple[str, str]], content: bytes) -> None:
        code, _, reason = status.partition(" ")
        self.send_response(int(code), reason)
        for name, value in headers:
            if name.lower() != "content-length":
                self.send_header(name, value)
        if code not in {"204", "304"}:
            self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        if self.command != "HEAD" and code not in {"204", "304"}:
            self.wfile.write(content)
        self.wfile.flush()

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Silent: the request log of the sandbox is kept in memory and shown by its control API."""

    def log_error(self, format: str, *args: object) -> None:
        """Silent: a dropped connection is usually one the sandbox was asked to drop."""


class _Body:
    """A request body already read, as `wsgi.input`."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0

    def read(self, size: int = -1) -> bytes:
        end = len(self._data) if size is None or size < 0 else self._at + size
        part = self._data[self._at : end]
        self._at += len(part)
        return part

    def readinto(self, buffer: bytearray) -> int:
        part = self.read(len(buffer))
        buffer[: len(part)] = part
        return len(part)

    def readline(self, size: int = -1) -> bytes:
        at = self._data.find(b"\n", self._at)
        return self.read((at + 1 if at >= 0 else len(self._data)) - self._at)

    def __iter__(self) -> Iterable[bytes]:
        return iter(self.readline, b"")


class Server(ThreadedWSGIServer):
    """A threaded server in a thread of its own; port 0 picks a free one."""

    daemon_threads = True
    request_queue_size = 256

    def __init__(self, host: str, port: int, app: WSGIApplication) -> None:
        """Takes the port at once. Raises OSError when it is taken (Werkzeug by itself would end the program)."""
        self.connections: set[socket.socket] = set()
        self.connections_lock = threading.Lock()
        with socket.create_server((host, port), backlog=self.request_queue_size) as listening:
            super().__init__(host, port, app, handler=Handler, fd=listening.fileno())
        self._thread: threading.Thread | None = None

    def log(self, type: str, message: str, *args: Any) -> None:
        """Only errors of the simulator itself are worth a line."""
        if type == "error":
            super().log(type, message, *args)

    def start(self) -> None:
        self._thread = threading.Thread(
            target=self.serve_forever,
            kwargs={"poll_interval": 0.02},
            name=f"sandbox:{self.port}",
            daemon=True,
        )
        self._thread.start()

    def stop(self) -> None:
        """Stops listening and cuts every open connection, idle or busy."""
        if self._thread is None:
            self.server_close()
            return
        self.shutdown()
        self._thread.join(timeout=2)
        self.server_close()
        with self.connections_lock:
            open_sockets = list(self.connections)
        for connection in open_sockets:
            with contextlib.suppress(OSError):  # already gone
                connection.shutdown(socket.SHUT_RDWR)


def is_loopback(url: str) -> bool:
    """Whether plain http may be used for this address."""
    host = urlsplit(url).hostname or ""
    return host == "localhost" or host.startswith("127.") or host == "::1"
