"""Settings of the simulated Lever: API credentials and webhooks, as a super admin sees them."""

from __future__ import annotations

import secrets
from collections.abc import Iterable

from flask import Blueprint, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from grayscale.sandbox.lever.http import LeverError, store
from grayscale.sandbox.lever.permissions import ALL, GUIDE, OPTIONAL
from grayscale.sandbox.lever.records import ApiKey
from grayscale.sandbox.lever.sender import PAGE_EVENTS
from grayscale.sandbox.lever.store import LeverStore
from grayscale.sandbox.lever.subscriptions import check_url, sender

bp = Blueprint("settings", __name__, url_prefix="/settings")


def generate_key(lever: LeverStore, name: str, permissions: Iterable[str]) -> ApiKey:
    """A new key; permissions nobody knows are left out."""
    key = ApiKey(name, secrets.token_urlsafe(30), frozenset(permissions) & frozenset(ALL))
    with lever.lock:
        lever.data.keys.append(key)
        lever.generation += 1
    return key


@bp.get("/")
def index() -> Response:
    return redirect(url_for(".credentials"))


@bp.get("/integrations/api")
def credentials() -> str:
    return render_template("lever/credentials.html", keys=store().data.keys, guide=GUIDE, optional=OPTIONAL)


@bp.post("/integrations/api")
def create_key() -> Response:
    generate_key(store(), request.form.get("name", "").strip() or "Key", request.form.getlist("permission"))
    return redirect(url_for(".credentials") + f"#key-{len(store().data.keys)}", 303)


@bp.post("/integrations/api/<int:number>/revoke")
def revoke_key(number: int) -> Response:
    with store().lock:
        del store().data.keys[number]
        store().generation += 1
    return redirect(url_for(".credentials"), 303)


@bp.get("/integrations/webhooks")
def webhooks() -> str:
    return _webhooks_page()


@bp.post("/integrations/webhooks/<any(" + ",".join(PAGE_EVENTS) + "):event>")
def save_webhook(event: str) -> Response | tuple[str, int]:
    return _save([event])


@bp.post("/integrations/webhooks/all")
def save_all() -> Response | tuple[str, int]:
    return _save(list(PAGE_EVENTS))


def _save(events: list[str]) -> Response | tuple[str, int]:
    url = request.form.get("url", "").strip()
    try:
        if url:
            check_url(url)
    except LeverError:
        return _webhooks_page(refused=events, typed=url), 422
    for event in events:
        sender().set_page_url(event, url)
    anchor = f"#{events[0]}" if len(events) == 1 else ""
    return redirect(url_for(".webhooks", saved=events[0] if len(events) == 1 else "all") + anchor, 303)


@bp.post("/integrations/webhooks/<event>/verify")
def verify(event: str) -> Response:
    webhook = sender().page_webhook(event)
    if webhook is not None:
        sender().verified[webhook.id] = sender().verify(webhook)
    return redirect(url_for(".webhooks") + f"#{event}", 303)


@bp.post("/integrations/webhooks/<event>/token")
def regenerate_token(event: str) -> Response:
    webhook = sender().page_webhook(event)
    if webhook is not None:
        webhook.signature_token = sender().new_token()
        store().generation += 1
    return redirect(url_for(".webhooks") + f"#{event}", 303)


@bp.post("/integrations/webhooks/<event>/rerun/<delivery_id>")
def rerun(event: str, delivery_id: str) -> Response:
    sender().rerun(delivery_id)
    return redirect(url_for(".webhooks") + f"#{event}", 303)


def _webhooks_page(refused: list[str] | None = None, typed: str = "") -> str:
    history: dict[str, list[object]] = {}
    for delivery in reversed(sender().history):
        shown = history.setdefault(delivery.webhook_id, [])
        if len(shown) < 10:
            shown.append(delivery)
    return render_template(
        "lever/webhooks.html",
        events=PAGE_EVENTS,
        webhooks={event: sender().page_webhook(event) for event in PAGE_EVENTS},
        history=history,
        verified=sender().verified,
        saved=request.args.get("saved"),
        refused=refused or [],
        typed=typed,
    )
