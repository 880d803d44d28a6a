"""A server on loopback that answers with exactly the bytes a test gives it, to see real sockets fail."""

from __future__ import annotations

import contextlib
import socket
import struct
import threading
from collections import deque
from collections.abc import Callable

Script = Callable[[socket.socket], None]


def reply(*parts: bytes) -> Script:
    """Sends the bytes and keeps the connection open."""
    return lambda connection: connection.sendall(b"".join(parts))


def reply_and_close(*parts: bytes) -> Script:
    def run(connection: socket.socket) -> None:
        connection.sendall(b"".join(parts))
        connection.close()

    return run


def reset(connection: socket.socket) -> None:
    """Ends the connection with a RST instead of an answer."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()


def json_answer(status: str, body: bytes) -> bytes:
    head = f"HTTP/1.1 {status}\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    return head.encode() + body


class WireServer:
    """Runs one script per request, in order; ``requests`` holds what was received."""

    def __init__(self, *scripts: Script) -> None:
        self.scripts = deque(scripts)
        self.requests: list[bytes] = []
        self.connections = 0
        self._open: list[socket.socket] = []
        self.released = threading.Event()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._thread = threading.Thread(target=self._accept, daemon=True)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._listener.getsockname()[1]}"

    def stay_silent(self, connection: socket.socket) -> None:
        """Holds the connection without a byte until the test is over."""
        self.released.wait(30)
        connection.close()

    def __enter__(self) -> WireServer:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.released.set()
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for connection in self._open:
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
        self._thread.join(10)

    def _accept(self) -> None:
        workers = []
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                break
            self.connections += 1
            self._open.append(connection)
            worker = threading.Thread(target=self._serve, args=(connection,), daemon=True)
            worker.start()
            workers.append(worker)
        for worker in workers:
            worker.join(10)

    def _serve(self, connection: socket.socket) -> None:
        with connection:
            connection.settimeout(10)
            while self.scripts:
                try:
                    request = _read_request(connection)
                    if not request:
                        return
                    self.requests.append(request)
                    self.scripts.popleft()(connection)
                except OSError:
                    return


def _read_request(connection: socket.socket) -> bytes:
    data = b""
    while b"\r\n\r\n" not in data:
        received = connection.recv(65536)
        if not received:
            return b""
        data += received
    head, _, body = data.partition(b"\r\n\r\n")
    length = 0
    for line in head.lower().split(b"\r\n"):
        if line.startswith(b"content-length:"):
            length = int(line.split(b":")[1])
    while len(body) < length:
        body += connection.recv(65536)
    return head + b"\r\n\r\n" + body
