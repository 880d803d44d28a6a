"""Sends webhooks as Lever does: signed in the body, five retries with growing waits, a history to rerun from."""

from __future__ import annotations

import hashlib
import hmac
import json
import random
import threading
import time
from collections import deque
from dataclasses import dataclass, field

import requests

from grayscale.sandbox.clock import now_ms
from grayscale.sandbox.faults import Fault, FaultBoard
from grayscale.sandbox.lanes import Lanes
from grayscale.sandbox.lever.records import Json, Opportunity, Webhook
from grayscale.sandbox.lever.scheduling import new_id
from grayscale.sandbox.lever.store import LeverStore

#: The eight events of the settings page, in its order and under its names.
PAGE_EVENTS: dict[str, str] = {
    "applicationCreated": "Application Created",
    "candidateStageChange": "Candidate Stage Change",
    "candidateArchiveChange": "Candidate Archive State Change",
    "candidateHired": "Candidate Hired",
    "candidateDeleted": "Candidate Deleted",
    "interviewCreated": "Interview Created",
    "interviewUpdated": "Interview Updated",
    "interviewDeleted": "Interview Deleted",
}
EVENTS = (*PAGE_EVENTS, "contactCreated", "contactUpdated")
#: Only these can be limited to some origins.
CONDITIONAL = {"applicationCreated", "candidateArchiveChange", "candidateHired", "candidateStageChange"}
ORIGINS = ("applied", "sourced", "referred", "university", "agency", "internal")
#: Seconds before each of the five retries; Lever says only that they grow.
RETRY_WAITS = (10.0, 60.0, 300.0, 1800.0, 7200.0)
TIMEOUT_SECONDS = 10.0
#: A reordered delivery that nothing overtakes goes after this long.
_HELD_SECONDS = 30.0


@dataclass
class Attempt:
    at: int
    status: int | None
    error: str | None
    ms: int


@dataclass
class Delivery:
    """One event on its way to one URL; every try of it carries the same body."""

    id: str
    webhook_id: str
    event: str
    url: str
    body: Json
    attempts: list[Attempt] = field(default_factory=list)
    fault: str | None = None

    @property
    def delivered(self) -> bool:
        return bool(self.attempts) and 200 <= (self.attempts[-1].status or 0) < 300

    def as_json(self) -> Json:
        return {
            "id": self.id,
            "webhookId": self.webhook_id,
            "event": self.event,
            "url": self.url,
            "body": self.body,
            "fault": self.fault,
            "delivered": self.delivered,
            "attempts": [vars(attempt) for attempt in self.attempts],
        }


def sign(signature_token: str, token: str, triggered_at: int) -> str:
    """HMAC-SHA256 over token and time, hex, keyed with the webhook's token as text."""
    return hmac.new(signature_token.encode(), f"{token}{triggered_at}".encode(), hashlib.sha256).hexdigest()


class WebhookSender:
    """Turns events into deliveries and keeps trying them."""

    def __init__(self, store: LeverStore, faults: FaultBoard, *, retry_scale: float = 1.0, seed: int = 0) -> None:
        self.store, self.faults = store, faults
        #: Multiplies every retry wait.
        self.retry_scale = retry_scale
        self.lanes = Lanes("lever-webhooks")
        self.history: deque[Delivery] = deque(maxlen=1000)
        #: The last answer to *Verify connection*, by webhook.
        self.verified: dict[str, Attempt] = {}
        self._held: list[tuple[Webhook, Delivery]] = []
        self._lock = threading.Lock()
        self._random = random.Random(f"tokens {seed}")
        self._local = threading.local()

    # --- webhooks --------------------------------------------------------------------------------------------------

    def subscribe(
        self,
        event: str,
        url: str,
        *,
        from_api: bool = False,
        origins: list[str] | None = None,
        token: str | None = None,
    ) -> Webhook:
        """A new webhook with a signature token of its own."""
        with self.store.lock:
            now = now_ms()
            conditions = origins if origins is not None else (list(ORIGINS) if event in CONDITIONAL else None)
            webhook = Webhook(new_id(), event, url, token or self.new_token(), now, now, conditions, from_api)
            self.store.data.webhooks.append(webhook)
            self.store.generation += 1
            return webhook

    def set_page_url(self, event: str, url: str) -> Webhook | None:
        """What Save on the settings page does: one URL an event, empty takes the webhook away."""
        with self.store.lock:
            held = self.page_webhook(event)
            self.store.generation += 1
            if not url:
                if held:
                    self.store.data.webhooks.remove(held)
                return None
            if held is None:
                return self.subscribe(event, url)
            held.url, held.updated_at = url, now_ms()
            return held

    def page_webhook(self, event: str) -> Webhook | None:
        return next((w for w in self.store.data.webhooks if w.event == event and not w.from_api), None)

    def new_token(self) -> str:
        """48 hexadecimal digits."""
        return f"{self._random.getrandbits(192):048x}"

    # --- events ----------------------------------------------------------------------------------------------------

    def emit(self, event: str, data: Json, row: Opportunity | None) -> None:
        """Queues one event for each webhook that wants it."""
        for webhook in list(self.store.data.webhooks):
            if webhook.event != event:
                continue
            if row is not None and webhook.origins is not None and row.origin not in webhook.origins:
                continue
            self._dispatch(
                webhook, Delivery(new_id(), webhook.id, event, webhook.url, self._body(webhook, event, data))
            )

    def verify(self, webhook: Webhook) -> Attempt:
        """The *Verify connection* button: a signed event with empty data, sent at once."""
        body = self._body(webhook, webhook.event, {})
        return self._post(webhook.url, body)

    def rerun(self, delivery_id: str) -> None:
        """Sends a delivery of the history once more, as it was. Raises KeyError when it is not there."""
        found = next((delivery for delivery in self.history if delivery.id == delivery_id), None)
        if found is None:
            raise KeyError(delivery_id)
        again = Delivery(new_id(), found.webhook_id, found.event, found.url, found.body)
        self.history.append(again)
        self.lanes.submit(again.webhook_id, lambda: self._attempt(again, retries=False))

    def settle(self, timeout: float = 5.0) -> bool:
        """Waits until what was emitted has been tried; False when that took longer."""
        with self._lock:
            held, self._held = self._held, []
        for webhook, delivery in held:
            self._queue(webhook, delivery, 0)
        return self.lanes.idle(timeout)

    def _body(self, webhook: Webhook, event: str, data: Json) -> Json:
        token, at = f"{random.getrandbits(192):048x}", now_ms()
        return {
            "id": new_id(),
            "event": event,
            "triggeredAt": at,
            "token": token,
            "signature": sign(webhook.signature_token, token, at),
            "data": data,
        }

    def _dispatch(self, webhook: Webhook, delivery: Delivery) -> None:
        self.history.append(delivery)
        fault = self.faults.take("webhook", "POST", delivery.event)
        if fault is not None:
            delivery.fault = fault.kind
            if fault.kind == "reorder":
                with self._lock:
                    self._held.append((webhook, delivery))
                self.lanes.submit(f"held {delivery.id}", self._release, _HELD_SECONDS)
                return
            if fault.kind == "drop":
                return
            _spoil(delivery.body, fault)
        self._queue(webhook, delivery, fault.seconds if fault and fault.kind == "delay" else 0)
        if fault is not None and fault.kind == "duplicate":
            self._queue(webhook, delivery, 0)
        with self._lock:
            held, self._held = self._held, []
        for earlier in held:
            self._queue(*earlier, delay=0.05)

    def _release(self) -> None:
        with self._lock:
            held, self._held = self._held, []
        for webhook, delivery in held:
            self._queue(webhook, delivery, 0)

    def _queue(self, webhook: Webhook, delivery: Delivery, delay: float) -> None:
        self.lanes.submit(webhook.id, lambda: self._attempt(delivery), delay)

    def _attempt(self, delivery: Delivery, *, retries: bool = True) -> None:
        attempt = self._post(delivery.url, delivery.body)
        delivery.attempts.append(attempt)
        if 200 <= (attempt.status or 0) < 300 or not retries:
            return
        tried = len(delivery.attempts) - 1
        if tried < len(RETRY_WAITS):
            wait = RETRY_WAITS[tried] * self.retry_scale
            self.lanes.submit(delivery.webhook_id, lambda: self._attempt(delivery), wait)

    def _post(self, url: str, body: Json) -> Attempt:
        session: requests.Session | None = getattr(self._local, "session", None)
        if session is None:
            session = self._local.session = requests.Session()
            session.trust_env = False
        at, started = now_ms(), time.monotonic()
        content = json.dumps(body, separators=(",", ":")).encode()
        headers = {"User-Agent": "Lever-Webhooks", "Content-Type": "application/json"}
        status, error = None, None
        try:
            answer = session.post(url, data=content, headers=headers, timeout=TIMEOUT_SECONDS, allow_redirects=False)
            status = answer.status_code
        except requests.RequestException as failure:
            error = type(failure).__name__
            session.close()
        return Attempt(at, status, error, int((time.monotonic() - started) * 1000))


def _spoil(body: Json, fault: Fault) -> None:
    if fault.kind == "bad_signature":
        body["signature"] = "0" * 64
    elif fault.kind == "no_id":
        del body["id"]
    elif fault.kind == "no_signature":
        del body["signature"]
