"""When reminders go: across changes of the clocks, within texting hours, in zones on half hours."""

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from grayscale.domain.reminders.times import LATEST, due
from grayscale.domain.texting import hours
from grayscale.models import ReminderKind

DAY, HOUR = ReminderKind.DAY_BEFORE, ReminderKind.HOUR_BEFORE
NINE_TO_EIGHT = hours.build(time(9), time(20))
FIVE = time(17)


def at(zone: str, *parts: int) -> datetime:
    return datetime(*parts, tzinfo=ZoneInfo(zone))  # type: ignore[misc, arg-type]


def wall(kind: ReminderKind, starts_at: datetime, zone: str, allowed: hours.Hours = NINE_TO_EIGHT) -> str | None:
    moment = due(kind, starts_at.astimezone(UTC), (zone,), allowed, day_before_at=FIVE)
    return None if moment is None else f"{moment.astimezone(ZoneInfo(zone)):%m-%d %H:%M}"


@pytest.mark.parametrize(
    ("starts_at", "day_before", "hour_before"),
    [
        # The clocks go forward in the night between the reminder and the interview, and back.
        (at("America/New_York", 2026, 3, 8, 14), "03-07 17:00", "03-08 13:00"),
        (at("America/New_York", 2026, 11, 1, 14), "10-31 17:00", "11-01 13:00"),
        (at("Europe/Berlin", 2026, 3, 29, 10), "03-28 17:00", "03-29 09:00"),
        (at("Asia/Kolkata", 2026, 3, 8, 14), "03-07 17:00", "03-08 13:00"),
        (at("Australia/Lord_Howe", 2026, 4, 5, 14), "04-04 17:00", "04-05 13:00"),
    ],
)
def test_both_keep_to_the_candidates_clock(starts_at: datetime, day_before: str, hour_before: str) -> None:
    zone = str(starts_at.tzinfo)
    assert wall(DAY, starts_at, zone) == day_before
    assert wall(HOUR, starts_at, zone) == hour_before


def test_the_hour_before_is_an_hour_of_real_time_through_a_change() -> None:
    starts_at = at("America/New_York", 2026, 11, 1, 2, 15)
    always = hours.build(time(0), time(0))
    moment = due(HOUR, starts_at.astimezone(UTC), ("America/New_York",), always, day_before_at=FIVE)
    assert moment is not None
    assert starts_at.astimezone(UTC) - moment == timedelta(hours=1)


def test_quiet_hours_move_a_reminder_while_it_still_helps() -> None:
    zone = "America/Chicago"
    # An hour before is 8:30: it goes at nine.
    assert wall(HOUR, at(zone, 2026, 6, 3, 9, 30), zone) == "06-03 09:00"
    # At nine it would be ten minutes before.
    assert wall(HOUR, at(zone, 2026, 6, 3, 9, 10), zone) is None
    # Five is after closing, or before opening: as near as the day allows.
    assert wall(DAY, at(zone, 2026, 6, 3, 14), zone, hours.build(time(9), time(16))) == "06-02 15:45"
    assert wall(DAY, at(zone, 2026, 6, 3, 14), zone, hours.build(time(18), time(21))) == "06-02 18:00"


def test_every_zone_the_candidate_may_be_in_allows_it() -> None:
    zones = ("America/New_York", "America/Los_Angeles")
    starts_at = at("America/New_York", 2026, 6, 3, 12)
    moment = due(HOUR, starts_at.astimezone(UTC), zones, NINE_TO_EIGHT, day_before_at=FIVE)
    # Eleven in New York is eight on the west coast; nine there is the interview itself.
    assert moment is None


@settings(max_examples=60, deadline=None)
@given(
    starts_at=st.datetimes(datetime(2026, 1, 1), datetime(2027, 12, 31), timezones=st.just(UTC)),
    zone=st.sampled_from(("America/New_York", "America/St_Johns", "Asia/Kathmandu", "Australia/Lord_Howe")),
    opens=st.integers(0, 23),
    closes=st.integers(0, 23),
    kind=st.sampled_from(list(ReminderKind)),
)
def test_a_reminder_is_early_enough_and_within_hours_or_none(
    starts_at: datetime, zone: str, opens: int, closes: int, kind: ReminderKind
) -> None:
    allowed = hours.build(time(opens), time(closes))
    moment = due(kind, starts_at, (zone,), allowed, day_before_at=FIVE)
    if moment is not None:
        assert moment <= starts_at - LATEST[kind]
        assert hours.allowed_at(moment, (zone,), allowed)
        assert moment >= starts_at - timedelta(hours=49)
