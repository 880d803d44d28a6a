"""Puts the simulated carrier together: API, control, pages, behind one gate."""

from __future__ import annotations

from typing import Any

from flask import Flask, Response, jsonify, request
from werkzeug.exceptions import HTTPException

from grayscale.sandbox import desk, words
from grayscale.sandbox.carrier import api, control, pages
from grayscale.sandbox.carrier.errors import ERRORS, CarrierError
from grayscale.sandbox.carrier.network import Network
from grayscale.sandbox.faults import Fault, FaultBoard
from grayscale.sandbox.gate import Gate


def error_body(fault: Fault) -> dict[str, Any]:
    """The JSON of an error on demand: the code asked for, or the one that goes with the status."""
    by_status = {401: 20003, 429: 20429, 404: 20404}
    code = fault.code or by_status.get(fault.status, 20500)
    return {
        **CarrierError(code).as_json(),
        "status": fault.status,
        "message": ERRORS.get(code, (0, "Refused"))[1],
    }


def create_carrier(network: Network, faults: FaultBoard, latency_ms: float) -> tuple[Flask, Gate]:
    app = Flask("grayscale.sandbox", template_folder="templates", static_folder="static")
    app.extensions.update(carrier=network, faults=faults)
    app.jinja_options = {"trim_blocks": True, "lstrip_blocks": True}
    for blueprint in (api.bp, api.cdn, control.bp, pages.bp, desk.bp):
        app.register_blueprint(blueprint)
    app.register_error_handler(CarrierError, api.error_response)
    app.register_error_handler(HTTPException, _http_error)
    words.register(app, service="carrier", title="Phone network")
    gate = Gate(
        app.wsgi_app,
        target="carrier",
        prefix="/2010-04-01/",
        faults=faults,
        error_body=error_body,
        latency_ms=latency_ms,
    )
    app.wsgi_app = gate  # type: ignore[method-assign]  # Flask's documented way to wrap an application
    app.extensions["gate"] = gate
    return app, gate


def _http_error(error: HTTPException) -> Response | HTTPException:
    if not request.path.startswith("/2010-04-01/"):
        return error
    response = jsonify({**CarrierError(20404).as_json(), "status": error.code})
    response.status_code = error.code or 404
    return response
