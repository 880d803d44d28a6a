"""The frame the browser extension shows beside Lever: the inbox's own pages, for one candidate, in a narrow layout.

In the frame the app is a third party, so its session lives in a cookie of its own, partitioned to the extension: no
other page of the browser ever sends it, and having it means being in the frame. Only the extension that brought the
token may frame these pages, and they are all that its sign-in reaches.
"""

from flask import Flask, has_request_context, request, session
from flask.sessions import SecureCookieSessionInterface

from grayscale.config import current_config

COOKIE = "panel"
ENTRANCE = "/panel"
# Where the session keeps the origin of the extension.
ORIGIN = "panel_origin"
# What a sign-in of the extension reaches: one candidate's conversation and what is done from there.
BLUEPRINTS = frozenset({"deep_link", "extension", "inbox", "media", "notes", "panel", "slots"})
ENDPOINTS = frozenset({"candidates.start"})


class Sessions(SecureCookieSessionInterface):
    """Flask's signed cookie; in the frame another one, which browsers keep there whatever they block elsewhere."""

    def get_cookie_name(self, app: Flask) -> str:
        return cookie_name() if is_panel() else super().get_cookie_name(app)

    def get_cookie_secure(self, app: Flask) -> bool:
        # Browsers take it from loopback without TLS as well.
        return is_panel() or super().get_cookie_secure(app)

    def get_cookie_samesite(self, app: Flask) -> str | None:
        return "None" if is_panel() else super().get_cookie_samesite(app)

    def get_cookie_partitioned(self, app: Flask) -> bool:
        return is_panel() or super().get_cookie_partitioned(app)


def init_app(app: Flask) -> None:
    app.session_interface = Sessions()
    app.jinja_env.globals.update(is_panel=is_panel, panel_origin=origin)


def is_panel() -> bool:
    """Whether this request comes out of the extension's frame."""
    if not has_request_context():
        return False
    if request.path == ENTRANCE:
        return True
    # A browser that does not partition cookies sends it with a tab's pages too; those are not in a frame.
    return cookie_name() in request.cookies and request.headers.get("Sec-Fetch-Dest") != "document"


def is_reachable() -> bool:
    """Whether this endpoint is one that a sign-in of the extension may use."""
    return request.blueprint in BLUEPRINTS or request.endpoint in ENDPOINTS


def origin() -> str | None:
    """The extension that may frame this answer; None where nothing may."""
    if not is_panel() or not is_reachable():
        return None
    found: str | None = session.get(ORIGIN)
    return found


def cookie_name() -> str:
    """Of the session in the frame."""
    return f"__Host-{COOKIE}" if current_config().is_secure else COOKIE
