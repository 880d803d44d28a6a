"""The control API of the simulated carrier: text as anybody, see what arrived, change how the network behaves."""

from __future__ import annotations

import base64
from dataclasses import asdict
from typing import Any

from flask import Blueprint, Response, jsonify, request

from grayscale.sandbox.carrier.api import network
from grayscale.sandbox.carrier.records import Media, Message, new_sid
from grayscale.sandbox.carrier.samples import SAMPLES

bp = Blueprint("control", __name__, url_prefix="/control")


@bp.post("/inbound")
def inbound() -> Response:
    """`{"from", "to", "body", "media": ["photo" | "resume" | {"type", "base64"}]}`: a phone texts us."""
    given = request.get_json(force=True)
    to = given.get("to") or next(iter(network().numbers))
    if to not in network().numbers:
        return _refused(f"{to} is not a number of this account")
    media = [_media(item) for item in given.get("media", ())]
    message = network().receive(from_=given["from"], to=to, body=given.get("body", ""), media=media)
    return jsonify(sid=message.sid)


@bp.get("/messages")
def messages() -> Response:
    """Everything on the network, oldest first, with every state each text went through; `?phone=` for one phone."""
    phone = request.args.get("phone")
    rows = network().thread(phone) if phone else list(network().messages.values())
    return jsonify(messages=[_show(row) for row in rows])


@bp.get("/calls")
def calls() -> Response:
    """Every try of a status callback or received text, oldest first."""
    return jsonify(calls=list(network().caller.log))


@bp.get("/state")
def state() -> Response:
    held = network()
    return jsonify(
        messages=[_show(row) for row in held.messages.values()],
        opted_out=sorted(held.opted_out),
        numbers=[number.as_json(held.account.sid) for number in held.numbers.values()],
        settings=asdict(held.settings),
    )


@bp.post("/settings")
def settings() -> Response:
    """Any of `step_seconds`, `reply_after` (null: candidates never answer), `handles_keywords`."""
    held = network().settings
    for name, value in request.get_json(force=True).items():
        if not hasattr(held, name):
            return _refused(f"no setting {name}")
        setattr(held, name, value)
    return jsonify(asdict(held))


@bp.post("/numbers")
def numbers() -> Response:
    """`{"number", "name", "sms_url"}`: another number of the account, or new addresses of one it has."""
    given = request.get_json(force=True)
    held = network().numbers.get(given["number"]) or network().add_number(given["number"], given.get("name", "Number"))
    held.sms_url = given.get("sms_url", held.sms_url)
    held.status_callback = given.get("status_callback", held.status_callback)
    return jsonify(held.as_json(network().account.sid))


def _media(item: Any) -> Media:
    if isinstance(item, str):
        kind, make = SAMPLES[item]
        return Media(new_sid("ME"), kind, make())
    return Media(new_sid("ME"), item["type"], base64.b64decode(item["base64"]))


def _show(message: Message) -> dict[str, Any]:
    value = message.as_json(network().account.sid)
    value["hidden"] = message.hidden
    value["history"] = [{"status": status, "at": at.timestamp()} for status, at in message.history]
    value["media"] = [
        {"sid": item.sid, "type": item.content_type, "bytes": len(item.content)} for item in message.media
    ]
    return value


def _refused(message: str) -> Response:
    response = jsonify(error=message)
    response.status_code = 400
    return response
