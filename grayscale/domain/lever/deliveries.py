"""The webhooks that were kept: looked through, replayed, and forgotten when their time is over."""

import json
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, delete, func, or_, select, update

from grayscale import clock
from grayscale.clients.text import clean_json
from grayscale.database import transaction
from grayscale.domain import audit, effects
from grayscale.domain.errors import Invalid, NotFound
from grayscale.domain.lever.receiving import HANDLED
from grayscale.domain.nudges import Job, nudge
from grayscale.domain.search_words import matching, parse
from grayscale.extensions import db
from grayscale.models import Candidate, Delivery, DeliveryState, Opportunity, Source, User, WebhookTally
from grayscale.models.lever_integration import EVENT_LABELS

PAGE_SIZE = 50
# Payloads go first; the row stays long enough that what Lever sends again is recognised (it keeps two weeks).
PAYLOADS_KEPT = timedelta(days=14)
ROWS_KEPT = timedelta(days=90)
PURGED_AT_ONCE = 500
# Anybody who knows the URL may name an event; the whole name is in its payload.
LONGEST_LABEL = 28

TROUBLED = (DeliveryState.FAILED, DeliveryState.DEAD)
FINISHED = (DeliveryState.DONE, DeliveryState.UNHANDLED)
JOBS = {
    Source.LEVER: Job.LEVER_EVENTS,
    Source.TWILIO_INBOUND: Job.CARRIER_EVENTS,
    Source.TWILIO_STATUS: Job.CARRIER_EVENTS,
}
STATE_WORDS = {
    DeliveryState.PENDING: "Waiting",
    DeliveryState.DONE: "Done",
    DeliveryState.FAILED: "Trying again",
    DeliveryState.DEAD: "Parked",
    DeliveryState.UNHANDLED: "Not handled",
}
SOURCE_WORDS = {
    Source.LEVER: "Lever",
    Source.TWILIO_INBOUND: "Received texts",
    Source.TWILIO_STATUS: "Delivery states",
}
# Lever's own names, then those of its events that no webhook of ours is for, then a carrier's.
_LABELS = {
    **{event.value: label for event, label in EVENT_LABELS.items()},
    "contactCreated": "Contact Created",
    "contactUpdated": "Contact Updated",
    "inbound": "Received text",
    "status": "Delivery state",
}


@dataclass(frozen=True, slots=True)
class Filters:
    """What to look for; an empty one excludes nothing. *candidate* is words of a name, or Lever's opportunity id."""

    source: Source | None = Source.LEVER
    event: str = ""
    state: DeliveryState | None = None
    candidate: str = ""


@dataclass(frozen=True, slots=True)
class Line:
    """One delivery as the list shows it."""

    id: int
    source: Source
    event: str
    state: DeliveryState
    received_at: datetime
    triggered_at: datetime | None
    next_attempt_at: datetime
    handled_at: datetime | None
    attempts: int
    effect: str | None
    error: str | None
    opportunity_lever_id: str | None
    candidate_id: int | None
    candidate: str | None

    @property
    def label(self) -> str:
        return event_label(self.event)

    @property
    def state_words(self) -> str:
        return STATE_WORDS[self.state]

    @property
    def kind(self) -> str:
        """How its state is coloured."""
        return {DeliveryState.DONE: "good", DeliveryState.DEAD: "bad", DeliveryState.FAILED: "warn"}.get(self.state, "")

    @property
    def brief(self) -> str:
        """What came of it in a line or two: after replays the first time and the last, unless it fails now."""
        lines = (self.effect or "").splitlines()
        return self.error or "\n".join([*lines[:1], *lines[1:][-1:]])

    @property
    def can_replay(self) -> bool:
        """A look at Lever may be had at any time; what a carrier sent is worked in once."""
        return self.event in HANDLED if self.source is Source.LEVER else self.state in TROUBLED


@dataclass(frozen=True, slots=True)
class Found:
    """A page of deliveries, newest first; *older* is the id to go on from."""

    lines: Sequence[Line]
    older: int | None


def event_label(event: str) -> str:
    """Lever's own name of an event; of one nobody knows, what the body called it as words, cut to a line."""
    if event in _LABELS:
        return _LABELS[event]
    words = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", event.replace("_", " ")).strip().capitalize()
    return words if len(words) <= LONGEST_LABEL else f"{words[: LONGEST_LABEL - 1].rstrip()}…"


def find(filters: Filters, *, before: int | None = None) -> Found:
    """A page of what *filters* let through, received before the delivery *before*."""
    query = _lines().where(*_conditions(filters)).order_by(Delivery.id.desc()).limit(PAGE_SIZE + 1)
    if before is not None:
        query = query.where(Delivery.id < before)
    lines = [_line(row) for row in db.session.execute(query)]
    return Found(lines[:PAGE_SIZE], lines[PAGE_SIZE - 1].id if len(lines) > PAGE_SIZE else None)


def get(delivery_id: int) -> tuple[Line, str | None]:
    """One delivery, and its payload set for reading; None once it was purged. Raises ``NotFound``."""
    row = db.session.execute(_lines().where(Delivery.id == delivery_id)).first()
    if row is None:
        raise NotFound("There is no such event.")
    payload = db.session.scalar(select(Delivery.payload).where(Delivery.id == delivery_id))
    return _line(row), pretty(payload)


def counts() -> dict[DeliveryState, int]:
    """How many of Lever's deliveries wait, are tried again or are parked."""
    rows = db.session.execute(
        select(Delivery.state, func.count())
        .where(Delivery.source == Source.LEVER, Delivery.state.in_((DeliveryState.PENDING, *TROUBLED)))
        .group_by(Delivery.state)
    )
    return {row.state: int(row[1]) for row in rows}


def pretty(payload: str | None) -> str | None:
    """The payload, indented when it is whole JSON. What signed it is left out: with it, it could be sent again."""
    if payload is None:
        return None
    try:
        body = clean_json(json.loads(payload))
        if isinstance(body, dict) and body.get("signature"):
            body["signature"] = "[hidden]"
        return json.dumps(body, indent=2, ensure_ascii=False)
    except (ValueError, RecursionError):
        return payload


def replay(delivery_id: int, by: User) -> Line:
    """Handle one delivery once more; what came of it before stays to be read. Raises ``NotFound`` and ``Invalid``."""
    line, _ = get(delivery_id)
    if not line.can_replay:
        raise Invalid("There is nothing to replay: this event is not handled, or was handled for good.")
    with transaction():
        if not _start_over(Delivery.id == delivery_id):
            raise Invalid("This event is being handled right now.")
        audit.record("delivery.replayed", by=by, subject=str(delivery_id), detail={"event": line.event})
        nudge(JOBS[line.source], delivery_id)
    return line


def replay_failed(by: User) -> int:
    """Handle once more all of Lever's deliveries that are parked; how many. What is tried again needs nobody."""
    with transaction():
        count = _start_over(Delivery.source == Source.LEVER, Delivery.state == DeliveryState.DEAD)
        if count:
            audit.record("delivery.failed_replayed", by=by, detail={"count": count})
            nudge(Job.LEVER_EVENTS)
    return count


def purge(now: datetime, texts_kept: timedelta | None = None) -> int:
    """Empty payloads and drop rows whose time is over; how many. What is parked keeps its payload as long as its row.

    Nothing that came in outlives *texts_kept*, if that is set.

    Bounded: called again while there is more.
    """
    finished = Delivery.state.in_(FINISHED)
    purged = _purge(
        select(Delivery.id).where(finished, Delivery.received_at < now - PAYLOADS_KEPT, Delivery.payload.is_not(None)),
        lambda ids: update(Delivery).where(Delivery.id.in_(ids)).values(payload=None),
    )
    over = Delivery.received_at < now - (ROWS_KEPT if texts_kept is None else min(ROWS_KEPT, texts_kept))
    purged += _purge(
        select(Delivery.id).where(or_(finished, Delivery.state == DeliveryState.DEAD), over),
        lambda ids: delete(Delivery).where(Delivery.id.in_(ids)),
    )
    with transaction() as session:
        session.execute(delete(WebhookTally).where(WebhookTally.hour < now - ROWS_KEPT))
    return purged


def _purge(which: Select[Any], how: Callable[[list[int]], Any]) -> int:
    with transaction() as session:
        ids = list(session.scalars(which.order_by(Delivery.received_at).limit(PURGED_AT_ONCE)))
        if ids:
            session.execute(how(ids).execution_options(synchronize_session=False))
    return len(ids)


def _start_over(*conditions: ColumnElement[bool]) -> int:
    now = clock.now()
    free = Delivery.lease_until.is_(None) | (Delivery.lease_until < now)
    done = db.session.execute(
        update(Delivery)
        .where(*conditions, free)
        .values(
            state=DeliveryState.PENDING, attempts=0, next_attempt_at=now, lease_until=None, error=None,
            effect=effects.replayed(now),
        )
        .execution_options(synchronize_session=False)
    )
    return int(done.rowcount)  # type: ignore[attr-defined]


def _lines() -> Select[*tuple[Any, ...]]:
    return (
        select(
            Delivery.id,
            Delivery.source,
            Delivery.event,
            Delivery.state,
            Delivery.received_at,
            Delivery.triggered_at,
            Delivery.next_attempt_at,
            Delivery.handled_at,
            Delivery.attempts,
            Delivery.effect,
            Delivery.error,
            Delivery.opportunity_lever_id,
            Opportunity.candidate_id,
            Candidate.name,
        )
        .outerjoin(Opportunity, Opportunity.lever_id == Delivery.opportunity_lever_id)
        .outerjoin(Candidate, Candidate.id == Opportunity.candidate_id)
    )


def _line(row: Any) -> Line:
    values = row._asdict()
    name = values.pop("name")
    values["candidate"] = (name.strip() or "Unnamed candidate") if name is not None else None
    if row.state is DeliveryState.UNHANDLED:
        # Nobody signed it: whom it names says nothing of that person.
        values |= {"candidate": None, "candidate_id": None, "opportunity_lever_id": None}
    return Line(**values)


def _conditions(filters: Filters) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    if filters.source is not None:
        found.append(Delivery.source == filters.source)
    if filters.event:
        found.append(Delivery.event == filters.event)
    if filters.state is not None:
        found.append(Delivery.state == filters.state)
    candidate = filters.candidate.strip()
    if candidate:
        found += [_is_about(candidate), Delivery.state != DeliveryState.UNHANDLED]
    return found


def _is_about(candidate: str) -> ColumnElement[bool]:
    is_named = Delivery.opportunity_lever_id == candidate
    words = parse(candidate).words
    if not words:
        return is_named
    named = [Candidate.id.in_(matching("candidate_search", Candidate, Candidate.name, [word])) for word in words]
    return or_(is_named, and_(*named))
