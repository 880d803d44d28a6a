"""Asking for a sync, stopping one, and what the pages show of it. The row is the request; the SYNC job does it."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import delete, func, select, update
from sqlalchemy.exc import IntegrityError

from grayscale import clock
from grayscale.database import transaction
from grayscale.domain import audit
from grayscale.domain.lever.windows import PAGE
from grayscale.domain.nudges import Job, nudge
from grayscale.extensions import db
from grayscale.models import SyncKind, SyncRun, SyncState, User

# In the order a page lists them.
RESOURCES = {
    "users": "Users",
    "stages": "Stages",
    "archive_reasons": "Archive reasons",
    "postings": "Postings",
    "opportunities": "Candidates and opportunities",
    "interviews": "Opportunities asked for interviews",
    "changes": "Changes during the sync",
    "deleted": "Deletions",
    "confirm": "Opportunities not seen any more",
}
# Finished polls are only news for a day.
POLLS_KEPT = timedelta(days=1)
# Before this nothing is said of how fast it goes.
SHORTEST_PACE_SECONDS = 2.0
ONE_REQUEST_EACH = frozenset(("interviews", "confirm"))


def request(by: User | None = None, kind: SyncKind | None = None) -> SyncRun:
    """Have a sync done now; joins the one that is running. The first ever is an initial one."""
    return create(kind, by)


def create(kind: SyncKind | None, by: User | None = None) -> SyncRun:
    """The running sync, made if there is none. *kind* None: initial until one was completed, then full."""
    try:
        with transaction() as session:
            running = current()
            if running is not None:
                if running.kind is SyncKind.POLL and kind is not SyncKind.POLL:
                    # A poll is over in seconds; what was asked for is more than it does.
                    running.kind = kind or default_kind()
                    running.requested_by_id = by.id if by else None
                return running
            run = SyncRun(
                kind=kind or default_kind(),
                state=SyncState.RUNNING,
                started_at=clock.now(),
                requested_by_id=by.id if by else None,
                progress={},
            )
            session.add(run)
            session.execute(
                delete(SyncRun).where(
                    SyncRun.kind == SyncKind.POLL,
                    SyncRun.state != SyncState.RUNNING,
                    SyncRun.started_at < clock.now() - POLLS_KEPT,
                )
            )
            session.flush()
            if by is not None:
                audit.record("lever.sync_requested", by=by, detail={"kind": run.kind.value})
            nudge(Job.SYNC, run.id)
        return run
    except IntegrityError:
        # Another process was quicker: at most one runs.
        found = current()
        if found is None:
            raise
        return found


def default_kind() -> SyncKind:
    return SyncKind.FULL if last_success() is not None else SyncKind.INITIAL


def cancel(by: User | None) -> bool:
    """Have the running sync stop at its next step. False when none runs."""
    with transaction() as session:
        found = session.execute(
            update(SyncRun)
            .where(SyncRun.state == SyncState.RUNNING, SyncRun.cancel_requested.is_(False))
            .values(cancel_requested=True)
            .returning(SyncRun.id)
        ).first()
        if found is not None:
            audit.record("lever.sync_cancelled", by=by)
            nudge(Job.SYNC, found.id)
    return found is not None


def current() -> SyncRun | None:
    """The sync that runs, or waits for somebody to run it."""
    return db.session.scalar(select(SyncRun).where(SyncRun.state == SyncState.RUNNING))


def last_success() -> SyncRun | None:
    """The newest initial or full sync that was completed."""
    return db.session.scalar(
        select(SyncRun)
        .where(SyncRun.kind != SyncKind.POLL, SyncRun.state == SyncState.DONE)
        .order_by(SyncRun.finished_at.desc())
        .limit(1)
    )


@dataclass(frozen=True, slots=True)
class ResourceStatus:
    """One line of progress. *known* is None while nobody can tell how many there are."""

    name: str
    label: str
    done: int
    known: int | None
    changed: int
    state: str  # "waiting" | "running" | "done" | "failed" | "off"
    words: str = ""


@dataclass(frozen=True, slots=True)
class SyncStatus:
    """The sync as pages and the command line show it. Durations in seconds."""

    state: str  # "never" | "waiting" | "running" | "done" | "failed" | "canceled"
    kind: SyncKind | None = None
    started_at: datetime | None = None
    finished_at: datetime | None = None
    elapsed: float = 0.0
    estimate: float | None = None
    requests: int = 0
    requests_per_second: float = 0.0
    records_per_second: float = 0.0
    resources: tuple[ResourceStatus, ...] = ()
    error: str | None = None
    cancel_requested: bool = False
    last_success_at: datetime | None = None
    last_poll_at: datetime | None = None

    @property
    def is_running(self) -> bool:
        return self.state in ("waiting", "running")

    @property
    def done(self) -> int:
        """Records of everything that was walked."""
        return sum(line.done for line in self.resources)

    @property
    def known(self) -> int | None:
        """How many there will be, once every line can tell."""
        counts = [line.known if line.state != "done" else line.done for line in self.resources]
        return sum(count for count in counts if count is not None) if None not in counts else None


def status() -> SyncStatus:
    """The running sync, else the newest initial or full one."""
    run = current()
    if run is None or run.kind is SyncKind.POLL:
        run = db.session.scalar(
            select(SyncRun).where(SyncRun.kind != SyncKind.POLL).order_by(SyncRun.id.desc()).limit(1)
        )
    success = last_success()
    polled = db.session.scalar(
        select(func.max(SyncRun.finished_at)).where(SyncRun.kind == SyncKind.POLL, SyncRun.state == SyncState.DONE)
    )
    if run is None:
        return SyncStatus("never", last_poll_at=polled)
    return status_of(run, last_success_at=success.finished_at if success else None, last_poll_at=polled)


def status_of(
    run: SyncRun, *, last_success_at: datetime | None = None, last_poll_at: datetime | None = None
) -> SyncStatus:
    """One run in figures."""
    ends = run.finished_at or clock.now()
    elapsed = max((ends - run.started_at).total_seconds(), 0.0)
    working = float(run.progress.get("seconds") or 0.0)
    lines = tuple(_line(name, run.progress[name]) for name in RESOURCES if isinstance(run.progress.get(name), dict))
    state = run.state.value
    if run.state is SyncState.RUNNING and not run.progress:
        state = "waiting"
    pace = _Pace.of(run, lines, working)
    return SyncStatus(
        state=state,
        kind=run.kind,
        started_at=run.started_at,
        finished_at=run.finished_at,
        elapsed=elapsed,
        estimate=_estimate(lines, pace) if run.state is SyncState.RUNNING else None,
        requests=run.requests,
        requests_per_second=run.requests / working if working else 0.0,
        records_per_second=pace.records,
        resources=lines,
        error=run.error,
        cancel_requested=run.cancel_requested,
        last_success_at=last_success_at,
        last_poll_at=last_poll_at,
    )


def _line(name: str, stored: dict[str, Any]) -> ResourceStatus:
    return ResourceStatus(
        name=name,
        label=RESOURCES[name],
        done=int(stored.get("done") or 0),
        known=stored.get("known"),
        changed=int(stored.get("changed") or 0),
        state=str(stored.get("state") or "waiting"),
        words=str(stored.get("words") or ""),
    )


@dataclass(frozen=True, slots=True)
class _Pace:
    """Records and requests a second of late; 0 while nothing can be said."""

    records: float
    requests: float

    @classmethod
    def of(cls, run: SyncRun, lines: tuple[ResourceStatus, ...], working: float) -> _Pace:
        since, records, requests = (run.progress.get("marks") or [[0.0, 0, 0]])[0]
        seconds = working - since
        if seconds < SHORTEST_PACE_SECONDS:
            return cls(0.0, 0.0)
        return cls((sum(line.done for line in lines) - records) / seconds, (run.requests - requests) / seconds)


def _estimate(lines: tuple[ResourceStatus, ...], pace: _Pace) -> float | None:
    """Seconds left: the requests that are still to be made, as fast as those of late. None while nobody can tell."""
    left = 0.0
    for line in lines:
        if line.state in ("done", "failed", "off"):
            continue
        if line.known is None:
            return None
        rest = max(line.known - line.done, 0)
        left += rest if line.name in ONE_REQUEST_EACH else math.ceil(rest / PAGE)
    return left / pace.requests if pace.requests else None
