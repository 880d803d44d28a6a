"""What a monitor reads at ``/metrics``: counters of this process, and gauges read from the database at each scrape.

Any module may add a counter here; label values come from closed lists, never from outside.
"""

import time

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from sqlalchemy import func, select

from grayscale import clock
from grayscale.extensions import db
from grayscale.models import (
    WAITING,
    Delivery,
    DeliveryState,
    Direction,
    Message,
    MessageState,
    Source,
    SyncRun,
    SyncState,
    Transcript,
    TranscriptState,
)

registry = CollectorRegistry(auto_describe=True)

webhooks_received = Counter(
    "grayscale_lever_webhooks_received", "Requests to the Lever webhook URL with the right key.", registry=registry
)
webhooks_accepted = Counter(
    "grayscale_lever_webhooks_accepted",
    "Webhooks from Lever answered with success, by event and verdict.",
    ["event", "verdict"],
    registry=registry,
)
webhooks_rejected = Counter(
    "grayscale_lever_webhooks_rejected", "Webhooks refused, by reason.", ["reason"], registry=registry
)
deliveries_handled = Counter(
    "grayscale_lever_deliveries_handled", "Stored webhooks whose handling ended well.", registry=registry
)
deliveries_failed = Counter(
    "grayscale_lever_deliveries_failed",
    "Attempts at handling a stored webhook that did not end well.",
    ["outcome"],  # "again": will be tried again; "parked": waits for a person
    registry=registry,
)
lever_requests = Histogram(
    "grayscale_lever_request_seconds",
    "Requests of this process to Lever, by endpoint and status (0: no answer came).",
    ["endpoint", "status"],
    buckets=(0.1, 0.25, 0.5, 1.0, 2.5, 10.0),
    registry=registry,
)
_database_up = Gauge(
    "grayscale_database_up", "1 while the database answers; else what it would say is left out.", registry=registry
)
_oldest = Gauge(
    "grayscale_deliveries_oldest_waiting_seconds",
    "Age of the oldest stored webhook that is not handled yet; 0 when none waits.",
    ["source"],
    registry=registry,
)
_open = Gauge(
    "grayscale_deliveries_open", "Stored webhooks not handled, by source and state.", ["source", "state"],
    registry=registry,
)

_texts = Gauge(
    "grayscale_texts", "Texts to candidates by state, counted anew once a minute.", ["state"], registry=registry
)
_notes = Gauge("grayscale_notes", "Transcripts by state of their Note.", ["state"], registry=registry)
_oldest_due = Gauge(
    "grayscale_oldest_due_seconds", "Age of the oldest work that is due, by kind; 0 when none is.", ["kind"],
    registry=registry,
)
_sync_running = Gauge("grayscale_sync_running", "1 while a sync of Lever runs.", registry=registry)
_sync_ended = Gauge(
    "grayscale_sync_last_success_timestamp_seconds", "When a sync last completed; 0 if never.", registry=registry
)

# Counting every text reads the whole table: not at every scrape.
COUNT_TEXTS_SECONDS = 60.0
_texts_counted_at: dict[str, float] = {}

UNSETTLED = (*WAITING, DeliveryState.DEAD)


def render() -> bytes:
    """All metrics in Prometheus' text format, those of the database as last read."""
    return generate_latest(registry)


def forget_database() -> None:
    """The database does not answer: say nothing in its name."""
    _database_up.set(0)
    for gauge in (_oldest, _open, _texts, _notes, _oldest_due):
        gauge.clear()
    _texts_counted_at.clear()


def read_database(due: dict[str, float]) -> None:
    """Bring up to date what the database knows; *due* is the age of the oldest due work by kind."""
    _read_gauges()
    _count_texts()
    by_state = select(Transcript.state, func.count()).group_by(Transcript.state)
    counts = {state: count for state, count in db.session.execute(by_state)}  # noqa: C416 - a Row is not a pair to dict()
    for state in TranscriptState:
        _notes.labels(state.value).set(counts.get(state, 0))
    for kind, age in due.items():
        _oldest_due.labels(kind).set(age)
    running = select(SyncRun.id).where(SyncRun.state == SyncState.RUNNING).limit(1)
    _sync_running.set(1 if db.session.scalar(running) is not None else 0)
    ended = db.session.scalar(select(func.max(SyncRun.finished_at)).where(SyncRun.state == SyncState.DONE))
    _sync_ended.set(ended.timestamp() if ended is not None else 0)
    _database_up.set(1)


def _count_texts() -> None:
    now, database = time.monotonic(), str(db.engine.url)
    if now - _texts_counted_at.get(database, float("-inf")) < COUNT_TEXTS_SECONDS:
        return
    _texts_counted_at[database] = now
    sent = select(Message.state, func.count()).where(Message.direction == Direction.OUTBOUND).group_by(Message.state)
    counts = {state: count for state, count in db.session.execute(sent)}  # noqa: C416 - a Row is not a pair to dict()
    for state in set(MessageState) - {MessageState.RECEIVED}:
        _texts.labels(state.value).set(counts.get(state, 0))


def _read_gauges() -> None:
    now = clock.now()
    rows = db.session.execute(
        select(Delivery.source, Delivery.state, func.count(), func.min(Delivery.received_at))
        .where(Delivery.state.in_(UNSETTLED))
        .group_by(Delivery.source, Delivery.state)
    ).all()
    found = {(source, state): (count, oldest) for source, state, count, oldest in rows}
    for source in Source:
        ages = [0.0]
        for state in UNSETTLED:
            count, oldest = found.get((source, state), (0, None))
            _open.labels(source.value, state.value).set(count)
            if oldest is not None and state in WAITING:
                ages.append((now - oldest).total_seconds())
        _oldest.labels(source.value).set(max(ages))
