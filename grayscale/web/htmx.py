"""The only module that knows which package reads htmx's headers."""

from typing import Any

from flask import Flask, Response, request
from htmx_flask import Htmx, make_response

_htmx = Htmx()


def init_app(app: Flask) -> None:
    _htmx.init_app(app)


def wants_partial() -> bool:
    """Whether htmx asks for a part of a page. Restoring history wants the whole page."""
    htmx = getattr(request, "htmx", None)
    return htmx is not None and bool(htmx) and not htmx.history_restore_request


def respond(
    body: str,
    status: int = 200,
    *,
    trigger: dict[str, Any] | str | None = None,
    push_url: str | None = None,
    redirect: str | None = None,
) -> Response:
    """An answer htmx understands; each argument is the response header of that name, left out when None."""
    headers = {"trigger": trigger, "push_url": push_url, "redirect": redirect}
    response: Response = make_response(body, status, **{name: value for name, value in headers.items() if value})
    response.headers["Vary"] = "HX-Request"
    return response
