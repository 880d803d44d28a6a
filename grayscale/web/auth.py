"""Who is signed in, and the guard in front of every route.

Every endpoint demands a signed-in person unless its view says ``@public``; ``@super_admin_only`` narrows it. A new
route is therefore closed until somebody opens it.
"""

from collections.abc import Callable
from typing import TypeVar, cast
from urllib.parse import urlsplit

from flask import Flask, abort, current_app, g, redirect, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user

from grayscale.domain import audit, sessions
from grayscale.extensions import login_manager
from grayscale.models import SessionKind, User, UserSession
from grayscale.web import panel
from grayscale.web.devices import describe
from grayscale.web.htmx import respond, wants_partial

View = TypeVar("View", bound=Callable[..., ResponseReturnValue])

PUBLIC_ENDPOINTS = frozenset({"static"})
# Where the signed cookie carries the token of its sign-in: what Flask-Login calls the user's id.
CARRIED = "_user_id"


def public(view: View) -> View:
    """Open to people who are not signed in: sign-in pages, webhooks, monitors."""
    view.is_public = True  # type: ignore[attr-defined]
    return view


def super_admin_only(view: View) -> View:
    """Refused with 403 to everybody but super admins."""
    view.needs_super_admin = True  # type: ignore[attr-defined]
    return view


def me() -> User:
    """The signed-in person."""
    return cast(User, current_user._get_current_object())


def carried_token() -> str | None:
    """The token this browser carries. Whether it still counts is not known."""
    token = session.get(CARRIED)
    return token if isinstance(token, str) else None


def bearer_token() -> str | None:
    """The token the browser extension sends with its own requests."""
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" and token.strip() else None


def my_session() -> UserSession:
    """The sign-in of this request."""
    return cast(UserSession, g.user_session)


def init_app(app: Flask) -> None:
    login_manager.init_app(app)
    # Tying a sign-in to an address would sign people on the move out.
    login_manager.session_protection = None
    login_manager.user_loader(load_user)
    login_manager.request_loader(load_bearer)
    app.before_request(note_origin)
    app.teardown_request(forget_origin)
    app.before_request(guard)


def sign_in(user: User) -> None:
    """Begin a session; nothing of an earlier one, its CSRF token included, lives on."""
    sign_out()
    session[CARRIED] = sessions.begin(
        user.id, label=describe(request.headers.get("User-Agent", "")), address=request.remote_addr
    )


def sign_out() -> None:
    token = carried_token()
    if token is not None:
        sessions.end(token)
    session.clear()


def load_user(token: str) -> User | None:
    """The person whose sign-in this browser carries, if it still counts."""
    return _holder(token, SessionKind.EXTENSION if panel.is_panel() else SessionKind.BROWSER)


def load_bearer(_request: object) -> User | None:
    """The person whose extension asks."""
    token = bearer_token()
    return None if token is None else _holder(token, SessionKind.EXTENSION)


def _holder(token: str, kind: SessionKind) -> User | None:
    found = sessions.find(token, kind)
    if found is None:
        return None
    user, g.user_session = found
    return user


def note_origin() -> None:
    """Whatever this request does is written down with where it came from."""
    audit.come_from(request.remote_addr)


def forget_origin(_error: BaseException | None) -> None:
    audit.come_from(None)


def guard() -> ResponseReturnValue | None:
    if request.endpoint is None or request.endpoint in PUBLIC_ENDPOINTS:
        return None
    view = current_app.view_functions[request.endpoint]
    if getattr(view, "is_public", False):
        return None
    if not current_user.is_authenticated:
        return ask_to_sign_in()
    if my_session().kind is SessionKind.EXTENSION and not panel.is_reachable():
        abort(403)
    if getattr(view, "needs_super_admin", False) and not me().is_super_admin:
        abort(403)
    note_activity()
    return None


def note_activity() -> None:
    """Keep the session from idling out. What a page fetches by itself is no sign of a person."""
    if bearer_token() is None and (request.method == "POST" or not wants_partial()):
        sessions.note_use(my_session())


def ask_to_sign_in() -> ResponseReturnValue:
    """Send a person to the sign-in page and afterwards back to where they were; the extension hears that it is out."""
    if bearer_token() is not None:
        return {"error": "This sign-in has ended."}, 401
    if panel.is_panel():
        ended = url_for("panel.ended")
        return respond("", 401, redirect=ended) if wants_partial() else redirect(ended)
    if wants_partial():
        here = urlsplit(request.headers.get("HX-Current-URL", ""))
        target = here.path + (f"?{here.query}" if here.query else "")
        # A page that was open asks by itself: its person was signed in, and is told what happened.
        return respond("", 401, redirect=url_for("auth.login", next=target or None, ended=1))
    target = request.full_path.rstrip("?") if request.method == "GET" else ""
    return redirect(url_for("auth.login", next=target or None))


def came_from(default: str) -> str:
    """The page of this application whose form this is, else *default*."""
    there = urlsplit(request.referrer or "")
    if there.netloc != request.host or not there.path:
        return default
    return safe_next(there.path + (f"?{there.query}" if there.query else ""))


def safe_next(target: str | None) -> str:
    """*target* if it is a path of this application, else the inbox."""
    if target and target.startswith("/") and not target.startswith(("//", "/\\")) and "\\" not in target:
        parts = urlsplit(target)
        if not parts.scheme and not parts.netloc:
            return target
    return url_for("inbox.index")
