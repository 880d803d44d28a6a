"""The jobs: what each tick runs, and how often at the least."""

from collections.abc import Callable
from dataclasses import dataclass

from grayscale.domain import housekeeping
from grayscale.domain.interviews import writing
from grayscale.domain.lever import events, sync
from grayscale.domain.nudges import Job
from grayscale.domain.reminders import planning
from grayscale.domain.slots import in_lever
from grayscale.domain.texting import checks, inbound, media, reconcile, sending
from grayscale.domain.transcripts import posting


@dataclass(frozen=True, slots=True)
class Task:
    """*work* does a bounded piece of what is due and answers how much it did; it is called again while it did any."""

    job: Job
    every_seconds: float
    work: Callable[[], int]


TASKS: tuple[Task, ...] = (
    Task(Job.LEVER_EVENTS, 1, events.handle_waiting),
    Task(Job.CARRIER_EVENTS, 1, inbound.handle_waiting),
    Task(Job.OUTBOUND, 1, sending.send_due),
    Task(Job.CHECKS, 5, checks.check_unknown),
    Task(Job.MEDIA, 5, media.fetch_waiting),
    Task(Job.TRANSCRIPTS, 1, posting.post_due),
    Task(Job.INTERVIEWS, 1, writing.work_due),
    Task(Job.REMINDERS, 30, planning.catch_up),
    Task(Job.SLOTS, 5, in_lever.catch_up),
    Task(Job.SYNC, 5, sync.run_if_due),
    Task(Job.RECONCILE, 60, reconcile.catch_up),
    Task(Job.HOUSEKEEPING, 3600, housekeeping.tidy),
)
