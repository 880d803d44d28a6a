"""Times, numbers and names as people read them."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from bs4 import BeautifulSoup
from flask import Flask, g
from flask_login import login_user

from grayscale import clock
from grayscale.database import transaction
from grayscale.domain import users
from grayscale.domain.company import company
from grayscale.models import User
from grayscale.web import filters

NOW = datetime(2026, 11, 23, 15, 4, 30, tzinfo=UTC)


@pytest.fixture(autouse=True)
def reader(app: Flask, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Somebody reads in New York at 10:04."""
    monkeypatch.setattr(clock, "now", lambda: NOW)
    with app.test_request_context("/"):
        for name in list(g):
            g.pop(name)
        yield


def words(markup: str) -> str:
    return BeautifulSoup(markup, "html.parser").get_text()


@pytest.mark.parametrize(
    ("before", "said"),
    [
        (timedelta(seconds=20), "just now"),
        (timedelta(seconds=50), "1 min ago"),
        (timedelta(minutes=4, seconds=10), "4 min ago"),
        (timedelta(minutes=59, seconds=40), "1 h ago"),
        (timedelta(hours=23), "23 h ago"),
        (timedelta(hours=40), "2 d ago"),
        (timedelta(days=7), "16 Nov"),
        (timedelta(days=400), "19 Oct 2025"),
        (timedelta(minutes=-30), "23 Nov, 10:34"),
    ],
)
def test_ago(before: timedelta, said: str) -> None:
    assert words(filters.ago(NOW - before, "ago")) == said


def test_a_time_tells_its_full_moment_and_zone_on_hover() -> None:
    element = BeautifulSoup(filters.ago(NOW - timedelta(minutes=4)), "html.parser").time
    assert element["title"] == "Mon 23 Nov 2026, 10:00 EST"
    assert datetime.fromisoformat(element["datetime"]) == NOW - timedelta(minutes=4)
    assert words(filters.when(NOW)) == "Mon 23 Nov 2026, 10:04 EST"
    assert words(filters.clock_time(NOW)) == "10:04"


@pytest.mark.parametrize(
    ("said", "shown", "whose"),
    [
        ("Europe/Berlin", "16:04", "Berlin (CET)"),
        ("UTC", "15:04", "UTC"),
        ("../etc/passwd", "10:04", "New York (EST)"),
        ("Nowhere/Land", "10:04", "New York (EST)"),
    ],
)
def test_who_chose_no_zone_reads_the_browsers(app: Flask, said: str, shown: str, whose: str) -> None:
    with app.test_request_context("/", headers={"Cookie": f"zone={said}"}):
        g.pop("reader_zone", None)
        assert (words(filters.clock_time(NOW)), filters.zone_words()) == (shown, whose)
        g.pop("reader_zone")


def test_a_zone_somebody_chose_counts_before_the_browsers(app: Flask, jonas: User) -> None:
    users.change_preferences(jonas.id, name=jonas.name, time_zone="Asia/Tokyo", enter_sends=True)
    with app.test_request_context("/", headers={"Cookie": "zone=Europe/Berlin"}):
        g.pop("reader_zone", None)
        login_user(users.get(jonas.id))
        assert filters.zone_words() == "Tokyo (JST)"
        g.pop("reader_zone")


def test_days_are_the_readers() -> None:
    assert filters.day(NOW) == "Today"
    assert filters.day(datetime(2026, 11, 23, 4, 0, tzinfo=UTC)) == "Yesterday", "23:00 in New York"
    assert filters.day(NOW - timedelta(days=3)) == "Friday 20 November"
    assert filters.day(NOW - timedelta(days=365)) == "Sunday 23 November 2025"


def test_numbers_read_national_at_home_and_international_abroad() -> None:
    assert filters.phone("+12185550142") == "(218) 555-0142"
    assert filters.phone("+442071838750") == "+44 20 7183 8750"
    assert filters.phone("unknown") == "unknown"
    with transaction():
        company().region = "GB"
    g.pop("reader_region")
    g.pop("company_glance")
    assert filters.phone("+442071838750") == "020 7183 8750"


def test_small_words() -> None:
    assert [filters.initials(name) for name in ("Mira Okafor", "Cher", "", None)] == ["MO", "C", "?", "?"]
    assert filters.count(50_000) == "50,000"
    assert [filters.duration(seconds) for seconds in (10, 250, 4800, 7200)] == [
        "under a minute", "4 min", "1 h 20 min", "2 h",
    ]


def test_nothing_is_said_of_nothing() -> None:
    for function in (filters.ago, filters.when, filters.clock_time, filters.day, filters.phone, filters.duration):
        assert function(None) == ""
