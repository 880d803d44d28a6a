"""One HTTP exchange: a session per thread, time and size limits, and the one question that matters after a failure.

That question is whether the request can have reached the other side. ``NoAnswer.never_left`` is true only where it
is proven that it did not; each client turns that into its own typed error.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from http.cookiejar import DefaultCookiePolicy
from typing import Any

import requests
import urllib3.exceptions as wire

VERSION = "1.0.0"
USER_AGENT = f"Grayscale-for-Lever/{VERSION}"

Params = Sequence[tuple[str, str]]
# endpoint name, HTTP status (0 when no answer came), seconds taken
Observer = Callable[[str, int, float], None]


@dataclass(frozen=True, slots=True)
class Answer:
    """A complete HTTP answer. ``headers`` is case-insensitive."""

    status: int
    body: bytes
    headers: Mapping[str, str] = field(default_factory=dict)


class NoAnswer(Exception):
    """No complete answer came. ``reason`` is a short clause for people, free of addresses and secrets."""

    def __init__(self, reason: str, *, never_left: bool) -> None:
        super().__init__(reason)
        self.reason = reason
        self.never_left = never_left


def new_session() -> requests.Session:
    """A session that keeps connections alive, keeps no cookies and retries nothing by itself."""
    session = requests.Session()
    session.headers["User-Agent"] = USER_AGENT
    session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
    return session


class Transport:
    """Sends requests; safe to share between threads because each thread gets its own session."""

    def __init__(
        self,
        *,
        timeout: tuple[float, float],
        session_factory: Callable[[], requests.Session] = new_session,
        on_response: Observer | None = None,
        clock: Callable[[], float] = time.monotonic,
        max_seconds: float = 120.0,
        max_bytes: int = 64 * 1024 * 1024,
    ) -> None:
        self.timeout = timeout
        self._session_factory = session_factory
        self._on_response = on_response
        self._clock = clock
        self._max_seconds = max_seconds
        self._max_bytes = max_bytes
        self._local = threading.local()
        self._sessions: list[requests.Session] = []
        self._lock = threading.Lock()

    def exchange(self, name: str, method: str, url: str, *, max_bytes: int | None = None, **request: Any) -> Answer:
        """Makes one request and reads the whole answer; redirects are handed back, not followed.

        Raises ``NoAnswer``.
        """
        started = self._clock()
        status = 0
        try:
            with self._session().request(
                method, url, timeout=self.timeout, allow_redirects=False, stream=True, **request
            ) as response:
                body = self._read(response, started, max_bytes or self._max_bytes)
                status = response.status_code
                return Answer(status, body, response.headers)
        except NoAnswer:
            raise
        except (requests.RequestException, wire.HTTPError, OSError) as error:
            raise NoAnswer(_reason(error), never_left=_never_left(error)) from error
        finally:
            if self._on_response is not None:
                self._on_response(name, status, self._clock() - started)

    def close(self) -> None:
        """Closes the connections of all threads."""
        with self._lock:
            sessions, self._sessions = self._sessions, []
            self._local = threading.local()
        for session in sessions:
            session.close()

    def _session(self) -> requests.Session:
        session: requests.Session | None = getattr(self._local, "session", None)
        if session is None:
            session = self._session_factory()
            self._local.session = session
            with self._lock:
                self._sessions.append(session)
        return session

    def _read(self, response: requests.Response, started: float, max_bytes: int) -> bytes:
        # The read time-out only bounds the wait for the next byte: a peer that trickles would hold a thread for
        # ever without the total limit.
        chunks: list[bytes] = []
        size = 0
        for chunk in response.iter_content(64 * 1024):
            chunks.append(chunk)
            size += len(chunk)
            if size > max_bytes:
                raise NoAnswer("the answer was too large", never_left=False)
            if self._clock() - started > self._max_seconds:
                raise NoAnswer("the answer took too long", never_left=False)
        return b"".join(chunks)


def _causes(error: BaseException) -> list[BaseException]:
    """The error and everything it wraps; urllib3 hides the cause in ``reason`` or in ``args``."""
    found: list[BaseException] = []
    queue: list[object] = [error]
    while queue and len(found) < 20:
        current = queue.pop(0)
        if not isinstance(current, BaseException) or any(current is seen for seen in found):
            continue
        found.append(current)
        queue += [getattr(current, "reason", None), *current.args]
    return found


_BEFORE_SENDING = (
    requests.exceptions.ConnectTimeout,
    requests.exceptions.InvalidURL,
    requests.exceptions.InvalidSchema,
    requests.exceptions.MissingSchema,
    requests.exceptions.InvalidHeader,
    wire.ConnectTimeoutError,
    wire.NewConnectionError,  # refused, unreachable; NameResolutionError is one of these
    wire.LocationValueError,
    ConnectionRefusedError,
)


def _never_left(error: BaseException) -> bool:
    causes = _causes(error)
    if any(isinstance(cause, _BEFORE_SENDING) for cause in causes):
        return True
    # A certificate is checked during the handshake, before any of the request is sent.
    return any("CERTIFICATE_VERIFY_FAILED" in str(cause) for cause in causes)


def _reason(error: BaseException) -> str:
    causes = _causes(error)
    if any(isinstance(cause, wire.NameResolutionError) for cause in causes):
        return "its name could not be resolved"
    if any("CERTIFICATE_VERIFY_FAILED" in str(cause) for cause in causes):
        return "its certificate could not be verified"
    if any(isinstance(cause, ConnectionRefusedError | wire.NewConnectionError) for cause in causes):
        return "no connection could be made"
    if any(isinstance(cause, requests.exceptions.ConnectTimeout | wire.ConnectTimeoutError) for cause in causes):
        return "no connection could be made in time"
    if any(isinstance(cause, requests.exceptions.Timeout | wire.TimeoutError | TimeoutError) for cause in causes):
        return "no answer came in time"
    if _never_left(error):
        return "no connection could be made"
    return "the connection broke before the answer was complete"
