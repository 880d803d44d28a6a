"""Answers the poll that finds nothing new, before Flask is asked.

Every open inbox asks every 1.5 s and nearly always hears "nothing". That answer needs the signed cookie, one query by
keys and nobody's page, so it is given in front of the application; with any doubt the view answers, and says who may
not ask.
"""

import time
from collections.abc import Iterable
from functools import lru_cache
from http import HTTPStatus
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import parse_qs

from flask import Flask
from itsdangerous import BadSignature
from sqlalchemy.exc import SQLAlchemyError
from werkzeug.http import parse_cookie

from grayscale.domain import presence
from grayscale.extensions import db
from grayscale.reading import Prepared
from grayscale.web import panel
from grayscale.web.auth import CARRIED
from grayscale.web.request_log import requests_served

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

PATH = "/inbox/live"
HEADERS = [("Cache-Control", "no-store")]
# A browser sends the same cookies and the same question until something is new: of so many they are read only once.
MOST_REMEMBERED = 256


class Question(NamedTuple):
    """What the poll says its page shows."""

    conversation_id: int
    tick: str
    viewers: str


def init_app(app: Flask) -> None:
    """Take the poll before *app* sees it."""
    app.wsgi_app = Unchanged(app)  # type: ignore[method-assign]


class Unchanged:
    """WSGI middleware in front of ``/inbox/live``."""

    def __init__(self, app: Flask) -> None:
        self._next: WSGIApplication = app.wsgi_app
        with app.app_context():
            self._glance = Prepared(presence.GLANCE, db.engine)
            self._framed = panel.cookie_name()
            self._errors = (SQLAlchemyError, db.engine.dialect.loaded_dbapi.Error)
        self._cookie = app.config["SESSION_COOKIE_NAME"]
        self._lifetime = int(app.permanent_session_lifetime.total_seconds())
        self._signed = app.session_interface.get_signing_serializer(app)  # type: ignore[attr-defined]
        self._remembered = lru_cache(MOST_REMEMBERED)(self._signed_in)
        self._served = requests_served.labels("inbox.live", "GET", HTTPStatus.NO_CONTENT.value)

    def __call__(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        if environ["PATH_INFO"] != PATH or environ["REQUEST_METHOD"] != "GET":
            return self._next(environ, start_response)
        began = time.perf_counter()
        if not self._is_unchanged(environ):
            return self._next(environ, start_response)
        self._served.observe(time.perf_counter() - began)
        start_response("204 NO CONTENT", HEADERS)
        return ()

    def _is_unchanged(self, environ: "WSGIEnvironment") -> bool:
        """Whether a signed-in person asks, and has seen everything; False leaves the answer to the view."""
        try:
            token, signed_at = self._remembered(environ.get("HTTP_COOKIE", ""))
        except BadSignature:
            return False
        if token is None or time.time() - signed_at > self._lifetime:
            return False
        question = _asked(environ.get("QUERY_STRING", ""))
        if question is None:
            return False
        try:
            seen = presence.glance(self._glance, token, question.conversation_id)
        except self._errors:
            return False
        return seen is not None and str(seen.tick) == question.tick and seen.viewers == question.viewers

    def _signed_in(self, cookies: str) -> tuple[str | None, float]:
        """The sign-in the cookies carry, and when it was signed (seconds, UTC). Whether it still counts is not known.

        Raises ``BadSignature``, which is not remembered.
        """
        sent = parse_cookie(cookies)
        carried, signed_at = self._signed.loads(sent.get(self._cookie, ""), return_timestamp=True)
        token = carried.get(CARRIED)
        # In the frame of the extension another sign-in asks; its browser may send this one along.
        return (None if self._framed in sent or not isinstance(token, str) else token), signed_at.timestamp()


@lru_cache(MOST_REMEMBERED)
def _asked(query: str) -> Question | None:
    asked = {name: values[0] for name, values in parse_qs(query).items()}
    conversation = asked.get("c", "0")
    if not conversation.isascii() or not conversation.isdecimal() or len(conversation) > 18:
        return None
    return Question(int(conversation), asked.get("tick", ""), asked.get("viewers", ""))
