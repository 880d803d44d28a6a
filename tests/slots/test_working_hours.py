"""Times within working hours, across changes of the clocks and in zones on half hours."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from grayscale.domain.slots.working_hours import Week, free_times

EVERY_DAY = Week(time(9), time(17), frozenset(range(7)))
LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)


def walls(day: date, zone: str, *others: str, week: Week = EVERY_DAY, minutes: int = 60, **values: object) -> list[str]:
    """Local starts of one day, as the first zone's clock shows them."""
    values.setdefault("not_before", LONG_AGO)
    found = free_times(day, day, minutes=minutes, zones=(zone, *others), week=week, **values)  # type: ignore[arg-type]
    return [f"{start.astimezone(ZoneInfo(zone)):%H:%M}" for start in found]


@pytest.mark.parametrize(
    "day",
    [date(2026, 3, 7), date(2026, 3, 8), date(2026, 3, 9), date(2026, 10, 31), date(2026, 11, 1), date(2026, 11, 2)],
)
def test_nine_is_nine_on_the_clock_before_at_and_after_each_change(day: date) -> None:
    found = walls(day, "America/New_York")
    assert found[0] == "09:00"
    assert found[-1] == "16:00"
    assert len(found) == 15


def test_nine_moves_by_an_hour_in_utc_when_the_clocks_change() -> None:
    days = (date(2026, 3, 7), date(2026, 3, 8))
    first = [next(free_times(day, day, minutes=60, zones=("America/New_York",), week=EVERY_DAY, not_before=LONG_AGO))
             for day in days]  # fmt: skip
    assert [start.hour for start in first] == [14, 13]


def test_a_time_the_clocks_skip_is_never_offered_and_one_they_repeat_once() -> None:
    night = Week(time(0), time(5), frozenset(range(7)))
    skipped = walls(date(2026, 3, 8), "America/New_York", week=night, minutes=30)
    assert "01:30" in skipped
    assert "03:00" in skipped
    assert not {"02:00", "02:30"} & set(skipped)
    repeated = walls(date(2026, 11, 1), "America/New_York", week=night, minutes=30)
    assert repeated.count("01:00") == 1


def test_half_hour_zones_keep_their_own_round_hours() -> None:
    assert walls(date(2026, 6, 1), "Asia/Kolkata")[0] == "09:00"
    start = next(free_times(date(2026, 6, 1), date(2026, 6, 1), minutes=60, zones=("Asia/Kolkata",), week=EVERY_DAY,
                            not_before=LONG_AGO))  # fmt: skip
    assert (start.hour, start.minute) == (3, 30)
    # Lord Howe moves by half an hour.
    assert walls(date(2026, 4, 5), "Australia/Lord_Howe")[0] == "09:00"


def test_everybodys_working_hours_must_hold_the_whole_interview() -> None:
    found = walls(date(2026, 6, 1), "America/New_York", "Europe/Berlin")
    assert found == ["09:00", "09:30", "10:00"]


def test_what_interviewers_do_is_kept_free_with_a_buffer() -> None:
    berlin = ZoneInfo("Europe/Berlin")
    begin = datetime(2026, 6, 1, 11, tzinfo=berlin)
    busy = [(begin, begin + timedelta(hours=1))]
    found = walls(date(2026, 6, 1), "Europe/Berlin", busy=busy, buffer=timedelta(minutes=15))
    assert "09:30" in found
    assert "12:30" in found
    assert not {"10:00", "10:30", "11:00", "11:30", "12:00"} & set(found)
    assert "10:00" in walls(date(2026, 6, 1), "Europe/Berlin", busy=busy)


def test_notice_and_days_off() -> None:
    weekdays = Week(time(9), time(17), frozenset(range(5)))
    assert walls(date(2026, 6, 6), "Europe/Berlin", week=weekdays) == []
    noon = datetime(2026, 6, 5, 12, tzinfo=ZoneInfo("Europe/Berlin"))
    assert walls(date(2026, 6, 5), "Europe/Berlin", week=weekdays, not_before=noon)[0] == "12:00"


ZONES = ("America/New_York", "America/St_Johns", "Asia/Kolkata", "Asia/Kathmandu", "Australia/Lord_Howe")


@settings(max_examples=40, deadline=None)
@given(
    day=st.dates(date(2026, 1, 1), date(2027, 12, 31)),
    zone=st.sampled_from(ZONES),
    minutes=st.sampled_from([15, 30, 45, 60, 90]),
    begins=st.integers(0, 20),
    hours=st.integers(2, 4),
)
def test_every_time_lies_within_the_hours_on_the_wall(
    day: date, zone: str, minutes: int, begins: int, hours: int
) -> None:
    week = Week(time(begins), time((begins + hours) % 24), frozenset(range(7)))
    closes = (begins + hours) * 60
    for start in free_times(day, day, minutes=minutes, zones=(zone,), week=week, not_before=LONG_AGO):
        local, end = (moment.astimezone(ZoneInfo(zone)) for moment in (start, start + timedelta(minutes=minutes)))
        assert local.date() == day
        assert local.hour * 60 + local.minute >= begins * 60
        assert (end.date() - day).days * 1440 + end.hour * 60 + end.minute <= closes
