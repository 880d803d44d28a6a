"""The body of a delivery from Lever, read without trust: it only names what to ask Lever for."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from typing import Any, NoReturn

from grayscale.clients.lever.fields import Json
from grayscale.clients.text import clean_json


class Malformed(ValueError):
    """The body is not a delivery of Lever's."""


@dataclass(frozen=True, slots=True)
class WebhookBody:
    """``triggered_at`` is the time of the event in ms, kept as the integer that was signed.

    ``id`` is documented yet missing from the documentation's own samples; ``signature`` is missing when the webhook
    has no signature token. ``data`` is empty in the request of Lever's "Verify connection" button.
    """

    event: str
    triggered_at: int
    token: str
    id: str | None = None
    signature: str | None = None
    data: Json = field(default_factory=dict)

    @property
    def is_test(self) -> bool:
        return not self.data

    @property
    def opportunity_id(self) -> str | None:
        """The legacy candidateId is the same id under its old name."""
        return self._ref("opportunityId") or self._ref("candidateId")

    @property
    def contact_id(self) -> str | None:
        return self._ref("contactId")

    @property
    def application_id(self) -> str | None:
        return self._ref("applicationId")

    @property
    def interview_id(self) -> str | None:
        return self._ref("interviewId")

    @property
    def panel_id(self) -> str | None:
        return self._ref("panelId")

    @property
    def external_id(self) -> str:
        """What makes this event the same event on a retry: its id, else a digest of what happened and when."""
        if self.id:
            return self.id
        happened = json.dumps([self.event, self.triggered_at, self.token, self.data], sort_keys=True)
        return "sha256:" + hashlib.sha256(happened.encode()).hexdigest()

    def _ref(self, key: str) -> str | None:
        value = self.data.get(key)
        return value or None if isinstance(value, str) else None


def parse_delivery(raw: bytes) -> WebhookBody:
    """Reads a delivery. Raises ``Malformed`` unless event, triggeredAt and token are there and of their type."""
    try:
        body = clean_json(json.loads(raw, parse_constant=_refuse_constant))
    except (ValueError, RecursionError) as error:
        raise Malformed("the body is not JSON") from error
    if not isinstance(body, dict):
        raise Malformed("the body is not a JSON object")
    event, triggered_at, token = body.get("event"), body.get("triggeredAt"), body.get("token")
    if not isinstance(event, str) or not event:
        raise Malformed("the body names no event")
    if type(triggered_at) is not int:
        raise Malformed("triggeredAt is not a whole number of milliseconds")
    if not isinstance(token, str) or not token:
        raise Malformed("the body holds no token")
    data = body.get("data")
    if data and not isinstance(data, dict):
        # Taken for empty it would pass as the request of the "Verify connection" button.
        raise Malformed("data is not an object")
    return WebhookBody(
        event=event,
        triggered_at=triggered_at,
        token=token,
        id=_text(body.get("id")),
        signature=_text(body.get("signature")),
        data=data if isinstance(data, dict) else {},
    )


def _text(value: Any) -> str | None:
    return value or None if isinstance(value, str) else None


def _refuse_constant(name: str) -> NoReturn:
    raise Malformed(f"{name} is not JSON")
