"""Times to choose from, as a page lists them: by day, on the clock of one zone."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from zoneinfo import ZoneInfo

from grayscale.domain.interviews.times import abbreviation
from grayscale.web.filters import DAYS


@dataclass(frozen=True, slots=True)
class Time:
    """*words* is "2:00 PM", *value* what a form sends back."""

    words: str
    value: str
    zone: str


@dataclass(slots=True)
class Day:
    """*words* is "Tuesday 3 March"."""

    words: str
    times: list[Time] = field(default_factory=list)


def by_day(times: Iterable[datetime], zone: str) -> list[Day]:
    """*times*, in order, under their days in *zone*."""
    days: list[Day] = []
    for moment in times:
        local = moment.astimezone(ZoneInfo(zone))
        words = f"{DAYS[local.weekday()]} {local.day} {local:%B}"
        if not days or days[-1].words != words:
            days.append(Day(words))
        clock_time = f"{local:%I:%M %p}".lstrip("0")
        days[-1].times.append(Time(clock_time, moment.isoformat(), abbreviation(local)))
    return days
