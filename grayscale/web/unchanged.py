"""Answers the poll that finds nothing new, before Flask is asked.

Every open inbox asks every 1.5 s and nearly always hears "nothing". That answer needs the signed cookie, one query by
keys and nobody's page, so it is given in front of the application; with any doubt the view answers, and says who may
not ask.
"""

import time
from collections.abc import Iterable
from http import HTTPStatus
from typing import TYPE_CHECKING
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
        asked = {name: values[0] for name, values in parse_qs(environ.get("QUERY_STRING", "")).items()}
        conversation = asked.get("c", "0")
        token = self._token(environ.get("HTTP_COOKIE", ""))
        if token is None or not conversation.isascii() or not conversation.isdecimal() or len(conversation) > 18:
            return False
        try:
            seen = presence.glance(self._glance, token, int(conversation))
        except self._errors:
            return False
        return seen is not None and str(seen.tick) == asked.get("tick") and seen.viewers == asked.get("viewers", "")

    def _token(self, cookies: str) -> str | None:
        """The sign-in the cookie carries. Whether it still counts is not known."""
        sent = parse_cookie(cookies)
        signed = sent.get(self._cookie)
        # In the frame of the extension another sign-in asks; its browser may send this one along.
        if not signed or self._framed in sent:
            return None
        try:
            token = self._signed.loads(signed, max_age=self._lifetime).get(CARRIED)
        except BadSignature:
            return None
        return token if isinstance(token, str) else None
