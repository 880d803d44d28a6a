"""The control API of the simulated Lever: play the team, look into the memory. Asks for no credentials."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from typing import Any

from flask import Blueprint, Response, current_app, jsonify, request

from grayscale.sandbox.lever import serialize
from grayscale.sandbox.lever.http import Bucket, store
from grayscale.sandbox.lever.permissions import GUIDE
from grayscale.sandbox.lever.records import Json, Rules
from grayscale.sandbox.lever.sender import PAGE_EVENTS
from grayscale.sandbox.lever.settings import generate_key
from grayscale.sandbox.lever.subscriptions import sender
from grayscale.sandbox.lever.team import team

bp = Blueprint("control", __name__, url_prefix="/control")

_SECTIONS = ("notes", "interviews", "panels", "deleted", "webhooks", "keys", "deliveries", "opportunities", "contacts")


@bp.get("/state")
def state() -> Response:
    """The memory by section (`?sections=notes,webhooks`; all but the big ones when not said)."""
    asked = request.args.get("sections")
    sections = asked.split(",") if asked else _SECTIONS[:-2]
    unknown = set(sections) - set(_SECTIONS)
    if unknown:
        return _refused(f"unknown sections: {', '.join(sorted(unknown))}")
    with store().lock:
        return jsonify({name: _section(name) for name in sections})


def _section(name: str) -> Any:
    lever, data = store(), store().data
    if name in {"notes", "interviews", "panels"}:
        return getattr(data, name)
    if name == "keys":
        return [{"name": k.name, "key": k.key, "permissions": sorted(k.permissions)} for k in data.keys]
    if name == "webhooks":
        return [serialize.webhook(w, with_token=True) for w in data.webhooks]
    if name == "deliveries":
        return [delivery.as_json() for delivery in sender().history]
    if name == "contacts":
        return {person.id: serialize.contact(person) for person in data.contacts.values()}
    rows = data.opportunities if name == "opportunities" else data.deleted
    return {row.id: serialize.opportunity(lever, row) for row in rows.values()}


@bp.get("/opportunities/<opportunity_id>")
def opportunity(opportunity_id: str) -> Response:
    """One opportunity with its person, notes and interviews, whatever its confidentiality."""
    with store().lock:
        data = store().data
        row = data.opportunities.get(opportunity_id)
        if row is None:
            return _refused("no such opportunity", 404)
        return jsonify(
            opportunity=serialize.opportunity(store(), row, serialize.OPPORTUNITY_EXPANDS),
            notes=data.notes.get(row.id, []),
            interviews=data.interviews.get(row.id, []),
        )


@bp.post("/team/<verb>")
def act(verb: str) -> Response:
    """One act of the recruiting team, its arguments as JSON: create, move, archive, unarchive, hire, delete, …"""
    if verb not in _ACTS:
        return _refused(f"acts: {', '.join(_ACTS)}", 404)
    try:
        result = _ACTS[verb](request.get_json(silent=True, force=True) or {})
    except KeyError as error:
        return _refused(f"not found or not given: {error}", 404)
    except (TypeError, ValueError) as error:
        return _refused(str(error))
    return jsonify(result)


def _create(given: Json) -> Json:
    return serialize.opportunity(store(), team().create(**given))


def _change(given: Json) -> Json:
    return serialize.opportunity(store(), team().change(given.pop("opportunity"), **given))


def _contact(given: Json) -> Json:
    return serialize.contact(team().update_contact(given.pop("contact"), **given))


def _interview_create(given: Json) -> Json:
    opportunity_id, managed, user = given.pop("opportunity"), given.pop("managed", True), given.pop("user", None)
    panel = team().create_panel(opportunity_id, user=user, managed=managed, timezone=given.get("timezone", "UTC"))
    return team().create_interview(opportunity_id, panel, given, user)


def _interview_move(given: Json) -> Json:
    opportunity_id, interview_id = given.pop("opportunity"), given.pop("interview")
    held = team().interview(opportunity_id, interview_id)
    kept = {name: held[name] for name in ("subject", "note", "location", "date", "duration", "feedbackReminder")}
    return team().update_interview(opportunity_id, interview_id, {**kept, **given})


def _nothing(call: Callable[[], object]) -> Json:
    call()
    return {}


def _moved(given: Json) -> Json:
    return serialize.opportunity(store(), team().move(given["opportunity"], given["stage"], given.get("user")))


_ACTS: dict[str, Callable[[Json], Json]] = {
    "create": _create,
    "move": _moved,
    "archive": lambda g: serialize.opportunity(store(), team().archive(g["opportunity"], g["reason"])),
    "unarchive": lambda g: serialize.opportunity(store(), team().unarchive(g["opportunity"])),
    "hire": lambda g: serialize.opportunity(store(), team().hire(g["opportunity"])),
    "delete": lambda g: _nothing(lambda: team().delete(g["opportunity"])),
    "anonymize": lambda g: _nothing(lambda: team().anonymize(g["opportunity"])),
    "confidential": lambda g: _nothing(lambda: team().set_confidential(g["opportunity"], g["confidential"])),
    "merge": lambda g: _nothing(lambda: team().merge(g["keep"], g["lose"])),
    "change": _change,
    "contact": _contact,
    "interview-create": _interview_create,
    "interview-move": _interview_move,
    "interview-cancel": lambda g: _nothing(lambda: team().cancel_interview(g["opportunity"], g["interview"])),
}


@bp.post("/webhooks")
def set_webhooks() -> Response:
    """Saves one URL for all eight events, as eight pastes on the settings page would; answers event -> token."""
    url = request.get_json(force=True)["url"]
    tokens = {}
    for event in PAGE_EVENTS:
        webhook = sender().set_page_url(event, url)
        tokens[event] = webhook.signature_token if webhook else None
    return jsonify(tokens)


@bp.post("/keys")
def new_key() -> Response:
    """A new API key: `{"name": …, "permissions": […]}`, the set-up guide's when left out."""
    given = request.get_json(silent=True, force=True) or {}
    key = generate_key(store(), given.get("name", "Key"), given.get("permissions", list(GUIDE)))
    return jsonify(name=key.name, key=key.key, permissions=sorted(key.permissions))


@bp.post("/limits")
def limits() -> Response:
    """`{"rate": 10, "burst": 20}`; a rate of null switches the limit off. `retry_scale` scales webhook retries."""
    given = request.get_json(force=True)
    if "rate" in given:
        rate = given["rate"]
        current_app.extensions["lever_bucket"] = Bucket(rate, given.get("burst", 20)) if rate is not None else None
    if "retry_scale" in given:
        sender().retry_scale = float(given["retry_scale"])
    return jsonify(given)


@bp.post("/rules")
def rules() -> Response:
    """Any of the `Rules`, by name: what Lever might do as well."""
    for name, value in request.get_json(force=True).items():
        if name not in Rules.__slots__:
            return _refused(f"no rule {name}")
        setattr(store().rules, name, value)
    return jsonify(asdict(store().rules))


def _refused(message: str, status: int = 400) -> Response:
    response = jsonify(error=message)
    response.status_code = status
    return response
