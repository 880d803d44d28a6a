"""Asking for a job to run now rather than at its next tick.

A nudge is a courtesy: the row that was committed is what counts, and the tick finds it if the nudge is lost.
"""

import enum
from collections.abc import Callable

from grayscale.database import after_commit


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
    SYNC = "sync"
    RECONCILE = "reconcile"
    HOUSEKEEPING = "housekeeping"


_listeners: list[Callable[[Job], None]] = []


def on_nudge(listener: Callable[[Job], None]) -> None:
    """Have *listener* called with the job of every nudge of this process."""
    _listeners.append(listener)


def forget_listeners() -> None:
    _listeners.clear()


def nudge(job: Job) -> None:
    """Ask that *job* runs as soon as what the caller writes is committed."""
    after_commit(lambda: _tell(job))


def _tell(job: Job) -> None:
    for listener in _listeners:
        listener(job)
