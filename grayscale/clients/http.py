"""One HTTP exchange: a session per thread, time and size limits, and the one question that matters after a failure.

That question is whether the request can have reached the other side. ``NoAnswer.never_left`` is true only where it
is proven that it did not; each client turns that into its own typed error.
"""

from __future__ import annotations

import math
import threading
import time
import weakref
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime
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


class TooLarge(NoAnswer):
    """The answer was longer than it may be."""


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
        # Weak: the session of a thread that ended goes with it.
        self._sessions: weakref.WeakSet[requests.Session] = weakref.WeakSet()
        self._lock = threading.Lock()

    def exchange(
        self,
        name: str,
        method: str,
        url: str,
        *,
        max_bytes: int | None = None,
        max_seconds: float | None = None,
        **request: Any,
    ) -> Answer:
        """Makes one request and reads the whole answer; redirects are handed back, not followed.

        Raises ``NoAnswer``.
        """
        started = self._clock()
        status = 0
        try:
            with self._session().request(
                method, url, timeout=self.timeout, allow_redirects=False, stream=True, **request
            ) as response:
                deadline = started + (max_seconds or self._max_seconds)
                body = self._read(response, deadline, max_bytes or self._max_bytes)
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
            sessions, self._sessions = list(self._sessions), weakref.WeakSet()
            self._local = threading.local()
        for session in sessions:
            session.close()

    def _session(self) -> requests.Session:
        session: requests.Session | None = getattr(self._local, "session", None)
        if session is None:
            session = self._session_factory()
            self._local.session = session
            with self._lock:
                self._sessions.add(session)
        return session

    def _read(self, response: requests.Response, deadline: float, max_bytes: int) -> bytes:
        # The read time-out only bounds the wait for the next bytes: a peer that trickles would hold a thread for
        # ever. So take what there is (read1) and look at the clock.
        body = bytearray()
        while chunk := response.raw.read1(64 * 1024, decode_content=True):
            body += chunk
            if len(body) > max_bytes:
                raise TooLarge("the answer was too large", never_left=False)
            if self._clock() > deadline:
                raise NoAnswer("the answer took too long", never_left=False)
        return bytes(body)


def retry_after_seconds(headers: Mapping[str, str]) -> float | None:
    """The wait a Retry-After header asks for, in seconds (an hour at most); None when absent or unreadable."""
    value = headers.get("Retry-After")
    if not value:
        return None
    try:
        seconds = float(value)
    except ValueError:
        try:
            seconds = parsedate_to_datetime(value).timestamp() - time.time()
        except (ValueError, TypeError, OverflowError):
            return None
    return min(max(seconds, 0.0), 3600.0) if math.isfinite(seconds) else None


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


def _has(causes: Sequence[BaseException], *kinds: type[BaseException]) -> bool:
    return any(isinstance(cause, kinds) for cause in causes)


def _bad_certificate(causes: Sequence[BaseException]) -> bool:
    return any("CERTIFICATE_VERIFY_FAILED" in str(cause) for cause in causes)


def _never_left(error: BaseException) -> bool:
    causes = _causes(error)
    # A certificate is checked during the handshake, before any of the request is sent.
    return _has(causes, *_BEFORE_SENDING) or _bad_certificate(causes)


def _reason(error: BaseException) -> str:
    causes = _causes(error)
    if _has(causes, wire.NameResolutionError):
        return "its name could not be resolved"
    if _bad_certificate(causes):
        return "its certificate could not be verified"
    if _never_left(error):
        return "no connection could be made"
    if _has(causes, requests.exceptions.Timeout, wire.TimeoutError, TimeoutError):
        return "no answer came in time"
    return "the connection broke before the answer was complete"
