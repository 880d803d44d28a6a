"""Wall-clock times of a zone as moments, right also on the days the clocks change."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo, available_timezones

from grayscale.domain.errors import Invalid


class Twice(Invalid):
    """The clocks go back and this time comes twice. *first* and *second* are the two moments, to choose from."""

    def __init__(self, first: datetime, second: datetime) -> None:
        super().__init__(
            f"The clocks go back that night and {first:%H:%M} comes twice. Choose which one you mean.", "time"
        )
        self.first = first
        self.second = second


def moment(day: str, clock: str, zone: str, *, second: bool | None = None) -> datetime:
    """The moment a clock in *zone* shows *clock* (HH:MM) on *day* (YYYY-MM-DD), in UTC.

    Where that comes twice, *second* says which one; None raises ``Twice``. Raises ``Invalid`` for what is no date or
    time, for a zone nobody knows, and for a time the clocks skip.
    """
    if zone not in available_timezones():
        raise Invalid("Choose a time zone.", "zone")
    try:
        on = date.fromisoformat(day.strip())
    except ValueError:
        raise Invalid("Choose a date.", "date") from None
    try:
        at = time.fromisoformat(clock.strip()).replace(second=0, microsecond=0, tzinfo=None)
    except ValueError:
        raise Invalid("Choose a time.", "time") from None
    here = ZoneInfo(zone)
    try:
        first, later = (datetime.combine(on, at, here).replace(fold=fold) for fold in (0, 1))
        as_utc, later_utc = first.astimezone(UTC), later.astimezone(UTC)
    except OverflowError:
        raise Invalid("Choose a date.", "date") from None
    if as_utc.astimezone(here).replace(tzinfo=None) != first.replace(tzinfo=None):
        raise Invalid(
            f"{at:%H:%M} does not exist on {on:%A}, {on.day} {on:%B} in {place(zone)}: the clocks go forward over it.",
            "time",
        )
    if as_utc == later_utc:
        return as_utc
    if second is None:
        raise Twice(first, later)
    return later_utc if second else as_utc


def place(zone: str) -> str:
    """A zone's name as people say it."""
    return zone.rpartition("/")[2].replace("_", " ") or zone


def spoken(at: datetime, zone: str) -> str:
    """A moment in words for a candidate, with the abbreviation of their zone where it has one."""
    local = at.astimezone(ZoneInfo(zone))
    hour = f"{local:%I:%M %p}".lstrip("0")
    return f"{local:%A}, {local:%B} {local.day} at {hour} {abbreviation(local)}"


def abbreviation(local: datetime) -> str:
    """ "CST", or "UTC+05:30" where the zone has only a number."""
    name = local.tzname() or ""
    if name and name[0] in "+-":
        offset = local.utcoffset() or timedelta()
        sign = "-" if offset < timedelta() else "+"
        hours, minutes = divmod(abs(offset) // timedelta(minutes=1), 60)
        return f"UTC{sign}{hours:02}:{minutes:02}"
    return name
