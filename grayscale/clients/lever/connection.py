"""One request to Lever and what its answer means: pace, retries of reads, typed errors, defensive parsing."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Mapping
from typing import Any, TypeVar
from urllib.parse import urljoin, urlsplit

import requests

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
from grayscale.clients.http import (
    Answer,
    NoAnswer,
    Observer,
    Params,
    TooLarge,
    Transport,
    new_session,
    retry_after_seconds,
)
from grayscale.clients.lever.limits import Priority, RateLimiter
from grayscale.clients.retry import Budget, retrying

T = TypeVar("T")

_REDIRECTS = (301, 302, 303, 307, 308)


class InvalidOffset(Permanent):
    """The page token went stale: start this list again from its first page."""


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
        # Bytes, because requests only takes text that fits Latin-1 and people paste what they paste.
        self._auth = (api_key.encode(errors="replace"), b"")
        self._budget = BUDGETS[priority]
        self._sleep = sleep
        self._transport = Transport(
            timeout=timeout, session_factory=session_factory, on_response=on_response, max_seconds=60.0
        )
        # Held while an answer is taken apart: threads that do so side by side only take the interpreter from each
        # other, and from the one that writes, a hundred times a second. Whoever goes on with an answer may hold it too.
        self.parsing = threading.Lock()

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.base_url!r}, priority={self.priority!r})"

    def close(self) -> None:
        self._transport.close()

    def read(self, name: str, path: str, params: Params, parse: Callable[[dict[str, Any]], T]) -> T:
        """What *parse* makes of the JSON object a GET answers with; asked again if that raises ``Retryable``.

        Raises the errors of ``grayscale.clients.errors``.
        """
        return retrying(self._budget, self._sleep)(self._read_once, name, path, params, parse)

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

    def _read_once(self, name: str, path: str, params: Params, parse: Callable[[dict[str, Any]], T]) -> T:
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
        with self.parsing:
            try:
                body = _json_object(answer)
            except ValueError as error:
                raise Retryable("Lever's answer could not be read.", status=answer.status) from error
            return parse(body)

    def _exchange(self, name: str, method: str, url: str, **request: Any) -> Answer:
        if not self.limiter.acquire(self.priority, timeout=self._budget.seconds):
            raise Retryable("Lever's request limit is used up at the moment.", retry_after=self._budget.seconds)
        try:
            return self._transport.exchange(name, method, url, auth=self._auth, **request)
        except NoAnswer as error:
            if error.never_left:
                raise Retryable(f"Lever could not be reached: {error.reason}.") from error
            if method == "GET" and isinstance(error, TooLarge):
                raise UnexpectedAnswer("Lever's answer is larger than it may be.") from error
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
        retry_after = retry_after_seconds(answer.headers)
        if status == 429:
            self.limiter.slow_down(retry_after)
            return Retryable("Lever asks to slow down (429).", retry_after=retry_after, **details)
        if writing and (status >= 500 or status in _SAYS_NOTHING):
            return UnknownOutcome(
                f"Lever failed while making the change ({status}). It may or may not have happened.", **details
            )
        if status >= 500 or status == 408:
            return Retryable(f"Lever has a problem at the moment ({status}).", retry_after=retry_after, **details)
        kind, sentence = _REFUSALS.get(status, (Permanent, f"Lever refused the request ({status})"))
        if "invalid offset token" in said.lower():
            kind, sentence = InvalidOffset, "The list changed while it was being read: start it again"
        return kind(f"{sentence}{said}.", **details)


_MOVED = (Permanent, "Lever's API answers from another address: check the API root")
_REFUSALS: dict[int, tuple[type[Permanent], str]] = {
    401: (NotAuthorised, "Lever refused the API key (401)"),
    403: (Forbidden, "The API key is not permitted to do this (403)"),
    404: (NotFound, "Lever has no such object (404)"),
    **dict.fromkeys(_REDIRECTS, _MOVED),
}
# After a write these do not tell whether it happened.
_SAYS_NOTHING = (100, 101, 102, 103, 300, 303, 304, 305, 306, 408)


def unwrap(body: Mapping[str, Any]) -> Any:
    """The object in ``data``; some documented answers nest it as ``data.data`` or ``data.data[0]``."""
    data = body.get("data")
    for _ in range(2):
        if isinstance(data, dict) and "id" not in data and "noteId" not in data and "data" in data:
            data = data["data"]
        if isinstance(data, list) and data:
            data = data[0]
    return data


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
