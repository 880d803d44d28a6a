"""What a monitor reads at ``/metrics``: counters of this process, and gauges read from the database at each scrape.

Any module may add a counter here; label values come from closed lists, never from outside.
"""

from prometheus_client import CollectorRegistry, Counter, Gauge, generate_latest
from sqlalchemy import func, select

from grayscale import clock
from grayscale.extensions import db
from grayscale.models import WAITING, Delivery, DeliveryState, Source

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

UNSETTLED = (*WAITING, DeliveryState.DEAD)


def render() -> bytes:
    """All metrics in Prometheus' text format. Reads the database."""
    _read_gauges()
    return generate_latest(registry)


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
