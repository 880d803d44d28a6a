"""From what went wrong to a page, in one place."""

from flask import Flask, current_app, make_response, render_template
from flask.typing import ResponseReturnValue
from flask_login import current_user
from flask_wtf.csrf import CSRFError
from sqlalchemy.exc import InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from werkzeug.exceptions import HTTPException

from grayscale.crypto import UnreadableSecret
from grayscale.domain.errors import Conflict, DomainError, Invalid, NotAllowed, NotFound
from grayscale.logging import get_logger
from grayscale.web.htmx import respond, wants_partial

log = get_logger(__name__)

SENTENCES = {
    400: ("That request was not understood", "Nothing was changed. Go back, reload the page and try again."),
    403: ("You may not open this", "Only a super admin can. Ask one of yours to do it or to change your role."),
    401: ("You are signed out", "Sign in again; drafts are kept."),
    404: ("There is nothing here", "It does not exist, or it is not visible to you."),
    405: ("That cannot be done here", "Nothing was changed. Go back and use the page's own buttons."),
    409: ("Somebody was quicker", "Nothing was changed. Reload the page to see how it is now."),
    413: (
        "That is too large",
        "Nothing was sent or saved. Go back, where what you typed still stands, and choose less: at most 16 MB.",
    ),
    422: ("That cannot be saved as it is", "Nothing was changed. Go back and correct it."),
    429: ("Too many attempts", "Nothing was lost. Wait a minute, then try again."),
    500: ("Something failed on our side", "It was logged. What was saved before is safe; try again in a moment."),
    503: ("The database did not answer", "Nothing was lost. Try again in a moment."),
}
STATUS = {Invalid: 422, NotFound: 404, NotAllowed: 403, Conflict: 409}


def init_app(app: Flask) -> None:
    app.register_error_handler(DomainError, on_domain_error)
    app.register_error_handler(CSRFError, on_csrf_error)
    app.register_error_handler(HTTPException, on_http_error)
    app.register_error_handler(UnreadableSecret, on_unreadable_secret)
    for kind in (OperationalError, InterfaceError, PoolTimeout):
        app.register_error_handler(kind, on_database_error)
    app.register_error_handler(Exception, on_unexpected)


def on_domain_error(error: DomainError) -> ResponseReturnValue:
    """A domain error no view had a better place for."""
    status = next((status for kind, status in STATUS.items() if isinstance(error, kind)), 422)
    return page(status, str(error), "Nothing was changed.")


def on_csrf_error(_error: CSRFError) -> ResponseReturnValue:
    return page(400, "This page was out of date", "Nothing was changed. Reload it and try again; what you typed may"
                " still be in the form when you go back.")


def on_http_error(error: HTTPException) -> ResponseReturnValue:
    if error.response is not None or error.code is None or error.code < 400:
        return error
    title, advice = SENTENCES.get(error.code, (error.name, "Go back and try again."))
    return page(error.code, title, advice)


def on_database_error(error: Exception) -> ResponseReturnValue:
    """The database is away or too busy; nothing was committed, so the same request may be sent again."""
    log.error("the database did not answer", error=type(error).__name__)
    return page(503, *SENTENCES[503])


def on_unreadable_secret(error: UnreadableSecret) -> ResponseReturnValue:
    """The operator's slip, such as a process that was not restarted before the keys were rotated."""
    log.error("a secret cannot be read", reason=str(error))
    advice = "Nothing was lost. Whoever runs the server restarts it with the key that is missing; the log says more."
    return page(503, "A stored secret cannot be read", advice)


def on_unexpected(error: Exception) -> ResponseReturnValue:
    log.error("request failed", exc_info=error)
    return page(500, *SENTENCES[500])


def page(status: int, title: str, advice: str) -> ResponseReturnValue:
    """The error as a whole page, or for htmx as a sentence its toast shows."""
    if wants_partial():
        response = respond(f"{title.rstrip('.')}. {advice}", status)
        # A sentence may quote what somebody typed.
        response.mimetype = "text/plain"
        return response
    values = {"status": status, "title": title, "advice": advice}
    if status >= 500:
        # Without the context processors: they would ask the database who is signed in.
        template = current_app.jinja_env.get_template("errors/error.html")
        response = make_response(template.render(layout="front.html", **values), status)
        response.headers["Retry-After"] = "10"
        return response
    layout = "base.html" if current_user.is_authenticated else "front.html"
    return render_template("errors/error.html", layout=layout, **values), status
