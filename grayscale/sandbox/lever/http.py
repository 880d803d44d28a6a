"""How Lever's API talks: authentication, the bucket, errors, envelopes and offset tokens."""

from __future__ import annotations

import functools
import hashlib
import json
import threading
import time
from collections.abc import Callable, Sequence
from typing import Any, TypeVar
from urllib.parse import quote, unquote

from flask import Response, current_app, request

from grayscale.sandbox.lever.permissions import CONFIDENTIAL
from grayscale.sandbox.lever.records import ApiKey, Json
from grayscale.sandbox.lever.store import LeverStore

Row = TypeVar("Row")
View = Callable[..., Response]


class LeverError(Exception):
    """An answer that is not 2xx, in Lever's flat shape."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.status, self.code, self.message = status, code, message


def bad_request(message: str) -> LeverError:
    return LeverError(400, "BadRequestError", message)


def not_found(collection: str, object_id: str) -> LeverError:
    return LeverError(404, "ResourceNotFound", f"{collection} {object_id} was not found")


def forbidden(message: str = "This API key does not have access to this resource.") -> LeverError:
    return LeverError(403, "ForbiddenError", message)


def answer(value: Json, status: int = 200) -> Response:
    body = json.dumps(value, separators=(",", ":"), ensure_ascii=False)
    response = Response(body, status, content_type="application/json; charset=utf-8")
    response.headers["server"] = "lever-data-api"
    response.headers["x-lever-region"] = "global"
    return response


def one(value: Json, status: int = 200) -> Response:
    return answer({"data": value}, status)


def error_response(error: LeverError) -> Response:
    return answer({"code": error.code, "message": error.message}, error.status)


class Bucket:
    """Lever's token bucket, one per API key: `rate` requests a second, `burst` at most at once."""

    def __init__(self, rate: float, burst: float) -> None:
        self.rate, self.burst = rate, burst
        self._lock = threading.Lock()
        self._levels: dict[str, tuple[float, float]] = {}

    def take(self, key: str) -> bool:
        now = time.monotonic()
        with self._lock:
            level, at = self._levels.get(key, (self.burst, now))
            level = min(self.burst, level + (now - at) * self.rate)
            allowed = level >= 1
            self._levels[key] = (level - 1 if allowed else level, now)
        return allowed


def store() -> LeverStore:
    found: LeverStore = current_app.extensions["lever_store"]
    return found


def current_key() -> ApiKey:
    """The key of this request. Raises 401 when there is none or it is wrong."""
    auth = request.authorization
    if auth is None or auth.type != "basic" or not auth.username:
        raise LeverError(401, "UnauthorizedError", "The request requires authentication.")
    for key in store().data.keys:
        if key.key == auth.username:
            return key
    raise LeverError(401, "UnauthorizedError", "The provided API key is not valid.")


def needs(permission: str) -> Callable[[View], View]:
    """Guards an endpoint: known key, its bucket, its permission; runs the view under the store's lock."""

    def decorate(view: View) -> View:
        @functools.wraps(view)
        def guarded(*args: Any, **kwargs: Any) -> Response:
            key = current_key()
            bucket: Bucket | None = current_app.extensions["lever_bucket"]
            if bucket is not None and not bucket.take(key.key):
                raise LeverError(429, "TooManyRequests", "Rate limit exceeded.")
            if permission not in key.permissions:
                raise forbidden()
            with store().lock:
                return view(*args, **kwargs)

        return guarded

    return decorate


def may_see_confidential() -> bool:
    return CONFIDENTIAL in current_key().permissions


def limit() -> int:
    """`limit`, 1 to 100, 100 when absent."""
    text = request.args.get("limit", "100")
    if not text.isdigit() or not 1 <= int(text) <= 100:
        raise bad_request("Invalid parameter: limit must be between 1 and 100 at /limit")
    return int(text)


def encode_offset(parts: Sequence[object]) -> str:
    """The token as Lever hands it out: a JSON list, already percent-encoded."""
    return quote(json.dumps(list(parts), separators=(",", ":")), safe="")


def decode_offset(shape: tuple[type, ...]) -> list[Any] | None:
    """The `offset` of this request, encoded once or twice. Raises 400 for a token of another list or nonsense."""
    text = request.args.get("offset")
    if text is None:
        return None
    try:
        parts = json.loads(text if text.startswith("[") else unquote(text))
    except ValueError:
        parts = None
    if not isinstance(parts, list) or len(parts) != len(shape):
        raise bad_request("Invalid offset token")
    for part, kind in zip(parts, shape, strict=True):
        if not isinstance(part, (int, float) if kind is float else kind):
            raise bad_request("Invalid offset token")
    return parts


def short_list(rows: Sequence[Row], key: Callable[[Row], tuple[int, str]], show: Callable[[Row], Json]) -> Response:
    """A page of a list small enough to be sorted on the way; newest (or lowest key) first as `rows` come."""
    token, size, start = decode_offset((float, str)), limit(), 0
    if token is not None:
        keys = [list(key(row)) for row in rows]
        if token not in keys:
            raise bad_request("Invalid offset token")
        start = keys.index(token)
    page = rows[start : start + size]
    follows = rows[start + size : start + size + 1]
    return listing([include(show(row)) for row in page], key(follows[0]) if follows else None)


def listing(data: list[Json], following: Sequence[object] | None) -> Response:
    """The list envelope; `next` is left out on the last page."""
    value: Json = {"data": data, "hasNext": following is not None}
    if following is not None:
        value["next"] = encode_offset(following)
    return answer(value)


def expand(allowed: frozenset[str]) -> frozenset[str]:
    asked = frozenset(request.args.getlist("expand"))
    for name in sorted(asked - allowed):
        raise bad_request(f"{name} is not expandable")
    return asked


def include(value: Json) -> Json:
    """Subtractive: once given, only the named fields stay, and what is expanded."""
    names = request.args.getlist("include")
    if not names:
        return value
    kept = {*names, *request.args.getlist("expand")}
    return {name: field for name, field in value.items() if name in kept}


def milliseconds(name: str) -> int | None:
    text = request.args.get(name)
    if text is None:
        return None
    if not text.lstrip("-").isdigit():
        raise bad_request(f"Invalid parameter: expected a timestamp in milliseconds at /{name}")
    return int(text)


def body() -> Json:
    """The request's JSON or form body as a mapping."""
    if request.mimetype in {"application/x-www-form-urlencoded", "multipart/form-data"}:
        return dict(request.form.items())
    value = request.get_json(silent=True, force=True) if request.get_data() else {}
    if not isinstance(value, dict):
        raise bad_request("Invalid body: expected a JSON object at /")
    return value


def perform_as(*, required: bool) -> str | None:
    """The Lever user a write is made as. Raises 400 when missing where required, unknown or deactivated."""
    user_id = request.args.get("perform_as")
    if not user_id:
        if required:
            raise bad_request("Missing required parameter: perform_as")
        return None
    if store().active_user(user_id) is None:
        raise bad_request("Invalid parameter: perform_as is not an active user")
    return user_id


def stable_id(*parts: object) -> str:
    """A version 4 looking UUID that depends only on `parts`."""
    digest = hashlib.sha256("|".join(map(str, parts)).encode()).hexdigest()
    return f"{digest[:8]}-{digest[8:12]}-4{digest[13:16]}-a{digest[17:20]}-{digest[20:32]}"
