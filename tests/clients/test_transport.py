"""What the wire does, seen through real sockets: did the request leave, and was the answer whole."""

from __future__ import annotations

import gzip
import itertools
import threading

import pytest

from grayscale.clients.http import NoAnswer, Transport, retry_after_seconds
from tests.clients.wire import WireServer, json_answer, reply, reply_and_close, reset


@pytest.fixture
def transport():
    transport = Transport(timeout=(2.0, 0.4))
    yield transport
    transport.close()


def failure(transport: Transport, url: str, **request) -> NoAnswer:
    with pytest.raises(NoAnswer) as caught:
        transport.exchange("test", "POST", url, data={"a": "b"}, **request)
    return caught.value


def test_a_refused_connection_never_left(transport):
    with WireServer() as server:
        url = server.url
    error = failure(transport, url)
    assert error.never_left
    assert error.reason == "no connection could be made"


def test_an_unknown_name_never_left(transport):
    error = failure(transport, "http://no-such-host.invalid/")
    assert error.never_left
    assert error.reason == "its name could not be resolved"


def test_a_bad_address_never_left(transport):
    assert failure(transport, "http://:0x/").never_left


def test_silence_after_the_request_may_have_taken_effect(transport):
    with WireServer() as server:
        server.scripts.append(server.stay_silent)
        error = failure(transport, server.url)
        assert not error.never_left
        assert error.reason == "no answer came in time"
        assert len(server.requests) == 1, "a POST is on the wire once"


def test_a_reset_after_the_request_may_have_taken_effect_and_is_not_repeated(transport):
    with WireServer(reset, reply(json_answer("200 OK", b"{}"))) as server:
        error = failure(transport, server.url)
        assert not error.never_left
        assert len(server.requests) == 1


@pytest.mark.parametrize(
    "broken",
    [
        b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n{",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 4\r\n\r\nnope",
        b"nonsense\r\n\r\n",
        b"",
    ],
    ids=["short", "cut chunk", "no last chunk", "not gzip", "not http", "closed"],
)
def test_an_answer_that_is_not_whole_is_no_answer(transport, broken):
    with WireServer(reply_and_close(broken)) as server:
        assert not failure(transport, server.url).never_left


def test_a_trickling_answer_is_given_up_at_the_total_limit():
    clock = itertools.count(step=1.0).__next__
    stop = threading.Event()

    def trickle(connection):
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
        while not stop.wait(0.001):
            connection.sendall(b"x")

    transport = Transport(timeout=(2.0, 2.0), max_seconds=10, clock=clock)
    with WireServer(trickle) as server:
        error = failure(transport, server.url)
        stop.set()
        transport.close()
    assert error.reason == "the answer took too long"


def test_an_oversized_answer_is_given_up(transport):
    with WireServer(reply(json_answer("200 OK", b"x" * 2000))) as server:
        assert failure(transport, server.url, max_bytes=1000).reason == "the answer was too large"


def test_an_oversized_answer_cannot_hide_in_compression(transport):
    packed = gzip.compress(b"\0" * 5_000_000)
    head = f"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: {len(packed)}\r\n\r\n".encode()
    with WireServer(reply(head, packed)) as server:
        assert failure(transport, server.url, max_bytes=100_000).reason == "the answer was too large"


@pytest.mark.parametrize("size", [0, 1, 70_000, 300_000])
def test_chunked_and_compressed_answers_arrive_whole(transport, size):
    body = bytes(index % 251 for index in range(size))
    packed = gzip.compress(body)
    chunks = b"".join(
        b"%x\r\n%s\r\n" % (len(packed[i : i + 999]), packed[i : i + 999]) for i in range(0, len(packed), 999)
    )
    head = b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n\r\n"
    with WireServer(reply(head, chunks, b"0\r\n\r\n")) as server:
        assert transport.exchange("test", "GET", server.url).body == body


def test_a_connection_is_kept_for_the_next_request_and_each_thread_has_its_own(transport):
    with WireServer(*[reply(json_answer("200 OK", b"{}")) for _ in range(3)]) as server:
        transport.exchange("test", "GET", server.url)
        transport.exchange("test", "GET", server.url)
        assert server.connections == 1
        other = threading.Thread(target=lambda: transport.exchange("test", "GET", server.url))
        other.start()
        other.join()
        assert server.connections == 2


def test_a_redirect_is_handed_back_and_cookies_are_forgotten(transport):
    head = b"HTTP/1.1 302 Found\r\nLocation: /elsewhere\r\nSet-Cookie: a=b\r\nContent-Length: 0\r\n\r\n"
    with WireServer(reply(head), reply(json_answer("200 OK", b"{}"))) as server:
        assert transport.exchange("test", "GET", server.url).status == 302
        transport.exchange("test", "GET", server.url)
        assert b"cookie" not in server.requests[1].lower()


def test_the_observer_hears_the_status_and_of_silence():
    heard = []
    transport = Transport(timeout=(1, 1), on_response=lambda *event: heard.append(event[:2]))
    with WireServer(reply(json_answer("503 Busy", b""))) as server:
        transport.exchange("asked", "GET", server.url)
        url = server.url
    transport.close()
    with pytest.raises(NoAnswer):
        transport.exchange("unheard", "GET", url)
    assert heard == [("asked", 503), ("unheard", 0)]


@pytest.mark.parametrize(
    ("value", "seconds"),
    [("7", 7.0), ("0.5", 0.5), ("-3", 0.0), ("999999", 3600.0), ("nan", None), ("soon", None), ("", None)],
)
def test_retry_after_in_seconds(value, seconds):
    assert retry_after_seconds({"Retry-After": value}) == seconds


def test_retry_after_as_a_date_in_the_past_asks_for_no_wait():
    assert retry_after_seconds({"Retry-After": "Wed, 21 Oct 2015 07:28:00 GMT"}) == 0.0
