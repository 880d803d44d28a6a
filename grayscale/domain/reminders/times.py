"""When a reminder goes: on the candidate's clock, within the hours texts may arrive, while it still helps."""

from collections.abc import Sequence
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from grayscale.domain.texting import hours
from grayscale.domain.texting.hours import Hours
from grayscale.models import ReminderKind

# Nearer to the interview than this, a reminder only startles.
LATEST = {ReminderKind.DAY_BEFORE: timedelta(hours=2), ReminderKind.HOUR_BEFORE: timedelta(minutes=15)}
# One that was held up goes until then.
POINTLESS = {ReminderKind.DAY_BEFORE: timedelta(minutes=90), ReminderKind.HOUR_BEFORE: timedelta(minutes=5)}
_STEP = timedelta(minutes=15)


def due(
    kind: ReminderKind, starts_at: datetime, zones: Sequence[str], allowed: Hours, *, day_before_at: time
) -> datetime | None:
    """The moment (UTC) to remind of an interview at *starts_at*; None when there is none that is allowed.

    The day before, at *day_before_at* on the clock of the first of *zones*, or as near to it as texting hours allow on
    that day. The hour before is an hour of real time, whatever the clocks do meanwhile; where it begins before texting
    hours do, the reminder goes when they begin.
    """
    latest = starts_at - LATEST[kind]
    if kind is ReminderKind.HOUR_BEFORE:
        found = hours.next_allowed(starts_at - timedelta(hours=1), zones, allowed)
        return found if found is not None and found <= latest else None
    zone = ZoneInfo(zones[0])
    day = starts_at.astimezone(zone).date() - timedelta(days=1)
    wanted = datetime.combine(day, day_before_at, zone)
    found = hours.next_allowed(wanted, zones, allowed)
    if found is not None and found.astimezone(zone).date() == day and found <= latest:
        return found
    return _last_allowed(wanted, zones, allowed, zone)


def _last_allowed(wanted: datetime, zones: Sequence[str], allowed: Hours, zone: ZoneInfo) -> datetime | None:
    """The latest allowed quarter of an hour before *wanted* on the same day."""
    day, moment = wanted.date(), wanted.astimezone(ZoneInfo("UTC"))
    while (moment := moment - _STEP).astimezone(zone).date() == day:
        if hours.allowed_at(moment, zones, allowed):
            return moment
    return None
