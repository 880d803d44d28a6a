"""What somebody typed in leads to the internet, never into the network this process sits in."""

import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
import requests

from grayscale.clients.outside import is_outside, may_ask, outside_session


@pytest.mark.parametrize(
    "address",
    ["127.0.0.1", "10.0.0.1", "172.16.5.4", "192.168.1.1", "169.254.169.254", "0.0.0.0", "100.64.0.1", "::1",
     "fe80::1%eth0", "fd00::1", "::ffff:10.0.0.1", "::ffff:127.0.0.1", "224.0.0.1", "255.255.255.255", "::",
     "64:ff9b::a9fe:a9fe", "2002:7f00:1::", "::7f00:1", "fec0::1"],
)  # fmt: skip
def test_inner_addresses(address: str) -> None:
    assert not is_outside(address)


@pytest.mark.parametrize("address", ["8.8.8.8", "2606:4700::1111", "::ffff:8.8.8.8", "64:ff9b::808:808"])
def test_outer_addresses(address: str) -> None:
    assert is_outside(address)


@pytest.mark.parametrize(
    "url",
    ["http://idp.example/x", "file:///etc/passwd", "gopher://idp.example", "https://user:pw@idp.example/", "https:///x",
     "https://idp.example:99999/", "//idp.example", "https://idp.example/\r\nHost: x", "http://localhost/", ""],
)  # fmt: skip
def test_addresses_that_are_not_asked(url: str) -> None:
    assert not may_ask(url, loopback=False)


def test_a_name_that_resolves_to_this_machine_is_asked_for_nothing() -> None:
    heard = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            heard.append(self.path)
            self.send_response(204)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        thread.start()
        url = f"http://localhost:{server.server_port}/"
        with outside_session(loopback=False) as session, pytest.raises(requests.ConnectionError):
            session.get(url, timeout=5)
        with outside_session(loopback=True) as session:
            assert session.get(url, timeout=5).status_code == 204
        server.shutdown()
        thread.join()
    assert heard == ["/"], "only the one that may"
