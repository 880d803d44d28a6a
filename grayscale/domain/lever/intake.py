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
from itertools import groupby
from typing import Any

from flask import current_app
from sqlalchemy import Connection, Table, func, select
from sqlalchemy.exc import OperationalError
from sqlalchemy.exc import TimeoutError as NoConnection

from grayscale.database import plain_transaction
from grayscale.direct import together
from grayscale.domain import nudges
from grayscale.domain.lever.intake_statements import REPEAT, statements
from grayscale.domain.lever.verdicts import FAILING, GENUINE, Outcome
from grayscale.domain.nudges import Job
from grayscale.extensions import db
from grayscale.models import Delivery, LeverEvent, Source, WebhookTally

SLOT = "grayscale.lever_intake"
# How many deliveries of kinds nobody handles are kept in an hour; the others are only counted.
UNHANDLED_KEPT_AN_HOUR = 100
# Lever gives up on an answer after 5 s: of a database that takes nothing by then it is told, so that it tries again.
ANSWER_WITHIN, SHORTEST_WAIT = 4.0, 0.1
# Waking the scheduler costs more than storing a delivery: not more often than this.
NUDGE_SECONDS = 0.25

_deliveries: Table = Delivery.__table__
_tallies: Table = WebhookTally.__table__


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
    used_earlier_url: bool = False
    count: int = 1
    row: dict[str, Any] | None = None
    # The same as the driver takes it.
    bound: Any = None
    error: BaseException | None = None
    came_at: float = field(default_factory=time.monotonic)
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
    if entry.row is not None:
        # Encrypted here, while others commit, rather than while they wait for it.
        entry.bound = statements(db.engine.dialect).insert.bound(entry.row)
    intake: Intake = current_app.extensions.setdefault(SLOT, Intake())
    intake.store(entry)


def store_all(entries: Sequence[Entry]) -> None:
    """Commit *entries* by themselves, all at once. Raises ``NotStored``."""
    _commit(entries)
    for entry in entries:
        if entry.error is not None:
            raise NotStored(str(entry.error)) from entry.error


def _commit(batch: Sequence[Entry]) -> None:
    """Commit *batch*, or leave in each of its entries why not."""
    try:
        with plain_transaction(_patience(batch)) as connection:
            _write(connection, batch)
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


def _patience(batch: Sequence[Entry]) -> float:
    """How long other writers may be waited for: whoever came first is told in time, and those after them in turn."""
    return max(ANSWER_WITHIN - (time.monotonic() - min(entry.came_at for entry in batch)), SHORTEST_WAIT)


def _write(connection: Connection, batch: Sequence[Entry]) -> None:
    """In one order of rows for all processes, so that two of them never wait for each other in a ring."""
    accepted = _insert(connection, [entry for entry in batch if entry.outcome is not Outcome.UNHANDLED])
    if accepted:
        nudges.defer(Job.LEVER_EVENTS, *accepted, on=connection)
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
    firsts: dict[str, Entry] = {}
    for entry in entries:
        if entry.row is not None:
            firsts.setdefault(entry.row["external_id"], entry)
    if not firsts:
        return []
    rows = [firsts[external_id].bound for external_id in sorted(firsts)]
    made = statements(connection.dialect).insert.insert_all(connection, rows)
    stored = {id(firsts[external_id]) for _, external_id in made}
    for entry in entries:
        if entry.row is not None and id(entry) not in stored:
            entry.outcome = Outcome.DUPLICATE
            if entry.row["token_digest"] and _is_forged(connection, entry.row):
                entry.outcome = Outcome.REPLAYED
                entry.reason = "its signature belongs to another event that came before"
    return [delivery_id for delivery_id, _ in made]


def _is_forged(connection: Connection, row: Mapping[str, Any]) -> bool:
    """Whether what signs *row* came before with something else: Lever repeats a token only with its own event."""
    known = connection.scalar(select(_deliveries.c.id).where(*(_deliveries.c[key] == row[key] for key in REPEAT)))
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
    statements(connection.dialect).count.run(connection, {**key, "count": count, "last_at": at})


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
    direct = statements(connection.dialect)
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
                    "earlier": max((entry.at for entry in same if entry.used_earlier_url), default=None),
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
