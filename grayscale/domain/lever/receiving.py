"""Judging a webhook from Lever and storing it before it is acknowledged. Nothing here asks Lever anything.

Lever's signature covers only ``token`` and ``triggeredAt``, so an accepted body is a hint of what to fetch, never a
fact. The key in the path keeps strangers out, the signature tells Lever from somebody who learnt the URL.
"""

import hashlib
import json
import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from grayscale import clock, metrics
from grayscale.clients.lever.signature import verify
from grayscale.clients.lever.webhook import Malformed, WebhookBody, parse_delivery
from grayscale.domain.lever import intake, signing
from grayscale.domain.lever.signing import Standing
from grayscale.domain.lever.verdicts import ENDED_URL_REASON, GENUINE, REFUSED, Outcome
from grayscale.models import DeliveryState, LeverEvent, Source

MAX_BODY = 256 * 1024
# Of a body this much is kept to look at; real ones are below 1 kB.
KEPT_CHARACTERS = 16_000
KEPT_UNHANDLED_CHARACTERS = 4_000
# Lever keeps its history for two weeks and lets an admin send anything in it again.
OLDEST = timedelta(days=14)
FUTURE = timedelta(hours=1)

HANDLED = {event.value: event for event in LeverEvent}
# Lever has two more; whatever else a body claims is counted under one name, so that names cannot fill the table.
NAMED = HANDLED.keys() | {"contactCreated", "contactUpdated"}
UNKNOWN = "unknown"

# Asked with the name an event is counted under.
MayRecord = Callable[[str], bool]

_noise: dict[tuple[str, Outcome, LeverEvent | None], intake.Entry] = {}
_noting = threading.Lock()


@dataclass(frozen=True, slots=True)
class Verdict:
    """What to answer. *status* is 429 when a refusal was one too many to be written down by itself."""

    outcome: Outcome
    status: int
    # As it is counted: one of the names Lever uses, or "unknown".
    event: str


@dataclass(frozen=True, slots=True)
class _Judgement:
    outcome: Outcome
    reason: str | None = None
    used_previous: bool = False


def standing_of(key: str) -> Standing | None:
    """What *key* in the webhook URL is to us; None: nothing, and never was."""
    standing = signing.current().standing(key)
    is_accepted = standing in (Standing.CURRENT, Standing.EARLIER)
    return standing if is_accepted else signing.current(fresh=True).standing(key)


def receive(raw: bytes, *, may_record: MayRecord, standing: Standing = Standing.CURRENT) -> Verdict:
    """Judge and store the body of one request whose key is ours: *standing*.

    *may_record* is asked before noise is written down. Raises ``intake.NotStored`` when the database does not commit.
    """
    now = clock.now()
    try:
        body = parse_delivery(raw)
    except Malformed as error:
        outcome = Outcome.ENDED_URL if standing is Standing.ENDED else Outcome.MALFORMED
        return _settle(intake.Entry(now, outcome, UNKNOWN, reason=str(error)), may_record)
    judged = _judge(body, now)
    webhook = HANDLED.get(body.event)
    if standing is Standing.ENDED:
        # Its health changes by what Lever signed, not by whoever learnt a URL that was ended for that.
        webhook = webhook if judged.outcome in GENUINE else None
        judged = _Judgement(Outcome.ENDED_URL, ENDED_URL_REASON)
    entry = intake.Entry(
        now,
        judged.outcome,
        body.event if body.event in NAMED else UNKNOWN,
        webhook=webhook,
        reason=judged.reason,
        used_previous=judged.used_previous,
        used_earlier_url=standing is Standing.EARLIER,
    )
    if judged.outcome is Outcome.ACCEPTED or (judged.outcome is Outcome.UNHANDLED and body.data):
        try:
            entry.row = _row(body, raw, now, judged.outcome)
        except RecursionError:
            entry.outcome, entry.reason = Outcome.MALFORMED, "the body is nested too deeply"
    return _settle(entry, may_record)


def refuse_too_large(*, may_record: MayRecord) -> Verdict:
    """Count a body that was longer than ``MAX_BODY`` bytes and therefore not read."""
    return _settle(intake.Entry(clock.now(), Outcome.TOO_LARGE, UNKNOWN), may_record)


def _judge(body: WebhookBody, now: datetime) -> _Judgement:
    if body.event not in HANDLED:
        return _Judgement(Outcome.UNHANDLED)
    found = None
    for fresh in (False, True):
        tokens = signing.current(fresh=fresh).tokens.get(body.event, ())
        found = verify(body.token, body.triggered_at, body.signature, tokens)
        if found is not None:
            break
    if not tokens:
        if body.is_test:
            # Lever shows a webhook's token only once the webhook exists, and people verify first.
            return _Judgement(Outcome.REACHED)
        return _Judgement(Outcome.NO_TOKEN, "no token is saved for it yet")
    if found is None:
        unsigned = "it came without a signature" if body.signature is None else "the signature does not fit the token"
        return _Judgement(Outcome.BAD_SIGNATURE, unsigned)
    if not (now - OLDEST).timestamp() * 1000 <= body.triggered_at <= (now + FUTURE).timestamp() * 1000:
        return _Judgement(Outcome.STALE, "its time is more than 14 days ago or in the future")
    return _Judgement(Outcome.VERIFIED if body.is_test else Outcome.ACCEPTED, used_previous=found > 0)


def _settle(entry: intake.Entry, may_record: MayRecord) -> Verdict:
    metrics.webhooks_received.inc()
    noise = entry.outcome in REFUSED or entry.outcome is Outcome.UNHANDLED
    if noise and not may_record(entry.event):
        _set_aside([entry])
        status = 429 if entry.outcome in REFUSED else entry.outcome.status
    else:
        intake.store(entry)
        status = entry.outcome.status
    if entry.outcome in REFUSED:
        metrics.webhooks_rejected.labels(entry.outcome.value).inc()
    else:
        metrics.webhooks_accepted.labels(entry.event, entry.outcome.value).inc()
    return Verdict(entry.outcome, status, entry.event)


def count_noise() -> None:
    """Write down, in one commit, what was not worth one by itself. Raises ``intake.NotStored``, losing nothing."""
    with _noting:
        waiting = list(_noise.values())
        _noise.clear()
    if not waiting:
        return
    try:
        intake.store_all([replace(entry, came_at=time.monotonic()) for entry in waiting])
    except intake.NotStored:
        _set_aside(waiting)
        raise


def _set_aside(entries: Iterable[intake.Entry]) -> None:
    """Keep the newest of a kind, and how many there were."""
    with _noting:
        for entry in entries:
            kept = _noise.setdefault((entry.event, entry.outcome, entry.webhook), entry)
            if kept is not entry:
                kept.count += entry.count
                kept.at, kept.reason = max((kept.at, kept.reason or ""), (entry.at, entry.reason or ""))
            kept.row = None


def _row(body: WebhookBody, raw: bytes, now: datetime, outcome: Outcome) -> dict[str, Any]:
    handled = outcome is Outcome.ACCEPTED
    opportunity_id = body.opportunity_id
    return {
        "source": Source.LEVER,
        "external_id": external_id(body),
        "event": body.event[:100],
        # What nobody signed must not stand in the way of what Lever signs.
        "token_digest": hashlib.sha256(body.token.encode(errors="replace")).hexdigest() if handled else None,
        "payload": raw.decode(errors="replace")[: KEPT_CHARACTERS if handled else KEPT_UNHANDLED_CHARACTERS],
        "received_at": now,
        "triggered_at": _moment(body.triggered_at),
        "opportunity_lever_id": opportunity_id if opportunity_id and len(opportunity_id) <= 100 else None,
        "state": DeliveryState.PENDING if handled else DeliveryState.UNHANDLED,
        "attempts": 0,
        "next_attempt_at": now,
    }


def external_id(body: WebhookBody) -> str:
    """What makes a repeat recognisable: Lever's id of the event, else a digest of what happened to whom and when.

    Neither ``token`` nor ``signature`` is part of it: somebody who replays them with another body must not make a
    real event look like a repeat.
    """
    if body.id and len(body.id) <= 100:
        return body.id
    happened = json.dumps([body.id, body.event, body.triggered_at, body.data], sort_keys=True)
    return "sha256:" + hashlib.sha256(happened.encode()).hexdigest()


def _moment(milliseconds: int) -> datetime | None:
    try:
        return datetime.fromtimestamp(milliseconds / 1000, UTC)
    except (OverflowError, ValueError, OSError):
        return None
