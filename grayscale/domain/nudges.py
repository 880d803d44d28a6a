"""Asking for a job to run now rather than at its next tick.

A nudge is a courtesy: the row that was committed is what counts, and a tick or the sweep finds it if the nudge is lost.
It carries the id of that row where there is one. With ``JOBS=workers`` it is a task of the queue, deferred on the
connection of the transaction that writes the row, so that both are committed or neither is.
"""

import enum
from collections.abc import Callable

from flask import current_app
from sqlalchemy import Connection

from grayscale.database import after_commit, transaction

# Where the application keeps its queue, if it has one.
QUEUE = "grayscale.queue"


@enum.unique
class Job(enum.StrEnum):
    """The ticking jobs, by what they work off."""

    LEVER_EVENTS = "lever_events"
    CARRIER_EVENTS = "carrier_events"
    OUTBOUND = "outbound"
    CHECKS = "checks"
    MEDIA = "media"
    TRANSCRIPTS = "transcripts"
    INTERVIEWS = "interviews"
    REMINDERS = "reminders"
    SLOTS = "slots"
    SYNC = "sync"
    RECONCILE = "reconcile"
    HOUSEKEEPING = "housekeeping"


_listeners: list[Callable[[Job], None]] = []


def on_nudge(listener: Callable[[Job], None]) -> None:
    """Have *listener* called with the job of every nudge of this process."""
    _listeners.append(listener)


def forget_listeners() -> None:
    _listeners.clear()


def nudge(job: Job, *rows: int) -> None:
    """Ask that *job* runs as soon as what the caller writes is committed; *rows* are the ids it is about."""
    defer(job, *rows)
    after_commit(lambda: wake(job))


def defer(job: Job, *rows: int, on: Connection | None = None) -> None:
    """Put *job* into the queue with the caller's transaction, *on* its connection where it has no session.

    Nothing happens where there is no queue.
    """
    queue: Callable[[Connection, Job, tuple[int, ...]], None] | None = current_app.extensions.get(QUEUE)
    if queue is None:
        return
    if on is not None:
        queue(on, job, rows)
        return
    with transaction() as session:
        queue(session.connection(), job, rows)


def wake(job: Job) -> None:
    """Tell the scheduler of this process, if it runs one."""
    for listener in _listeners:
        listener(job)
