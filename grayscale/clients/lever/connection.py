"""One request to Lever and what its answer means: pace, retries of reads, typed errors, defensive parsing."""

from __future__ import annotations

import json
import math
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import urljoin, urlsplit

import requests
import tenacity

from grayscale.clients.errors import (
    ClientError,
    Forbidden,
    NotAuthorised,
    NotFound,
    Permanent,
    Retryable,
    UnexpectedAnswer,
    UnknownOutcome,
)
from grayscale.clients.http import Answer, NoAnswer, Observer, Params, Transport, new_session
from grayscale.clients.lever.limits import Priority, RateLimiter

_REDIRECTS = (301, 302, 303, 307, 308)


class InvalidOffset(Permanent):
    """The page token went stale: start this list again from its first page."""


@dataclass(frozen=True, slots=True)
class Budget:
    """How long a read may try. ``seconds`` bounds attempts and waits together; ``longest_wait`` one wait."""

    attempts: int
    seconds: float
    longest_wait: float


BUDGETS: Mapping[Priority, Budget] = {
    "live": Budget(attempts=3, seconds=15.0, longest_wait=2.0),
    "bulk": Budget(attempts=7, seconds=180.0, longest_wait=60.0),
}


class LeverConnection:
    """Asks one Lever account through one key. Writes are sent once; reads are retried within their budget."""

    def __init__(
        self,
        api_key: str,
        base_url: str,
        limiter: RateLimiter,
        *,
        timeout: tuple[float, float] = (5.0, 20.0),
        priority: Priority = "live",
        session_factory: Callable[[], requests.Session] = new_session,
        on_response: Observer | None = None,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self.base_url = base_url.rstrip("/")
        self.limiter = limiter
        self.priority: Priority = priority
        self._auth = (api_key, "")
        self._budget = BUDGETS[priority]
        # Full jitter: a random share of a doubling ceiling, so that threads refused together do not return together.
        self._jitter = tenacity.wait_random_exponential(multiplier=1, max=self._budget.longest_wait)
        self._sleep = sleep
        self._transport = Transport(timeout=timeout, session_factory=session_factory, on_response=on_response)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.base_url!r}, priority={self.priority!r})"

    def close(self) -> None:
        self._transport.close()

    def read(self, name: str, path: str, params: Params = ()) -> dict[str, Any]:
        """The JSON object a GET answers with. Raises the errors of ``grayscale.clients.errors``."""
        retrying = tenacity.Retrying(
            retry=tenacity.retry_if_exception_type(Retryable),
            stop=tenacity.stop_after_attempt(self._budget.attempts) | tenacity.stop_before_delay(self._budget.seconds),
            wait=self._pause,
            sleep=self._sleep,
            reraise=True,
        )
        return retrying(self._read_once, name, path, params)

    def write(
        self,
        name: str,
        method: str,
        path: str,
        params: Params = (),
        body: Mapping[str, Any] | None = None,
    ) -> dict[str, Any]:
        """Sends a write once. The JSON object it answers with, empty for 204."""
        answer = self._exchange(name, method, self.base_url + path, params=list(params), json=body)
        if answer.status == 204:
            return {}
        if 200 <= answer.status < 300:
            try:
                return _json_object(answer)
            except ValueError as error:
                raise UnknownOutcome(
                    "Lever accepted the change but its answer could not be read.", status=answer.status
                ) from error
        raise self._refusal(answer, writing=True)

    def _pause(self, state: tenacity.RetryCallState) -> float:
        error = state.outcome.exception() if state.outcome else None
        asked = error.retry_after if isinstance(error, Retryable) and error.retry_after is not None else 0.0
        return asked + self._jitter(state)

    def _read_once(self, name: str, path: str, params: Params) -> dict[str, Any]:
        url = self.base_url + path
        answer = self._exchange(name, "GET", url, params=list(params))
        for _ in range(3):
            target = _redirect_target(url, answer)
            if target is None:
                break
            url = target
            answer = self._exchange(name, "GET", url)
        if answer.status != 200:
            raise self._refusal(answer, writing=False)
        try:
            return _json_object(answer)
        except ValueError as error:
            raise Retryable("Lever's answer could not be read.", status=answer.status) from error

    def _exchange(self, name: str, method: str, url: str, **request: Any) -> Answer:
        if not self.limiter.acquire(self.priority, timeout=self._budget.seconds):
            raise Retryable("Lever's request limit is used up at the moment.", retry_after=self._budget.seconds)
        try:
            return self._transport.exchange(name, method, url, auth=self._auth, **request)
        except NoAnswer as error:
            if error.never_left:
                raise Retryable(f"Lever could not be reached: {error.reason}.") from error
            if method == "GET":
                raise Retryable(f"Lever did not answer: {error.reason}.") from error
            raise UnknownOutcome(
                f"Lever did not confirm the change: {error.reason}. It may or may not have happened."
            ) from error

    def _refusal(self, answer: Answer, *, writing: bool) -> ClientError:
        """What an answer other than success means."""
        status = answer.status
        code, said = _error_body(answer)
        details: dict[str, Any] = {"status": status, "code": code}
        if status == 429:
            retry_after = retry_after_seconds(answer.headers.get("Retry-After"))
            self.limiter.slow_down(retry_after)
            return Retryable("Lever asks to slow down (429).", retry_after=retry_after, **details)
        if status == 401:
            return NotAuthorised("Lever refused the API key (401).", **details)
        if status == 403:
            return Forbidden(f"The API key is not permitted to do this (403){said}.", **details)
        if status == 404:
            return NotFound(f"Lever has no such object (404){said}.", **details)
        if status >= 500 or status == 408 or (writing and status in (*_SUCCESS_UNREAD, 303)):
            if writing:
                return UnknownOutcome(
                    f"Lever failed while making the change ({status}). It may or may not have happened.", **details
                )
            retry_after = retry_after_seconds(answer.headers.get("Retry-After"))
            return Retryable(f"Lever has a problem at the moment ({status}).", retry_after=retry_after, **details)
        if status in _REDIRECTS:
            return Permanent(f"Lever's API answers from another address ({status}): check the API root.", **details)
        if "invalid offset token" in said.lower():
            return InvalidOffset("The list changed while it was being read: start it again.", **details)
        if 200 <= status < 300:
            return UnexpectedAnswer(f"Lever answered with the unexpected status {status}.", **details)
        return Permanent(f"Lever refused the request ({status}){said}.", **details)


# 1xx and odd 3xx after a write tell nothing about whether it happened.
_SUCCESS_UNREAD = (100, 101, 102, 103, 300, 304, 305, 306)


def retry_after_seconds(value: str | None) -> float | None:
    """The wait a Retry-After header asks for, in seconds; None when absent or unreadable."""
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


def unwrap(body: Mapping[str, Any]) -> Any:
    """The object in ``data``; some documented answers nest it as ``data.data`` or ``data.data[0]``."""
    data = body.get("data")
    for _ in range(2):
        if isinstance(data, dict) and "id" not in data and "noteId" not in data and "data" in data:
            data = data["data"]
        if isinstance(data, list) and data:
            data = data[0]
    return data


def unexpected(what: str) -> ClientError:
    return UnexpectedAnswer(f"Lever's answer holds no {what}.", status=200)


def _json_object(answer: Answer) -> dict[str, Any]:
    try:
        body = json.loads(answer.body)
    except RecursionError as error:
        raise ValueError("nested too deeply") from error
    if not isinstance(body, dict):
        raise ValueError("not an object")
    return body


def _error_body(answer: Answer) -> tuple[str | None, str]:
    """Lever's code, and its message as the tail of a sentence (": … "), both empty when the body is not Lever's."""
    try:
        body = _json_object(answer)
    except ValueError:
        return None, ""
    code, message = body.get("code"), body.get("message")
    said = " ".join(message.split())[:300].rstrip(".") if isinstance(message, str) else ""
    return (code[:100] if isinstance(code, str) else None), (f": {said}" if said else "")


def _redirect_target(url: str, answer: Answer) -> str | None:
    """Where a read should go on, if that is the same server: the key goes to no other."""
    location = answer.headers.get("Location")
    if answer.status not in _REDIRECTS or not location:
        return None
    target = urljoin(url, location)
    here, there = urlsplit(url), urlsplit(target)
    return target if (here.scheme, here.netloc) == (there.scheme, there.netloc) else None
