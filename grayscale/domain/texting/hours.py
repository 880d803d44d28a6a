"""When a text may arrive: windows of local wall-clock time, in every zone the candidate may be in.

A moment is allowed only where every zone allows it. Windows are per weekday, so that stricter states fit in; all
arithmetic is on local time, so a change of the clocks moves nothing.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
# How far ahead the next allowed minute is sought; a window that opens once a week is found.
HORIZON_DAYS = 9
_DAY = 24 * 60

# Minutes since local midnight, from inclusive to exclusive.
Span = tuple[int, int]
Week = tuple[tuple[Span, ...], ...]
ALL_DAY: Week = (((0, _DAY),),) * 7


def _every_day(opens: str, closes: str) -> dict[str, list[str]]:
    return {day: [opens, closes] for day in WEEKDAYS}


# Hours of the states stricter than the federal 8 to 21. Compiled from law firms' overviews, most of which speak of
# sales texts; counsel confirms what binds a company.
STATE_WINDOWS: dict[str, dict[str, list[str]]] = {
    **{state: _every_day("08:00", "20:00") for state in ("AL", "FL", "LA", "MA", "MD", "MS", "NJ", "OK", "WA")},
    "CT": _every_day("09:00", "20:00"),
    "TX": {**_every_day("09:00", "21:00"), "sun": ["12:00", "21:00"]},
    "VA": _every_day("08:00", "21:00"),
}


@dataclass(frozen=True, slots=True)
class Hours:
    """The weeks that must all allow a moment: the company's, and those of the candidate's state."""

    weeks: tuple[Week, ...]

    @property
    def always(self) -> bool:
        return all(week == ALL_DAY for week in self.weeks)


def build(
    opens: time, closes: time, *, state: str | None = None, own: Mapping[str, Mapping[str, Sequence[str]]] | None = None
) -> Hours:
    """Hours from *opens* to *closes* (equal: all day), narrowed by the state's.

    *own* are the company's windows by state, instead of ``STATE_WINDOWS``. A company that texts all day has chosen to:
    only windows of its own narrow that.
    """
    company = daily(opens, closes)
    by_state = own if own is not None else ({} if company == ALL_DAY else STATE_WINDOWS)
    windows = by_state.get(state or "")
    return Hours((company,) if windows is None else (company, _week(windows)))


def daily(opens: time, closes: time) -> Week:
    """The same window every day; one that closes before it opens runs past midnight."""
    first, last = _minutes(opens), _minutes(closes)
    if first == last:
        return ALL_DAY
    spans: tuple[Span, ...] = ((first, last),) if first < last else ((0, last), (first, _DAY))
    return (spans,) * 7


def allowed_at(moment: datetime, zones: Iterable[str], hours: Hours) -> bool:
    """Whether every zone's wall clock is inside the window at *moment*."""
    return all(_is_open(moment.astimezone(ZoneInfo(zone)), week) for zone in zones for week in hours.weeks)


def next_allowed(moment: datetime, zones: Sequence[str], hours: Hours) -> datetime | None:
    """The first moment from *moment* on that every zone allows, in UTC; None when there is none within days."""
    start = moment.astimezone(UTC)
    if allowed_at(start, zones, hours):
        return start
    # Only where some window opens can the answer turn from no to yes.
    openings = sorted({opening for zone in zones for opening in _edges(start, ZoneInfo(zone), hours, 0)})
    return next((opening for opening in openings if opening > start and allowed_at(opening, zones, hours)), None)


def next_closed(moment: datetime, zones: Sequence[str], hours: Hours) -> datetime | None:
    """The first moment after *moment* that some zone does not allow, in UTC; None when there is none within days."""
    start = moment.astimezone(UTC)
    closings = sorted({closing for zone in zones for closing in _edges(start, ZoneInfo(zone), hours, 1)})
    return next((closing for closing in closings if closing > start and not allowed_at(closing, zones, hours)), None)


def _edges(start: datetime, zone: ZoneInfo, hours: Hours, which: int) -> Iterable[datetime]:
    """When windows begin (*which* 0) or end (1) in *zone* during the days to come."""
    today = start.astimezone(zone).date()
    for ahead in range(HORIZON_DAYS):
        day = today + timedelta(days=ahead)
        for week in hours.weeks:
            for span in week[day.weekday()]:
                hour, minute = divmod(span[which], 60)
                wall = datetime.combine(day + timedelta(days=hour // 24), time(hour % 24, minute))
                # Both readings of an hour that the clocks repeat; one they skip lands after the gap.
                for fold in (0, 1):
                    yield wall.replace(tzinfo=zone, fold=fold).astimezone(UTC)


def _is_open(local: datetime, week: Week) -> bool:
    minute = local.hour * 60 + local.minute
    return any(first <= minute < last for first, last in week[local.weekday()])


def _week(windows: Mapping[str, Sequence[str]]) -> Week:
    """A weekday that is not named is closed."""
    week: list[tuple[Span, ...]] = []
    for day in WEEKDAYS:
        window = windows.get(day)
        week.append(daily(parse_time(window[0]), parse_time(window[1]))[0] if window else ())
    return tuple(week)


def parse_time(text: str) -> time:
    """A time of day from "09:00" or "24:00" (the day's end, as midnight). Raises ``ValueError``."""
    return time(0, 0) if text.strip() == "24:00" else time.fromisoformat(text.strip())


def _minutes(moment: time) -> int:
    return moment.hour * 60 + moment.minute
