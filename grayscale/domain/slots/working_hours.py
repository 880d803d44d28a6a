"""Times that could be offered: within everybody's working hours, outside everything they are known to do.

Working hours are wall-clock time of each interviewer's zone, so a change of the clocks moves nothing; a time the clocks
skip is none, and of an hour they repeat the first reading counts.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

# Times begin at full and half hours, and at quarters for short interviews.
STEP, SHORT_STEP = 30, 15
LONGEST_SEARCH = timedelta(days=60)

Span = tuple[datetime, datetime]


@dataclass(frozen=True, slots=True)
class Week:
    """*days* as Monday 0 to Sunday 6; a day that ends before it begins runs to midnight."""

    begins: time
    ends: time
    days: frozenset[int]


def free_times(
    first: date,
    last: date,
    *,
    minutes: int,
    zones: Sequence[str],
    week: Week,
    busy: Iterable[Span] = (),
    buffer: timedelta = timedelta(0),
    not_before: datetime,
) -> Iterator[datetime]:
    """Starts of free stretches of *minutes* (UTC, in order), on the days from *first* to *last* of the first zone.

    Every zone's working hours must hold the whole stretch. *busy* stretches keep *buffer* free around them.
    """
    lead, length = ZoneInfo(zones[0]), timedelta(minutes=minutes)
    taken = sorted((begin - buffer, end + buffer) for begin, end in busy)
    last = min(last, first + LONGEST_SEARCH)
    for day in (first + timedelta(days=ahead) for ahead in range((last - first).days + 1)):
        if day.weekday() not in week.days:
            continue
        for start in _starts(day, lead, week, minutes):
            if (
                start >= not_before
                and all(_works(start, start + length, ZoneInfo(zone), week) for zone in zones)
                and not overlaps(start, start + length, taken)
            ):
                yield start


def overlaps(start: datetime, end: datetime, spans: Iterable[Span]) -> bool:
    """Whether a stretch has a moment in common with any of *spans*; touching ends have none."""
    return any(begin < end and start < finish for begin, finish in spans)


def exists(wall: datetime, zone: ZoneInfo) -> bool:
    """Whether the clocks of *zone* ever show *wall*: not in the hour they skip."""
    aware = wall.replace(tzinfo=zone)
    return aware.astimezone(UTC).astimezone(zone).replace(tzinfo=None) == wall


def _starts(day: date, zone: ZoneInfo, week: Week, minutes: int) -> Iterator[datetime]:
    step = timedelta(minutes=STEP if minutes >= STEP else SHORT_STEP)
    wall = datetime.combine(day, week.begins)
    while wall.date() == day:
        if exists(wall, zone):
            yield wall.replace(tzinfo=zone).astimezone(UTC)
        wall += step


def _works(start: datetime, end: datetime, zone: ZoneInfo, week: Week) -> bool:
    """Whether somebody in *zone* works from *start* to *end*, by their own clock."""
    begins, ends = start.astimezone(zone).replace(tzinfo=None), end.astimezone(zone).replace(tzinfo=None)
    opens = datetime.combine(begins.date(), week.begins)
    closes = datetime.combine(begins.date(), week.ends)
    if closes <= opens:
        closes = datetime.combine(begins.date() + timedelta(days=1), time(0))
    return begins.weekday() in week.days and opens <= begins and ends <= closes
