"""Committing what webhooks bring: the delivery, its count and the webhook's health in one transaction.

Requests that arrive together share a commit: one of them writes for all that wait by then, and hands the next batch to
one of those that came meanwhile. A commit costs the disk's flush however many rows it holds, and nobody is answered
before it is done.
"""

import json
import threading
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from itertools import groupby
from typing import Any

from flask import current_app
from sqlalchemy import Connection, Dialect, Table, bindparam, case, func, null, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import OperationalError
from sqlalchemy.exc import TimeoutError as NoConnection
from sqlalchemy.orm import Session

from grayscale.database import Direct, together, transaction
from grayscale.domain import nudges
from grayscale.domain.lever.verdicts import FAILING, GENUINE, Outcome
from grayscale.domain.nudges import Job
from grayscale.models import Delivery, LeverEvent, Source, WebhookTally, WebhookToken

SLOT = "grayscale.lever_intake"
# How many deliveries of kinds nobody handles are kept in an hour; the others are only counted.
UNHANDLED_KEPT_AN_HOUR = 100
# Waking the scheduler costs more than storing a delivery: not more often than this.
NUDGE_SECONDS = 0.25

_deliveries: Table = Delivery.__table__
_tallies: Table = WebhookTally.__table__
_tokens: Table = WebhookToken.__table__


class NotStored(Exception):
    """The database did not commit: the sender must try again."""


def _held() -> threading.Lock:
    lock = threading.Lock()
    lock.acquire()
    return lock


@dataclass(slots=True)
class Entry:
    """One request and what is to be written about it. ``outcome`` becomes DUPLICATE when the row was there."""

    at: datetime
    outcome: Outcome
    # As it is counted: one of the names Lever uses, or "unknown".
    event: str
    # Whose health this says something about.
    webhook: LeverEvent | None = None
    reason: str | None = None
    used_previous: bool = False
    count: int = 1
    row: dict[str, Any] | None = None
    error: BaseException | None = None
    # Held until it is committed, or its request's turn to commit.
    turn: threading.Lock = field(default_factory=_held)
    is_settled: bool = False


def hour_of(at: datetime) -> datetime:
    """The hour an event is counted in."""
    return at.replace(minute=0, second=0, microsecond=0)


class Intake:
    """The queue in front of the database, one a process."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._waiting: list[Entry] = []
        self._is_committing = False
        self._nudged_at = 0.0

    def store(self, entry: Entry) -> None:
        """Returns once *entry* is committed. Raises ``NotStored``."""
        with self._lock:
            self._waiting.append(entry)
            is_first = not self._is_committing
            self._is_committing = True
        if not is_first:
            entry.turn.acquire()
        if not entry.is_settled:
            self._commit_waiting(entry)
        if entry.error is not None:
            raise NotStored(str(entry.error)) from entry.error

    def _commit_waiting(self, mine: Entry) -> None:
        """Commit all that waits, *mine* among it; whoever came meanwhile does so next."""
        with self._lock:
            batch, self._waiting = self._waiting, []
        try:
            _commit(batch)
        finally:
            with self._lock:
                following = self._waiting[:1]
                self._is_committing = bool(following)
            for entry in following:
                entry.turn.release()
            for entry in batch:
                entry.is_settled = True
                if entry is not mine:
                    entry.turn.release()
        self._wake(batch)

    def _wake(self, batch: Sequence[Entry]) -> None:
        """Have the batch handled now. In a burst the job's own tick, a second apart, does for most of it."""
        now = time.monotonic()
        if now - self._nudged_at < NUDGE_SECONDS:
            return
        if any(entry.error is None and entry.outcome is Outcome.ACCEPTED for entry in batch):
            self._nudged_at = now
            nudges.wake(Job.LEVER_EVENTS)


def store(entry: Entry) -> None:
    """Commit *entry*, together with what other requests of this process bring now. Raises ``NotStored``."""
    intake: Intake = current_app.extensions.setdefault(SLOT, Intake())
    intake.store(entry)


def _commit(batch: Sequence[Entry]) -> None:
    """Commit *batch*, or leave in each of its entries why not."""
    try:
        with transaction() as session:
            _write(session, batch)
    except Exception as error:
        if len(batch) == 1 or isinstance(error, (OperationalError, NoConnection)):
            for entry in batch:
                entry.error = error
            return
        # One that the database refuses must not take the others with it.
        for entry in batch:
            _commit([entry])
    except BaseException as error:
        for entry in batch:
            entry.error = error
        raise


def _write(session: Session, batch: Sequence[Entry]) -> None:
    """In one order of rows for all processes, so that two of them never wait for each other in a ring."""
    # Past the session: it adds nothing to plain statements but its cost, at every delivery.
    connection = session.connection()
    accepted = _insert(connection, [entry for entry in batch if entry.outcome is not Outcome.UNHANDLED])
    if accepted:
        nudges.defer(Job.LEVER_EVENTS, *accepted)
    for entry in batch:
        if entry.row and entry.outcome is Outcome.UNHANDLED and _has_room(connection, entry):
            _insert(connection, [entry])
    tallies: Counter[tuple[str, str]] = Counter()
    for entry in batch:
        tallies[entry.event, entry.outcome.value] += entry.count
    latest = max(entry.at for entry in batch)
    # A server is asked once for all of it, which for a single delivery costs more than it saves.
    is_worth_it = len(batch) > 1 and connection.dialect.name == "postgresql"
    with together(connection) if is_worth_it else nullcontext():
        for (event, verdict), number in sorted(tallies.items()):
            add_to_tally(connection, event, verdict, latest, number)
        for webhook in sorted({entry.webhook for entry in batch if entry.webhook is not None}):
            _note_health(connection, [entry for entry in batch if entry.webhook is webhook])


def _insert(connection: Connection, entries: Sequence[Entry]) -> list[int]:
    """Store the deliveries that are not there yet; their ids. Others, and later ones of the same id, are repeats."""
    firsts: dict[str, tuple[Entry, dict[str, Any]]] = {}
    for entry in entries:
        if entry.row is not None:
            firsts.setdefault(entry.row["external_id"], (entry, entry.row))
    if not firsts:
        return []
    rows = [firsts[external_id][1] for external_id in sorted(firsts)]
    insert = _direct(connection.dialect).insert
    if len(rows) == 1:
        made = insert.run(connection, rows[0])
    elif connection.dialect.name == "postgresql":
        made = insert.run_all(connection, rows)
    else:
        made = [tuple(row) for row in connection.execute(_delivery("sqlite"), rows)]
    stored = {id(firsts[external_id][0]) for _, external_id in made}
    for entry in entries:
        if entry.row is not None and id(entry) not in stored:
            entry.outcome = Outcome.DUPLICATE
            if entry.row["token_digest"] and _is_forged(connection, entry.row):
                entry.outcome = Outcome.REPLAYED
                entry.reason = "its signature belongs to another event that came before"
    return [delivery_id for delivery_id, _ in made]


def _is_forged(connection: Connection, row: Mapping[str, Any]) -> bool:
    """Whether what signs *row* came before with something else: Lever repeats a token only with its own event."""
    known = connection.scalar(select(_deliveries.c.id).where(*(_deliveries.c[key] == row[key] for key in _REPEAT)))
    if known is not None:
        return False
    before = connection.scalar(
        select(_deliveries.c.payload).where(_deliveries.c.token_digest == row["token_digest"])
    )
    try:
        told, tells = json.loads(before or ""), json.loads(row["payload"])
        return any(told.get(name) != tells.get(name) for name in ("event", "data"))
    except (ValueError, AttributeError, RecursionError):
        return False  # nothing is left to compare it with, and nothing was stored


def add_to_tally(connection: Connection, event: str, verdict: str, at: datetime, count: int) -> None:
    """Count *count* more of *verdict* in the hour of *at*, inside the caller's transaction."""
    key = {"source": Source.LEVER, "event": event, "verdict": verdict, "hour": hour_of(at)}
    _direct(connection.dialect).count.run(connection, {**key, "count": count, "last_at": at})


def _has_room(connection: Connection, entry: Entry) -> bool:
    kept = connection.scalar(
        select(func.sum(_tallies.c.count)).where(
            _tallies.c.source == Source.LEVER,
            _tallies.c.verdict == Outcome.UNHANDLED.value,
            _tallies.c.hour == hour_of(entry.at),
        )
    )
    return (kept or 0) < UNHANDLED_KEPT_AN_HOUR


def _note_health(connection: Connection, entries: Sequence[Entry]) -> None:
    """Evidence of one webhook, in the order it came; what says the same is written once."""
    direct = _direct(connection.dialect)
    for genuine, run in groupby(entries, key=lambda entry: entry.outcome in GENUINE):
        same = list(run)
        last = same[-1]
        if genuine:
            verified = [entry.at for entry in same if entry.outcome is Outcome.VERIFIED]
            accepted = [entry.at for entry in same if entry.outcome is not Outcome.VERIFIED]
            direct.genuine.run(
                connection,
                {
                    "webhook": last.webhook,
                    "at": last.at,
                    "verified": max(verified, default=None),
                    "accepted": max(accepted, default=None),
                    "previous": max((entry.at for entry in same if entry.used_previous), default=None),
                },
            )
            continue
        for entry in same:
            if entry.outcome is Outcome.REACHED:
                direct.reached.run(connection, {"webhook": entry.webhook, "at": entry.at})
                continue
            failing = entry.count if entry.outcome in FAILING else 0
            direct.refused.run(
                connection,
                {"webhook": entry.webhook, "at": entry.at, "reason": entry.reason, "failing": failing},
            )


def _coalesce(name: str) -> Any:
    """The value bound to *name* for the column of that meaning, or what the column holds."""
    column = {"accepted": "last_accepted_at", "verified": "last_verified_at", "previous": "previous_used_at"}[name]
    return func.coalesce(bindparam(name, type_=_tokens.c[column].type), _tokens.c[column])


_at = bindparam("at", type_=_tokens.c.last_accepted_at.type)
_this = _tokens.c.event == bindparam("webhook", type_=_tokens.c.event.type)
_is_accepted = bindparam("accepted", type_=_tokens.c.last_accepted_at.type).is_not(None)
# A test was signed rightly, but says nothing about the switch of its events: only one of those ends a silence, and is
# worth the news that the webhook is back, also when a test before it ended the refusals.
_is_unheard = _tokens.c.recovered_at.is_not(None) & (
    _tokens.c.last_accepted_at.is_(None) | (_tokens.c.recovered_at > _tokens.c.last_accepted_at)
)
_is_back = (_tokens.c.failing_count > 0) | (_is_accepted & ((_tokens.c.missed_count > 0) | _is_unheard))
_genuine = (
    update(_tokens)
    .where(_this)
    .values(
        last_accepted_at=_coalesce("accepted"),
        last_verified_at=_coalesce("verified"),
        previous_used_at=_coalesce("previous"),
        recovered_at=case((_is_back, _at), else_=_tokens.c.recovered_at),
        failing_since=null(),
        failing_count=0,
        missed_since=case((_is_accepted, null()), else_=_tokens.c.missed_since),
        missed_count=case((_is_accepted, 0), else_=_tokens.c.missed_count),
    )
)
_reached = update(_tokens).where(_this).values(last_verified_at=_at)
_failing = bindparam("failing", type_=_tokens.c.failing_count.type)
_refused = (
    update(_tokens)
    .where(_this)
    .values(
        last_rejected_at=_at,
        last_rejected_reason=bindparam("reason", type_=_tokens.c.last_rejected_reason.type),
        failing_count=_tokens.c.failing_count + _failing,
        failing_since=case((_failing > 0, func.coalesce(_tokens.c.failing_since, _at)), else_=_tokens.c.failing_since),
    )
)


# What every delivery of an event has; those of one hour share a row of the count.
_DELIVERY = (
    "source", "external_id", "event", "payload", "received_at", "triggered_at", "opportunity_lever_id", "state",
    "attempts", "next_attempt_at", "token_digest",
)  # fmt: skip
_REPEAT = ("source", "external_id")
_TALLY = ("source", "event", "verdict", "hour", "count", "last_at")


@dataclass(frozen=True, slots=True)
class _Statements:
    """What a single delivery costs, without SQLAlchemy's own work at each statement: more than the database's."""

    insert: Direct
    count: Direct
    genuine: Direct
    reached: Direct
    refused: Direct


@lru_cache(maxsize=4)
def _direct(dialect: Dialect) -> _Statements:
    return _Statements(
        insert=Direct(_delivery(dialect.name), dialect, _DELIVERY),
        count=Direct(_tally(dialect.name), dialect, _TALLY),
        genuine=Direct(_genuine, dialect),
        reached=Direct(_reached, dialect),
        refused=Direct(_refused, dialect),
    )


def _delivery(dialect: str) -> Any:
    """Insert a delivery unless it is there. What it returns tells a new row from a repeat; the count of rows does not
    on both databases."""
    insert = postgresql.insert if dialect == "postgresql" else sqlite.insert
    return (
        insert(_deliveries)
        .on_conflict_do_nothing()
        .returning(_deliveries.c.id, _deliveries.c.external_id)
    )


def _tally(dialect: str) -> Any:
    """Count one more of a verdict."""
    insert = (postgresql.insert if dialect == "postgresql" else sqlite.insert)(_tallies)
    return insert.on_conflict_do_update(
        index_elements=["source", "event", "verdict", "hour"],
        set_={"count": _tallies.c.count + insert.excluded.count, "last_at": insert.excluded.last_at},
    )
