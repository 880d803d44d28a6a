"""The carrier's webhooks: proven genuine, stored, counted. Handling them is a job of its own."""

import enum
import json
from collections.abc import Iterable
from urllib.parse import parse_qs, urlsplit

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from grayscale import clock
from grayscale.clients.text import clean
from grayscale.clients.twilio import inbound as twilio
from grayscale.clients.twilio.signature import verify
from grayscale.config import current_config
from grayscale.database import transaction
from grayscale.domain.company import texting_account
from grayscale.domain.nudges import Job, nudge
from grayscale.domain.texting import account, phones
from grayscale.logging import get_logger
from grayscale.models import Delivery, DeliveryState, Source, WebhookTally

log = get_logger(__name__)

EVENTS = {Source.TWILIO_INBOUND: "inbound", Source.TWILIO_STATUS: "status"}


@enum.unique
class Verdict(enum.StrEnum):
    """How a request was judged; the value is what it is counted under."""

    ACCEPTED = "accepted"
    DUPLICATE = "duplicate"
    BAD_SIGNATURE = "bad_signature"
    MALFORMED = "malformed"

    @property
    def status(self) -> int:
        return {Verdict.BAD_SIGNATURE: 403, Verdict.MALFORMED: 400}.get(self, 200)


def receive(source: Source, path: str, form: Iterable[tuple[str, str]], signature: str | None) -> Verdict:
    """Judge and keep one request; *path* is its path with the query exactly as it came.

    The carrier signs the address it was given, so the address is built from PUBLIC_URL and no header is believed.
    Committed before the caller answers.
    """
    pairs = list(form)
    url = current_config().public_url + path
    tokens = account.signing_tokens()
    if verify(url, pairs, signature, tokens) is None:
        log.warning("a carrier's webhook was not signed by our account", what=EVENTS[source])
        return _count(source, Verdict.BAD_SIGNATURE)
    try:
        external_id, account_sid, phone = _key(source, pairs)
    except twilio.Malformed:
        return _count(source, Verdict.MALFORMED)
    if account_sid and account_sid != texting_account().account_sid:
        log.warning("a carrier's webhook is about another account", what=EVENTS[source])
        return _count(source, Verdict.BAD_SIGNATURE)
    payload = {"form": [[clean(name), clean(value)] for name, value in pairs], "m": _message_key(path)}
    try:
        return _store(source, external_id, phone, json.dumps(payload, ensure_ascii=False))
    except IntegrityError:
        # The same request on two processes at once: the other one kept it.
        return Verdict.DUPLICATE


def _key(source: Source, pairs: list[tuple[str, str]]) -> tuple[str, str, str]:
    if source is Source.TWILIO_INBOUND:
        text = twilio.parse_inbound(pairs)
        return text.sid, text.account_sid, text.from_
    state = twilio.parse_status(pairs)
    return f"{state.sid}-{state.status}-{state.error_code or 0}", state.account_sid, state.to


def _message_key(path: str) -> str | None:
    """Our own id of the text, which the carrier's callback carries in its query."""
    values = parse_qs(urlsplit(path).query).get("m")
    return values[0][:36] if values else None


def _store(source: Source, external_id: str, phone: str, payload: str) -> Verdict:
    now = clock.now()
    external_id = external_id[:200]
    with transaction() as session:
        known = session.scalar(
            select(Delivery.id).where(Delivery.source == source, Delivery.external_id == external_id)
        )
        if known is not None:
            return _count(source, Verdict.DUPLICATE)
        delivery = Delivery(
            source=source, external_id=external_id, event=EVENTS[source], payload=payload, received_at=now,
            next_attempt_at=now, phone=phones.from_carrier(phone) or None, state=DeliveryState.PENDING,
        )
        session.add(delivery)
        session.flush()
        _count(source, Verdict.ACCEPTED)
        nudge(Job.CARRIER_EVENTS, delivery.id)
    return Verdict.ACCEPTED


def _count(source: Source, verdict: Verdict) -> Verdict:
    """One more of this verdict in this hour."""
    now = clock.now()
    key = (source, EVENTS[source], verdict.value, now.replace(minute=0, second=0, microsecond=0))
    try:
        with transaction() as session:
            tally = session.get(WebhookTally, key, with_for_update={"key_share": True})
            if tally is None:
                tally = WebhookTally(source=key[0], event=key[1], verdict=key[2], hour=key[3], count=0, last_at=now)
                session.add(tally)
            tally.count += 1
            tally.last_at = now
            session.flush()
    except IntegrityError:
        if verdict is Verdict.ACCEPTED:
            raise
        log.info("a tally was begun twice", verdict=verdict.value)
    return verdict
