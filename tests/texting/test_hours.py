"""When texts may arrive: local windows, every zone, changes of the clocks."""

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grayscale.domain.texting import hours

CHICAGO, NEW_YORK, ANGELES = "America/Chicago", "America/New_York", "America/Los_Angeles"
WORKDAY = hours.build(time(9), time(20))


def at(zone: str, *parts: int) -> datetime:
    return datetime(*parts, tzinfo=ZoneInfo(zone)).astimezone(UTC)  # type: ignore[misc, arg-type]


def test_the_window_is_the_candidates_wall_clock() -> None:
    assert not hours.allowed_at(at(CHICAGO, 2026, 6, 3, 8, 59), [CHICAGO], WORKDAY)
    assert hours.allowed_at(at(CHICAGO, 2026, 6, 3, 9, 0), [CHICAGO], WORKDAY)
    assert hours.allowed_at(at(CHICAGO, 2026, 6, 3, 19, 59), [CHICAGO], WORKDAY)
    assert not hours.allowed_at(at(CHICAGO, 2026, 6, 3, 20, 0), [CHICAGO], WORKDAY)


def test_every_zone_must_allow_it() -> None:
    both = [NEW_YORK, ANGELES]
    assert not hours.allowed_at(at(NEW_YORK, 2026, 6, 3, 11, 0), both, WORKDAY)
    assert hours.next_allowed(at(NEW_YORK, 2026, 6, 3, 11, 0), both, WORKDAY) == at(ANGELES, 2026, 6, 3, 9, 0)
    assert hours.next_allowed(at(NEW_YORK, 2026, 6, 3, 20, 0), both, WORKDAY) == at(ANGELES, 2026, 6, 4, 9, 0)


def test_equal_times_mean_all_day() -> None:
    assert hours.allowed_at(at(CHICAGO, 2026, 6, 3, 3, 0), [CHICAGO], hours.build(time(8), time(8)))


def test_a_window_may_run_past_midnight() -> None:
    night = hours.build(time(22), time(6))
    assert hours.allowed_at(at(CHICAGO, 2026, 6, 3, 23, 0), [CHICAGO], night)
    assert hours.allowed_at(at(CHICAGO, 2026, 6, 3, 5, 59), [CHICAGO], night)
    assert hours.next_allowed(at(CHICAGO, 2026, 6, 3, 12, 0), [CHICAGO], night) == at(CHICAGO, 2026, 6, 3, 22, 0)


def test_zones_without_a_common_hour_have_no_next_one() -> None:
    short = hours.build(time(9), time(10))
    assert hours.next_allowed(at(NEW_YORK, 2026, 6, 3, 9, 0), [NEW_YORK, ANGELES], short) is None


@pytest.mark.parametrize(
    ("state", "moment", "opens"),
    [
        ("TX", (2026, 6, 7, 9, 30), (2026, 6, 7, 12, 0)),  # a Sunday
        ("CT", (2026, 6, 3, 8, 30), (2026, 6, 3, 9, 0)),
        ("FL", (2026, 6, 3, 20, 30), (2026, 6, 4, 8, 0)),
        ("VA", (2026, 6, 3, 20, 30), (2026, 6, 3, 20, 30)),
    ],
)
def test_stricter_states_narrow_a_wide_window(state: str, moment: tuple[int, ...], opens: tuple[int, ...]) -> None:
    wide = hours.build(time(8), time(21), state=state)
    assert hours.next_allowed(at(CHICAGO, *moment), [CHICAGO], wide) == at(CHICAGO, *opens)


def test_a_companys_own_hours_by_state_replace_the_built_in_ones() -> None:
    own = hours.build(time(8), time(21), state="TX", own={"TX": {"sun": ["15:00", "16:00"]}})
    assert hours.next_allowed(at(CHICAGO, 2026, 6, 3, 12, 0), [CHICAGO], own) == at(CHICAGO, 2026, 6, 7, 15, 0)
    none = hours.build(time(8), time(21), state="TX", own={})
    assert hours.allowed_at(at(CHICAGO, 2026, 6, 7, 9, 0), [CHICAGO], none)


def test_texting_all_day_is_the_companys_choice_over_the_built_in_hours() -> None:
    assert hours.build(time(0), time(0), state="TX").always


def test_the_night_the_clocks_change_moves_nothing() -> None:
    # In Chicago the hour after 2026-03-08 01:59 is 03:00, and on 2026-11-01 the hour from 01:00 comes twice.
    spring = hours.next_allowed(at(CHICAGO, 2026, 3, 7, 21, 0), [CHICAGO], WORKDAY)
    assert spring == datetime(2026, 3, 8, 14, 0, tzinfo=UTC)
    autumn = hours.next_allowed(at(CHICAGO, 2026, 10, 31, 21, 0), [CHICAGO], WORKDAY)
    assert autumn == datetime(2026, 11, 1, 15, 0, tzinfo=UTC)
    skipped = hours.next_allowed(at(CHICAGO, 2026, 3, 8, 0, 0), [CHICAGO], hours.build(time(2, 30), time(5)))
    assert skipped == datetime(2026, 3, 8, 8, 30, tzinfo=UTC)


zone_names = st.sampled_from([CHICAGO, NEW_YORK, ANGELES, "Asia/Kolkata", "Australia/Lord_Howe", "America/St_Johns"])
moments = st.datetimes(datetime(2025, 1, 1), datetime(2027, 1, 1)).map(lambda naive: naive.replace(tzinfo=UTC))
times = st.times().map(lambda moment: moment.replace(second=0, microsecond=0))


@given(moments, st.lists(zone_names, min_size=1, max_size=3, unique=True), times, times)
def test_the_next_allowed_moment_is_allowed_and_the_first(
    moment: datetime, zones: list[str], opens: time, closes: time
) -> None:
    window = hours.build(opens, closes)
    found = hours.next_allowed(moment, zones, window)
    if found is None:
        minutes = (moment + timedelta(minutes=step) for step in range(24 * 60))
        assert not any(hours.allowed_at(minute, zones, window) for minute in minutes)
        return
    assert found >= moment
    assert hours.allowed_at(found, zones, window)
    if found > moment:
        assert not hours.allowed_at(moment, zones, window)
        assert not hours.allowed_at(found - timedelta(minutes=1), zones, window)
