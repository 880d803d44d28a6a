"""The jobs: what each tick runs, and how often at the least."""

from collections.abc import Callable
from dataclasses import dataclass

from grayscale.domain.nudges import Job


@dataclass(frozen=True, slots=True)
class Task:
    """*work* does a bounded piece of what is due and answers how much it did; it is called again while it did any."""

    job: Job
    every_seconds: float
    work: Callable[[], int]


TASKS: tuple[Task, ...] = ()
