"""Slowing down whoever guesses passwords, without letting them lock somebody else out.

Only wrong passwords count. A browser that has signed in as this person before carries a signed cookie and is counted
by itself, so nobody elsewhere can use its attempts up; all others share the attempts of their address, and of this
account as a whole.
"""

import hashlib
import secrets
from typing import Any

from flask import Response, current_app, request
from itsdangerous import BadSignature, URLSafeSerializer
from limits import parse

from grayscale.config import current_config
from grayscale.extensions import limiter

DEVICE_COOKIE = "device"
DEVICE_LIFE_SECONDS = 180 * 86400

PER_DEVICE = parse("10 per 15 minutes")
PER_ACCOUNT_AND_ADDRESS = parse("8 per 15 minutes")
PER_ADDRESS = parse("40 per 15 minutes")
# From browsers never seen before, wherever they are: a spread-out attack gets this many tries.
PER_ACCOUNT = parse("200 per hour")
PER_LINK_ADDRESS = parse("30 per 15 minutes")
# A candidate's link to times: what a person and their phone need, and how many wrong ones an address may try.
PER_TIMES_LINK = parse("90 per minute")
PER_WRONG_TIMES_LINK = parse("30 per 15 minutes")


def is_allowed(email: str) -> bool:
    """Whether this browser may try a password for this account now."""
    return not limiter.enabled or all(limiter.limiter.test(*bucket) for bucket in _buckets(email))


def note_wrong(email: str) -> None:
    """Count a wrong password."""
    if limiter.enabled:
        for bucket in _buckets(email):
            limiter.limiter.hit(*bucket)


def may_try_link() -> bool:
    """Count one use of a one-time link's address; whether this browser may go on."""
    return not limiter.enabled or limiter.limiter.hit(PER_LINK_ADDRESS, "link", request.remote_addr or "")


def may_open_times(link: str) -> bool:
    """Count one use of a link to times, named by the hash of its token; whether its holder may go on."""
    if not limiter.enabled:
        return True
    guesses = limiter.limiter.test(PER_WRONG_TIMES_LINK, "times-wrong", request.remote_addr or "")
    return bool(guesses and limiter.limiter.hit(PER_TIMES_LINK, "times", link))


def note_wrong_times_link() -> None:
    """Count a link to times that nobody was given."""
    if limiter.enabled:
        limiter.limiter.hit(PER_WRONG_TIMES_LINK, "times-wrong", request.remote_addr or "")


def remember_device(response: Response, email: str) -> Response:
    """Mark the browser as one that signed in as this person."""
    known = _devices()
    known[_account(email)] = secrets.token_hex(8)
    # A shared computer: the last few people only.
    value = _serializer().dumps(dict(list(known.items())[-5:]))
    response.set_cookie(
        _cookie_name(), value, max_age=DEVICE_LIFE_SECONDS, secure=current_config().is_secure, httponly=True,
        samesite="Lax",
    )
    return response


def _buckets(email: str) -> list[tuple[Any, ...]]:
    account, address = _account(email), request.remote_addr or ""
    device = _devices().get(account)
    if device is not None:
        return [(PER_DEVICE, "device", device)]
    return [
        (PER_ACCOUNT_AND_ADDRESS, "account-address", account, address),
        (PER_ADDRESS, "address", address),
        (PER_ACCOUNT, "account", account),
    ]


def _account(email: str) -> str:
    return hashlib.sha256(email.strip().lower().encode()).hexdigest()[:24]


def _devices() -> dict[str, str]:
    try:
        value = _serializer().loads(request.cookies.get(_cookie_name(), ""))
    except BadSignature:
        return {}
    return value if isinstance(value, dict) else {}


def _serializer() -> URLSafeSerializer:
    return URLSafeSerializer(current_app.secret_key or "", salt="device")


def _cookie_name() -> str:
    return f"__Host-{DEVICE_COOKIE}" if current_config().is_secure else DEVICE_COOKIE
