"""The company's rules for reminders and for times candidates choose from."""

from dataclasses import dataclass
from datetime import time

from grayscale.database import transaction
from grayscale.domain import audit
from grayscale.domain.company import scheduling_policy
from grayscale.domain.errors import Invalid
from grayscale.domain.nudges import Job, nudge
from grayscale.domain.reminders import planning
from grayscale.models import User


@dataclass(frozen=True, slots=True)
class Rules:
    """Times of day are the candidate's for reminders, the interviewers' own for work; days Monday 0 to Sunday 6."""

    remind_day_before: bool
    day_before_at: time
    remind_hour_before: bool
    works_from: time
    works_until: time
    working_days: list[int]
    buffer_minutes: int
    notice_hours: int
    change_hours: int
    link_days: int


OF_REMINDERS = ("remind_day_before", "day_before_at", "remind_hour_before")


def save(rules: Rules, by: User) -> bool:
    """Keep the rules; whether anything changed. Reminders that wait are planned anew. Raises ``Invalid``."""
    if not rules.working_days:
        raise Invalid("Choose at least one day.", "working_days")
    if rules.works_from >= rules.works_until and rules.works_until != time(0):
        raise Invalid("Work ends after it begins.", "works_until")
    with transaction():
        row = scheduling_policy()
        changed = {
            name: [str(getattr(row, name)), str(getattr(rules, name))]
            for name in Rules.__slots__
            if getattr(row, name) != getattr(rules, name)
        }
        for name in changed:
            setattr(row, name, getattr(rules, name))
        if changed:
            audit.record("scheduling.rules_saved", by=by, detail=changed)
        if set(changed) & set(OF_REMINDERS):
            planning.follow_all()
            nudge(Job.REMINDERS)
    return bool(changed)
