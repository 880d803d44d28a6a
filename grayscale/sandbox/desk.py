"""What both services share for whoever plays with them: faults, request counters, speed; as JSON and as a page."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, current_app, jsonify, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from grayscale.sandbox.faults import TARGETS, Fault, FaultBoard
from grayscale.sandbox.gate import Gate

bp = Blueprint("desk", __name__)

_NUMBERS: dict[str, type] = {
    "times": int,
    "probability": float,
    "status": int,
    "retry_after": int,
    "seconds": float,
    "code": int,
}
_WORDS = ("method", "path", "when")

#: One-click faults: name, then the rule.
PRESETS: tuple[tuple[str, str, dict[str, Any]], ...] = (
    ("Lever", "Next request: 429", {"target": "lever", "kind": "status", "status": 429, "retry_after": 2}),
    ("Lever", "Next 3 requests: 503", {"target": "lever", "kind": "status", "status": 503, "times": 3}),
    ("Lever", "Next request: connection dropped", {"target": "lever", "kind": "drop"}),
    ("Lever", "Next request: HTML error page", {"target": "lever", "kind": "html", "status": 502}),
    ("Lever", "Next page of a list: offset refused", {"target": "lever", "kind": "bad_offset"}),
    (
        "Lever",
        "Next Note: written, but no answer",
        {"target": "lever", "kind": "drop", "method": "POST", "path": "*/notes", "when": "after"},
    ),
    (
        "Lever",
        "Next Note: not written, no answer",
        {"target": "lever", "kind": "drop", "method": "POST", "path": "*/notes"},
    ),
    ("Webhooks", "Lose the next", {"target": "webhook", "kind": "drop"}),
    ("Webhooks", "Send the next twice", {"target": "webhook", "kind": "duplicate"}),
    ("Webhooks", "Next one 10 s late", {"target": "webhook", "kind": "delay", "seconds": 10}),
    ("Webhooks", "Next one overtaken", {"target": "webhook", "kind": "reorder"}),
    ("Webhooks", "Next one wrongly signed", {"target": "webhook", "kind": "bad_signature"}),
    ("Carrier", "Next text: 429", {"target": "carrier", "kind": "status", "status": 429, "method": "POST"}),
    ("Carrier", "Next text: 500", {"target": "carrier", "kind": "status", "status": 500, "method": "POST"}),
    (
        "Carrier",
        "Next text: sent, but no answer",
        {"target": "carrier", "kind": "drop", "method": "POST", "path": "*/Messages.json", "when": "after"},
    ),
    ("Carrier", "Next text: phone unreachable", {"target": "outcome", "kind": "undelivered", "code": 30003}),
    ("Carrier", "Next text: filtered as spam", {"target": "outcome", "kind": "undelivered", "code": 30007}),
    ("Carrier", "Next text: no final state", {"target": "outcome", "kind": "none"}),
    ("Carrier", "Lose the next status callback", {"target": "callback", "kind": "drop"}),
    ("Carrier", "Next status callback overtaken", {"target": "callback", "kind": "reorder"}),
    ("Carrier", "Next received text twice", {"target": "inbound", "kind": "duplicate"}),
    ("Carrier", "Next received text wrongly signed", {"target": "inbound", "kind": "bad_signature"}),
)


def board() -> FaultBoard:
    found: FaultBoard = current_app.extensions["faults"]
    return found


def gate() -> Gate:
    found: Gate = current_app.extensions["gate"]
    return found


@bp.get("/control/faults")
def faults() -> Response:
    return jsonify(faults=[fault.as_json() for fault in board().all()])


@bp.post("/control/faults")
def add_fault() -> AnyResponse:
    """One rule as JSON: `target`, `kind`, and what `Fault` knows besides; `times: null` keeps it until removed."""
    try:
        fault = board().add(**request.get_json(force=True))
    except (TypeError, ValueError) as error:
        return _refused(str(error))
    response = jsonify(fault.as_json())
    response.status_code = 201
    return response


@bp.delete("/control/faults")
def clear_faults() -> Response:
    board().clear(request.args.get("target"))
    return Response(status=204)


@bp.delete("/control/faults/<int:fault_id>")
def remove_fault(fault_id: int) -> Response:
    board().remove(fault_id)
    return Response(status=204)


@bp.get("/control/requests")
def requests_served() -> Response:
    """Counters per endpoint and the share of the rate limit used; `?log=N` adds the last N requests."""
    bucket = current_app.extensions.get("lever_bucket")
    value = gate().log.summary(bucket.rate if bucket else None)
    number = request.args.get("log", 0, type=int)
    if number:
        value["log"] = list(gate().log.entries)[-number:]
    return jsonify(value)


@bp.delete("/control/requests")
def clear_requests() -> Response:
    gate().log.clear()
    return Response(status=204)


@bp.post("/control/latency")
def latency() -> Response:
    """`{"ms": 300}`: added to every API request of this service from now on."""
    gate().latency_ms = float(request.get_json(force=True)["ms"])
    return jsonify(latency_ms=gate().latency_ms)


@bp.get("/faults")
def page() -> str:
    return render_template(
        "faults.html",
        faults=board().all(),
        presets=PRESETS,
        targets=TARGETS,
        latency=gate().latency_ms,
        log=list(gate().log.entries)[-25:][::-1],
        error=request.args.get("error"),
    )


@bp.post("/faults")
def add_from_page() -> AnyResponse:
    form = request.form
    try:
        rule = dict(PRESETS[int(form["preset"])][2]) if "preset" in form else _rule(form.to_dict())
        board().add(**rule)
    except (ValueError, TypeError, IndexError) as error:
        return redirect(url_for("desk.page", error=str(error)), 303)
    return redirect(url_for("desk.page"), 303)


@bp.post("/faults/latency")
def latency_from_page() -> AnyResponse:
    gate().latency_ms = request.form.get("ms", 0.0, type=float)
    return redirect(url_for("desk.page"), 303)


@bp.post("/faults/clear")
def clear_from_page() -> AnyResponse:
    board().clear()
    return redirect(url_for("desk.page"), 303)


@bp.post("/faults/<int:fault_id>/remove")
def remove_from_page(fault_id: int) -> AnyResponse:
    board().remove(fault_id)
    return redirect(url_for("desk.page"), 303)


def _rule(form: dict[str, str]) -> dict[str, Any]:
    target, _, kind = form.get("what", "").partition(":")
    rule: dict[str, Any] = {"target": target, "kind": kind}
    for name, convert in _NUMBERS.items():
        if form.get(name):
            rule[name] = convert(form[name])
    for name in _WORDS:
        if form.get(name):
            rule[name] = form[name]
    if form.get("forever"):
        rule["times"] = None
    return rule


def describe(fault: Fault) -> str:
    """A rule in words."""
    often = "until removed" if fault.times is None else f"{fault.times} more"
    where = "" if (fault.method, fault.path) == ("*", "*") else f" on {fault.method} {fault.path}"
    chance = "" if fault.probability >= 1 else f", {fault.probability:.0%} of the time"
    detail = {
        "status": str(fault.status),
        "timeout": f"{fault.seconds:g} s, {fault.when} the effect",
        "drop": f"{fault.when} the effect" if fault.target in {"lever", "carrier"} else "",
        "delay": f"{fault.seconds:g} s",
        "latency": f"{fault.seconds:g} s",
        "failed": str(fault.code or ""),
        "undelivered": str(fault.code or ""),
    }.get(fault.kind, "")
    return f"{fault.kind.replace('_', ' ')} {detail}".strip() + f"{where} · {often}{chance}"


def _refused(message: str) -> Response:
    response = jsonify(error=message)
    response.status_code = 400
    return response
