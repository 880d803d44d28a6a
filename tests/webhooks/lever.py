"""Lever's side of a webhook, written from its documentation: bodies, signatures and the request itself."""

import hashlib
import hmac
import json
import secrets
import time
import uuid
from typing import Any

from flask import Flask
from werkzeug.test import TestResponse

from grayscale.database import end_read, transaction
from grayscale.domain.lever import signing
from grayscale.extensions import db
from grayscale.models import LeverEvent, LeverIntegration, WebhookToken

TOKEN = "5d1c0a9be47f2c8836af90d1e3b4725a6c7f81902d3e4b5f"
KEY = "the-key-in-the-path"
ROOT = "https://texting.test"


def now_ms() -> int:
    return int(time.time() * 1000)


def body(
    event: str = "candidateStageChange",
    *,
    signed_with: str | None = TOKEN,
    data: Any = None,
    **values: Any,
) -> dict[str, Any]:
    """A delivery as Lever sends it; ``signed_with=None`` leaves the signature out."""
    token = values.pop("token", secrets.token_hex(24))
    triggered_at = values.pop("triggeredAt", now_ms())
    made: dict[str, Any] = {
        "id": str(uuid.uuid4()),
        "event": event,
        "triggeredAt": triggered_at,
        "token": token,
        "data": {"opportunityId": "opportunity-1"} if data is None else data,
    }
    if signed_with is not None:
        message = f"{token}{triggered_at}".encode(errors="replace")
        made["signature"] = hmac.new(signed_with.encode(), message, hashlib.sha256).hexdigest()
    made.update(values)
    return {name: value for name, value in made.items() if value is not ...}


def raw(content: Any) -> bytes:
    """*content* (a dict, or bytes already) as it goes over the wire."""
    return content if isinstance(content, bytes) else json.dumps(content).encode()


def send(app: Flask, content: Any, *, key: str = KEY, **options: Any) -> TestResponse:
    """POST *content* (a dict, or raw bytes) to the webhook URL."""
    options.setdefault("content_type", "application/json")
    headers = {"User-Agent": "Lever-Webhooks", **options.pop("headers", {})}
    url = f"/webhooks/lever/{key}"
    answer = app.test_client().post(url, data=raw(content), base_url=ROOT, headers=headers, **options)
    # What the test read before is not what is stored now.
    end_read()
    return answer


def set_key(key: str = KEY) -> None:
    with transaction() as session:
        session.get_one(LeverIntegration, 1).webhook_key = key
        signing.forget()


def set_token(event: LeverEvent | str, token: str | None = TOKEN) -> None:
    with transaction() as session:
        session.get_one(WebhookToken, LeverEvent(event)).token = token
        signing.forget()


def webhook(event: LeverEvent | str) -> WebhookToken:
    db.session.rollback()
    return db.session.get_one(WebhookToken, LeverEvent(event), populate_existing=True)
