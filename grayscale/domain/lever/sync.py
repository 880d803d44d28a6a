"""The sync of Lever: asking for it, running it, watching it. One at a time, across processes."""

from __future__ import annotations

from flask import current_app
from sqlalchemy.exc import OperationalError

from grayscale import clock
from grayscale.clients.errors import ClientError, NotAuthorised
from grayscale.domain.company import lever_integration
from grayscale.domain.lever import connection, erasure, poll, sync_runs
from grayscale.domain.lever.sync_engine import Engine
from grayscale.domain.lever.sync_requests import (
    ResourceStatus,
    SyncStatus,
    cancel,
    create,
    current,
    last_success,
    request,
    status,
    status_of,
)
from grayscale.models import KeyState, SyncRun, SyncState

__all__ = [
    "ResourceStatus",
    "SyncStatus",
    "cancel",
    "current",
    "last_success",
    "request",
    "run_if_due",
    "status",
    "status_of",
    "stop",
    "take_up_failed",
]

# How long one round works before it gives the scheduler a look; the run goes on in the next round.
ROUND_SECONDS = 5.0
# A refused or unchecked key is tried again this often.
RECHECK_SECONDS = 15 * 60.0
RECHECK_UNANSWERED_SECONDS = 30.0
MOST_BROKEN_ROUNDS = 3


class _Worker:
    """What this process runs: its name, and the engine that goes on between rounds."""

    def __init__(self) -> None:
        self.runner = sync_runs.new_runner()
        self.engine: Engine | None = None
        # Rounds of the run that ended with an error nobody foresaw, one after the other.
        self.broken_rounds = 0


def take_up_failed() -> int | None:
    """Let the newest run go on where it failed, without waiting for its pause; its id, None if it did not fail."""
    return sync_runs.take_up_failed(at_once=True)


def run_if_due(seconds: float = ROUND_SECONDS) -> int:
    """One round of the SYNC job: work on the run that runs, or begin one that is due. 1 while there is more to do."""
    erasure.tidy()
    if not _is_key_usable():
        return 0
    run = current()
    if run is None:
        run = _begin_due()
    if run is None:
        return 0
    worker = _worker()
    if run.cancel_requested and (worker.engine is None or worker.engine.run_id != run.id):
        return _cancel_idle(run, worker)
    if not sync_runs.claim(run.id, worker.runner):
        _drop(worker)
        return 0
    if worker.engine is None or worker.engine.run_id != run.id:
        _drop(worker)
        worker.engine = Engine(run, worker.runner)
    try:
        is_over = worker.engine.step(seconds)
    except BaseException as error:
        # The next round begins from the checkpoints.
        _drop(worker)
        if not _give_up(run.id, worker, error):
            sync_runs.release(run.id, worker.runner)
        raise
    worker.broken_rounds = 0
    if is_over:
        _drop(worker)
    return 1


def _give_up(run_id: int, worker: _Worker, error: BaseException) -> bool:
    """End the run when what it meets will not pass by trying again and again; it goes on after its pause."""
    if not isinstance(error, Exception) or isinstance(error, OperationalError):
        return False
    worker.broken_rounds += 1
    if worker.broken_rounds < MOST_BROKEN_ROUNDS:
        return False
    worker.broken_rounds = 0
    words = f"An error nobody foresaw stopped it ({type(error).__name__}). The log tells where."
    sync_runs.finish_now(run_id, worker.runner, SyncState.FAILED, words)
    return True


def stop() -> None:
    """Let go of the run, if this process has one: another may go on at once."""
    worker = _worker()
    if worker.engine is not None:
        run_id = worker.engine.run_id
        _drop(worker)
        sync_runs.release(run_id, worker.runner)


def _worker() -> _Worker:
    extensions = current_app.extensions
    if "grayscale.sync" not in extensions:
        extensions["grayscale.sync"] = _Worker()
    worker: _Worker = extensions["grayscale.sync"]
    return worker


def _drop(worker: _Worker) -> None:
    if worker.engine is not None:
        worker.engine.close()
        worker.engine = None


def _begin_due() -> SyncRun | None:
    if sync_runs.take_up_failed() is not None:
        return current()
    kind = poll.due()
    return create(kind) if kind is not None else None


def _cancel_idle(run: SyncRun, worker: _Worker) -> int:
    """Cancel a run nobody works on."""
    if sync_runs.claim(run.id, worker.runner):
        sync_runs.finish_now(run.id, worker.runner, SyncState.CANCELED)
    return 0


def _is_key_usable() -> bool:
    integration = lever_integration()
    if not integration.api_key:
        return False
    if integration.key_state is KeyState.ACCEPTED:
        return True
    refused = integration.key_state is KeyState.REFUSED
    wait = RECHECK_SECONDS if refused else RECHECK_UNANSWERED_SECONDS
    checked = integration.key_checked_at
    if checked is not None and (clock.now() - checked).total_seconds() < wait:
        return not refused
    try:
        return connection.check_key() is not KeyState.REFUSED
    except (NotAuthorised, ClientError):
        return False
