"""CSRF tokens that look different in every answer.

An answer that is compressed and repeats what was asked tells by its length how well a guess resembles a secret in it
(BREACH). So no secret stands in such an answer twice the same: the token is hidden under random bytes, anew each time.
"""

import secrets
from base64 import urlsafe_b64decode, urlsafe_b64encode

from flask import Flask, g
from flask_wtf import CSRFProtect
from flask_wtf.csrf import generate_csrf

MARK = "~"


class MaskedCSRF(CSRFProtect):  # type: ignore[misc]  # the package has no types
    """Flask-WTF's protection, with ``csrf_token()`` in templates giving masked tokens."""

    def init_app(self, app: Flask) -> None:
        super().init_app(app)
        app.jinja_env.globals["csrf_token"] = masked_token
        # Flask-WTF gives its own to every template's context, which goes before the globals.
        app.context_processor(lambda: {"csrf_token": masked_token})

    def _get_csrf_token(self) -> str | None:
        token = super()._get_csrf_token()
        return unmask(token) if token else token


def masked_token() -> str:
    """The token of this session under this answer's mask."""
    if "masked_csrf" not in g:
        g.masked_csrf = mask(generate_csrf())
    masked: str = g.masked_csrf
    return masked


def mask(token: str) -> str:
    words = token.encode()
    over = secrets.token_bytes(len(words))
    return MARK + urlsafe_b64encode(over + _xor(words, over)).decode()


def unmask(masked: str) -> str:
    """The token under a mask; anything else as it is, for the check to refuse."""
    if not masked.startswith(MARK):
        return masked
    try:
        both = urlsafe_b64decode(masked[len(MARK) :].encode())
        half = len(both) // 2
        if len(both) % 2:
            return masked
        return _xor(both[half:], both[:half]).decode()
    except ValueError:
        return masked


def _xor(one: bytes, other: bytes) -> bytes:
    return (int.from_bytes(one) ^ int.from_bytes(other)).to_bytes(len(one))
