"""Wall clocks: both changes of the year, and zones on halves and quarters of hours."""

from datetime import UTC, datetime

import pytest

from grayscale.domain.errors import Invalid
from grayscale.domain.interviews.times import Twice, moment, spoken


@pytest.mark.parametrize(
    ("day", "clock", "zone", "expected"),
    [
        ("2026-03-07", "09:00", "America/Chicago", "2026-03-07T15:00"),
        ("2026-03-08", "09:00", "America/Chicago", "2026-03-08T14:00"),
        ("2026-10-31", "09:00", "America/Chicago", "2026-10-31T14:00"),
        ("2026-11-01", "09:00", "America/Chicago", "2026-11-01T15:00"),
        ("2026-07-01", "09:00", "Asia/Kolkata", "2026-07-01T03:30"),
        ("2026-07-01", "09:00", "Asia/Kathmandu", "2026-07-01T03:15"),
        ("2026-07-01", "09:00", "America/St_Johns", "2026-07-01T11:30"),
        ("2026-10-04", "09:00", "Australia/Lord_Howe", "2026-10-03T22:00"),
        ("2026-07-01", "09:00", "Australia/Lord_Howe", "2026-06-30T22:30"),
    ],
)
def test_the_moment_a_clock_shows(day: str, clock: str, zone: str, expected: str) -> None:
    assert moment(day, clock, zone) == datetime.fromisoformat(expected).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("day", "clock", "zone"),
    [("2026-03-08", "02:30", "America/Chicago"), ("2026-10-04", "02:15", "Australia/Lord_Howe")],
)
def test_a_time_the_clocks_skip_is_refused(day: str, clock: str, zone: str) -> None:
    with pytest.raises(Invalid, match="does not exist on Sunday"):
        moment(day, clock, zone)


def test_a_time_that_comes_twice_is_asked_about() -> None:
    with pytest.raises(Twice) as asked:
        moment("2026-11-01", "01:30", "America/Chicago")
    assert [asked.value.first.tzname(), asked.value.second.tzname()] == ["CDT", "CST"]
    assert moment("2026-11-01", "01:30", "America/Chicago", second=False) == datetime(2026, 11, 1, 6, 30, tzinfo=UTC)
    assert moment("2026-11-01", "01:30", "America/Chicago", second=True) == datetime(2026, 11, 1, 7, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("day", "clock", "zone", "field"),
    [
        ("", "09:00", "UTC", "date"), ("2026-02-30", "09:00", "UTC", "date"), ("2026-03-01", "", "UTC", "time"),
        ("2026-03-01", "25:00", "UTC", "time"), ("2026-03-01", "09:00", "Mars/Olympus", "zone"),
        ("0001-01-01", "00:00", "Asia/Tokyo", "date"),
    ],
)  # fmt: skip
def test_what_is_no_time_is_refused_by_its_field(day: str, clock: str, zone: str, field: str) -> None:
    with pytest.raises(Invalid) as refused:
        moment(day, clock, zone)
    assert refused.value.field == field


def test_a_moment_is_spoken_in_the_candidates_zone() -> None:
    at = datetime(2026, 11, 1, 15, 0, tzinfo=UTC)
    assert spoken(at, "America/Chicago") == "Sunday, November 1 at 9:00 AM CST"
    assert spoken(at, "Asia/Kathmandu") == "Sunday, November 1 at 8:45 PM UTC+05:45"
