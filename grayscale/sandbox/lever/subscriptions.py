"""The webhooks API. What it made can be changed only here; what the settings page made, only there."""

from __future__ import annotations

from flask import Blueprint, Response, current_app

from grayscale.sandbox.clock import now_ms
from grayscale.sandbox.lever import serialize
from grayscale.sandbox.lever.http import answer, bad_request, body, forbidden, needs, not_found, one, store
from grayscale.sandbox.lever.records import Json, Webhook
from grayscale.sandbox.lever.sender import CONDITIONAL, EVENTS, ORIGINS, WebhookSender
from grayscale.sandbox.net import is_loopback

bp = Blueprint("subscriptions", __name__, url_prefix="/v1/webhooks")


def sender() -> WebhookSender:
    found: WebhookSender = current_app.extensions["lever_sender"]
    return found


def check_url(url: object) -> str:
    """A URL Lever would post to. Raises 400 for plain http to anything but this machine."""
    if not isinstance(url, str) or not (url.startswith("https://") or (is_loopback(url) and url.startswith("http://"))):
        raise bad_request("Invalid body: url must start with https:// at /url")
    return url


@bp.get("")
@needs("List Webhooks")
def index() -> Response:
    return answer({"data": [serialize.webhook(row) for row in store().data.webhooks]})


@bp.post("")
@needs("Create Webhook")
def create() -> Response:
    wanted = body()
    if wanted.get("event") not in EVENTS:
        raise bad_request("Invalid body: unknown event at /event")
    url = check_url(wanted.get("url"))
    row = sender().subscribe(wanted["event"], url, from_api=True, origins=_origins(wanted["event"], wanted))
    return one(serialize.webhook(row, with_token=True), 201)


@bp.put("")
@needs("Update Webhook")
def update() -> Response:
    rows = []
    for wanted in body().get("data") or []:
        row = _made_here(str(wanted.get("id")))
        row.url, row.updated_at = check_url(wanted.get("url", row.url)), now_ms()
        if wanted.get("configuration"):
            row.origins = _origins(row.event, wanted)
        rows.append(serialize.webhook(row))
    return answer({"data": rows})


@bp.delete("/<webhook_id>")
@needs("Delete Webhook")
def delete(webhook_id: str) -> Response:
    store().data.webhooks.remove(_made_here(webhook_id))
    return Response(status=204)


def _made_here(webhook_id: str) -> Webhook:
    for row in store().data.webhooks:
        if row.id == webhook_id:
            if not row.from_api:
                raise forbidden("This webhook can be changed only on the settings page.")
            return row
    raise not_found("webhooks", webhook_id)


def _origins(event: str, wanted: Json) -> list[str] | None:
    configuration = wanted.get("configuration") or {}
    origins: list[str] | None = (configuration.get("conditions") or {}).get("origins")
    if origins is None:
        return list(ORIGINS) if event in CONDITIONAL else None
    if event not in CONDITIONAL or not set(origins) <= set(ORIGINS):
        raise bad_request("Invalid body: conditions are not allowed at /configuration/conditions")
    return origins
