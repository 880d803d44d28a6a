"""Gunicorn's worker at its stop: who came is answered, who comes is refused."""

import os
import selectors
import socket
import time
from collections.abc import Iterator

import pytest
from gunicorn.config import Config
from gunicorn.glogging import Logger

from grayscale import serving

REQUEST = b"GET / HTTP/1.1\r\nHost: texting.test\r\nConnection: close\r\n\r\n"


@pytest.fixture
def listener() -> Iterator[socket.socket]:
    with socket.create_server(("127.0.0.1", 0), backlog=50) as made:
        yield made


def stopped_worker(listener: socket.socket) -> serving.Worker:
    """As it is right after SIGTERM, with a view that takes a moment."""

    def view(_environ: object, start_response: object) -> list[bytes]:
        time.sleep(0.002)
        start_response("200 OK", [("Content-Length", "6")])  # type: ignore[operator]
        return [b"heard\n"]

    settings = Config()
    settings.set("threads", 2)
    worker = serving.Worker(0, os.getppid(), [listener], None, 30, settings, Logger(settings))
    worker.wsgi, worker.alive = view, False
    worker.tpool = worker.get_thread_pool()
    worker.poller = selectors.DefaultSelector()
    worker.method_queue.init()
    return worker


def test_a_stop_answers_all_who_came_and_refuses_who_comes_later(listener: socket.socket) -> None:
    address = listener.getsockname()
    clients = [socket.create_connection(address, timeout=5) for _ in range(20)]
    for client in clients:
        client.sendall(REQUEST)
        client.shutdown(socket.SHUT_WR)  # the server need not wait for the client to close
    worker = stopped_worker(listener)
    worker.run()
    worker.tmp.close()
    for client in clients:
        with client:
            assert client.recv(4096).startswith(b"HTTP/1.1 200")
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(address, timeout=5)
