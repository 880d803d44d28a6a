"""Puts the simulated Lever together: API, control, pages, behind one gate."""

from __future__ import annotations

from typing import Any

from flask import Flask, Response, request
from werkzeug.exceptions import HTTPException, MethodNotAllowed, NotFound

from grayscale.sandbox import desk, words
from grayscale.sandbox.faults import Fault, FaultBoard
from grayscale.sandbox.gate import Gate
from grayscale.sandbox.lever import (
    catalog,
    control,
    deeds,
    interviews,
    notes,
    opportunities,
    pages,
    settings,
    subscriptions,
)
from grayscale.sandbox.lever.http import Bucket, LeverError, answer, error_response
from grayscale.sandbox.lever.sender import WebhookSender
from grayscale.sandbox.lever.store import LeverStore
from grayscale.sandbox.lever.team import Team


def error_body(fault: Fault) -> dict[str, Any]:
    """The JSON of an error on demand."""
    codes = {
        429: "TooManyRequests",
        503: "ServiceUnavailable",
        401: "UnauthorizedError",
        403: "ForbiddenError",
    }
    return {
        "code": codes.get(fault.status, "InternalServerError"),
        "message": "Fault injected by the sandbox.",
    }


def create_lever(
    *,
    store: LeverStore,
    sender: WebhookSender,
    team: Team,
    faults: FaultBoard,
    bucket: Bucket | None,
    latency_ms: float,
) -> tuple[Flask, Gate]:
    app = Flask("grayscale.sandbox", template_folder="templates", static_folder="static")
    app.extensions.update(lever_store=store, lever_sender=sender, lever_team=team, lever_bucket=bucket, faults=faults)
    app.jinja_options = {"trim_blocks": True, "lstrip_blocks": True}
    for module in (opportunities, catalog, notes, interviews, subscriptions, control, pages, deeds, settings, desk):
        app.register_blueprint(module.bp)
    app.register_error_handler(LeverError, error_response)
    app.register_error_handler(HTTPException, _http_error)
    words.register(app, service="lever", title=store.data.company)
    gate = Gate(
        app.wsgi_app,
        target="lever",
        prefix="/v1/",
        faults=faults,
        error_body=error_body,
        latency_ms=latency_ms,
    )
    app.wsgi_app = gate  # type: ignore[method-assign]  # Flask's documented way to wrap an application
    app.extensions["gate"] = gate
    return app, gate


def _http_error(error: HTTPException) -> Response | HTTPException:
    """Lever's JSON below /v1, the plain page elsewhere."""
    if not request.path.startswith("/v1"):
        return error
    if isinstance(error, (NotFound, MethodNotAllowed)):
        return answer({"code": "ResourceNotFound", "message": f"{request.path} does not exist"}, 404)
    return answer({"code": "BadRequestError", "message": error.description or ""}, error.code or 400)
