"""The row of a run: who runs it, how far it is, how it ended. Whoever holds the lease runs it.

A lease in the row and no advisory lock: such a lock is PostgreSQL's alone and lives as long as a connection, which a
pooler shares and a restart of the server ends while its holder goes on working. Who died leaves the lease for seconds
at most. Who lost it while it hung learns so at its next beat; the page it may still write is one that Lever gave, into
a mirror that only moves forward. That there is one run to hold at all is a unique index.
"""

from __future__ import annotations

import os
import secrets
import socket
from datetime import timedelta
from typing import Any

from sqlalchemy import delete, func, or_, select, update

from grayscale import clock
from grayscale.database import transaction
from grayscale.domain import audit
from grayscale.extensions import db
from grayscale.models import SyncRun, SyncState, SyncWindow

LEASE = timedelta(seconds=20)
# A failed run is taken up again after this, doubled with every time it failed in a row.
FIRST_PAUSE = timedelta(seconds=30)
LONGEST_PAUSE = timedelta(minutes=15)

HOST = socket.gethostname()


def new_runner() -> str:
    """A name for this process as the one that runs a sync."""
    return f"{HOST}/{os.getpid()}/{secrets.token_hex(4)}"


def claim(run_id: int, runner: str) -> bool:
    """Take the run, unless somebody who lives holds it. Claiming what one holds renews the lease."""
    with transaction() as session:
        run = session.execute(
            select(SyncRun.runner, SyncRun.lease_until, SyncRun.state)
            .where(SyncRun.id == run_id)
            .with_for_update(key_share=True)
        ).one_or_none()
        if run is None or run.state is not SyncState.RUNNING:
            return False
        free = run.runner is None or run.runner == runner or run.lease_until is None
        if not free and run.lease_until > clock.now() and not _is_dead(run.runner):
            return False
        session.execute(
            update(SyncRun).where(SyncRun.id == run_id).values(runner=runner, lease_until=clock.now() + LEASE)
        )
    return True


def _is_dead(runner: str) -> bool:
    """Whether the holder was a process of this machine that is gone: no need to wait for its lease to end."""
    host, _, rest = runner.partition("/")
    pid = rest.partition("/")[0]
    if host != HOST or not pid.isdigit() or int(pid) == os.getpid():
        return False
    try:
        os.kill(int(pid), 0)
    except ProcessLookupError:
        return True
    except OSError:
        return False
    return False


def beat(run_id: int, runner: str, progress: dict[str, Any], requests: int, phase: str) -> SyncRun | None:
    """Renew the lease and write down how far it is. None when the run is no longer this runner's."""
    with transaction() as session:
        done = session.execute(
            update(SyncRun)
            .where(SyncRun.id == run_id, SyncRun.runner == runner, SyncRun.state == SyncState.RUNNING)
            .values(lease_until=clock.now() + LEASE, progress=progress, requests=requests, phase=phase)
            .returning(SyncRun.id)
            .execution_options(synchronize_session=False)
        ).first()
        if done is None:
            return None
        return session.get(SyncRun, run_id, populate_existing=True)


def release(run_id: int, runner: str) -> None:
    """Let go of a run that stands still, so that the next process need not wait."""
    with transaction() as session:
        session.execute(
            update(SyncRun).where(SyncRun.id == run_id, SyncRun.runner == runner).values(lease_until=None, runner=None)
        )


def restart(run: SyncRun) -> None:
    """Begin anew as what the run's kind has become. Called inside a transaction."""
    db.session.execute(delete(SyncWindow).where(SyncWindow.run_id == run.id))
    run.progress = {}
    run.requests = 0
    run.started_at = clock.now()


def finish(run_id: int, runner: str, state: SyncState, error: str | None, progress: dict[str, Any]) -> None:
    """End the run; a failed one keeps its checkpoints. Called inside the transaction that ends it."""
    session = db.session()
    session.execute(
        update(SyncRun)
        .where(SyncRun.id == run_id, SyncRun.runner == runner, SyncRun.state == SyncState.RUNNING)
        .values(
            state=state, error=error, progress=progress, phase="", finished_at=clock.now(), runner=None,
            lease_until=None,
        )
        .execution_options(synchronize_session=False)
    )
    if state is not SyncState.FAILED:
        session.execute(delete(SyncWindow).where(SyncWindow.run_id == run_id))
    if state is SyncState.FAILED:
        audit.record("lever.sync_failed", by=None, detail={"run": run_id, "error": (error or "")[:200]})


def finish_now(run_id: int, runner: str, state: SyncState, error: str | None = None) -> None:
    """End a run that stands still."""
    with transaction() as session:
        progress = dict(session.get_one(SyncRun, run_id).progress)
        if state is SyncState.FAILED:
            progress["failures"] = int(progress.get("failures") or 0) + 1
        finish(run_id, runner, state, error, progress)


def take_up_failed(*, at_once: bool = False) -> int | None:
    """Let a failed run go on from its checkpoints, once its pause is over; its id."""
    run = db.session.scalar(select(SyncRun).order_by(SyncRun.id.desc()).where(_is_walk()).limit(1))
    if run is None or run.state is not SyncState.FAILED or run.finished_at is None:
        return None
    failures = int(run.progress.get("failures") or 1)
    pause = min(FIRST_PAUSE * 2 ** min(failures - 1, 10), LONGEST_PAUSE)
    if not at_once and run.finished_at + pause > clock.now():
        return None
    with transaction() as session:
        if session.scalar(select(func.count()).select_from(SyncRun).where(SyncRun.state == SyncState.RUNNING)):
            return None
        taken = session.execute(
            update(SyncRun)
            .where(SyncRun.id == run.id, SyncRun.state == SyncState.FAILED)
            .values(state=SyncState.RUNNING, finished_at=None, error=None, cancel_requested=False)
            .returning(SyncRun.id)
            .execution_options(synchronize_session=False)
        ).first()
    return run.id if taken else None


def _is_walk() -> Any:
    return or_(SyncRun.kind == "initial", SyncRun.kind == "full")
