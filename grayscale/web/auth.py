"""Who is signed in, and the guard in front of every route.

Every endpoint demands a signed-in person unless its view says ``@public``; ``@super_admin_only`` narrows it. A new
route is therefore closed until somebody opens it.
"""

from collections.abc import Callable
from typing import TypeVar, cast
from urllib.parse import urlsplit

from flask import Flask, abort, current_app, redirect, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user, login_user, logout_user
from sqlalchemy import select

from grayscale import clock
from grayscale.domain import sessions
from grayscale.extensions import db, login_manager
from grayscale.models import User
from grayscale.web.htmx import respond, wants_partial

View = TypeVar("View", bound=Callable[..., ResponseReturnValue])

PUBLIC_ENDPOINTS = frozenset({"static"})


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


def early(answer: Callable[[], ResponseReturnValue | None]) -> Callable[[View], View]:
    """Ask *answer* before anybody is loaded; it checks the session itself, and None leaves it to the view."""

    def mark(view: View) -> View:
        view.answer_early = answer  # type: ignore[attr-defined]
        return view

    return mark


def session_holder() -> tuple[int, str] | None:
    """User id and session key the cookie names, unless the session is too old. Whether they still hold is not known."""
    now = clock.now().timestamp()
    user_id, _, session_key = str(session.get("_user_id", "")).partition(":")
    if not user_id.isdigit() or not sessions.is_alive(session.get("began", now), session.get("seen", now)):
        return None
    return int(user_id), session_key


def init_app(app: Flask) -> None:
    login_manager.init_app(app)
    # The limits below decide how long a session lasts; tying it to an address signs people on the move out.
    login_manager.session_protection = None
    login_manager.user_loader(load_user)
    app.before_request(guard)


def sign_in(user: User) -> None:
    """Begin a session; nothing of an earlier one, its CSRF token included, lives on."""
    session.clear()
    login_user(user)
    session["began"] = session["seen"] = clock.now().timestamp()


def sign_out() -> None:
    logout_user()
    session.clear()


def load_user(session_id: str) -> User | None:
    """The person of a session, unless it is too old, they were deactivated or their sessions ended."""
    now = clock.now().timestamp()
    if not sessions.is_alive(session.get("began", now), session.get("seen", now)):
        return None
    user_id, _, session_key = session_id.partition(":")
    if not user_id.isdigit():
        return None
    user = db.session.scalar(select(User).where(User.id == int(user_id), User.active.is_(True)))
    return user if user is not None and user.session_key == session_key else None


def guard() -> ResponseReturnValue | None:
    if request.endpoint is None or request.endpoint in PUBLIC_ENDPOINTS:
        return None
    view = current_app.view_functions[request.endpoint]
    if getattr(view, "is_public", False):
        return None
    early = getattr(view, "answer_early", None)
    if early is not None and (answer := early()) is not None:
        return cast(ResponseReturnValue, answer)
    if not current_user.is_authenticated:
        return ask_to_sign_in()
    if getattr(view, "needs_super_admin", False) and not me().is_super_admin:
        abort(403)
    note_activity()
    return None


def note_activity() -> None:
    """Keep the session from idling out. What a page fetches by itself is no sign of a person."""
    now = clock.now().timestamp()
    is_person = request.method == "POST" or not wants_partial()
    if is_person and now - session.get("seen", 0) > sessions.SEEN_EVERY.total_seconds():
        session["seen"] = now
        session.setdefault("began", now)


def ask_to_sign_in() -> ResponseReturnValue:
    """Send a person to the sign-in page and afterwards back to where they were."""
    if wants_partial():
        here = urlsplit(request.headers.get("HX-Current-URL", ""))
        target = here.path + (f"?{here.query}" if here.query else "")
        return respond("", 401, redirect=url_for("auth.login", next=target or None))
    target = request.full_path.rstrip("?") if request.method == "GET" else ""
    return redirect(url_for("auth.login", next=target or None))


def safe_next(target: str | None) -> str:
    """*target* if it is a path of this application, else the inbox."""
    if target and target.startswith("/") and not target.startswith(("//", "/\\")) and "\\" not in target:
        parts = urlsplit(target)
        if not parts.scheme and not parts.netloc:
            return target
    return url_for("inbox.index")
