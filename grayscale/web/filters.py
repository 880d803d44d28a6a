"""Template filters: times, numbers and names as people read them.

Times are shown in the zone the reader chose, else the browser's, else the company's, always as ``<time datetime
title>`` with the full moment on hover. The words of ``ago`` are kept right by ``static/js/times.js``.
"""

import re
from datetime import date, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

import phonenumbers
from flask import Flask, g
from flask_login import current_user
from markupsafe import Markup

from grayscale import clock
from grayscale.domain import company
from grayscale.extensions import db
from grayscale.models import User
from grayscale.web.zones import browser_zone

DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def init_app(app: Flask) -> None:
    """Register the filters."""
    for function in (ago, when, moments, clock_time, day, short_day, phone, initials, count, duration):
        app.add_template_filter(function, FILTER_NAMES.get(function.__name__, function.__name__))
    app.jinja_env.globals.update(zone_words=zone_words, reader_zone=reader_zone)


MOMENT = re.compile(r"(\b\d{4}-\d\d-\d\dT\d\d:\d\dZ)")
FILTER_NAMES = {"clock_time": "clock"}


def reader_zone() -> ZoneInfo:
    """The zone of who reads this page: the one they chose, else their browser's, else the company's."""
    zone: ZoneInfo | None = g.get("reader_zone")
    if zone is None:
        own = current_user.time_zone if current_user and current_user.is_authenticated else None
        zone = g.reader_zone = ZoneInfo(own or browser_zone() or glance().time_zone)
    return zone


def glance() -> company.Glance:
    """Of the company, read once a request."""
    found: company.Glance | None = g.get("company_glance")
    if found is None:
        found = g.company_glance = company.glance()
    return found


def zone_words() -> str:
    """"New York (EST)": whose clock the times of a page are of."""
    zone = reader_zone()
    place = zone.key.rpartition("/")[2].replace("_", " ")
    short = local(clock.now()).tzname()
    return place if short == place else f"{place} ({short})"


def local(moment: datetime) -> datetime:
    return moment.astimezone(reader_zone())


def full(moment: datetime) -> str:
    """"Mon 23 Nov 2026, 15:04 CET"."""
    at = local(moment)
    return f"{DAYS[at.weekday()][:3]} {at.day} {MONTHS[at.month - 1]} {at.year}, {at:%H:%M} {at.tzname()}"


def ago_words(moment: datetime) -> str:
    """"now", "4 min", "3 h", "2 d", then the date."""
    seconds = (clock.now() - moment).total_seconds()
    if seconds < -5:
        return f"{date_words(local(moment).date())}, {local(moment):%H:%M}"
    if seconds < 45:
        return "now"
    if seconds < 3570:
        return f"{max(1, round(seconds / 60))} min"
    if seconds < 84600:
        return f"{max(1, round(seconds / 3600))} h"
    if seconds < 6.5 * 86400:
        return f"{round(seconds / 86400)} d"
    return date_words(local(moment).date())


def date_words(on: date) -> str:
    """"3 May", with the year when it is not this one."""
    year = "" if on.year == local(clock.now()).year else f" {on.year}"
    return f"{on.day} {MONTHS[on.month - 1]}{year}"


def _time(moment: datetime, words: str, *, ago_suffix: str | None = None) -> Markup:
    iso = moment.isoformat(timespec="seconds")
    if ago_suffix is None:
        return Markup('<time datetime="{}" title="{}">{}</time>').format(iso, full(moment), words)
    return Markup('<time datetime="{}" title="{}" data-ago="{}">{}</time>').format(
        iso, full(moment), ago_suffix, words
    )


def ago(moment: datetime | None, suffix: str = "") -> Markup | str:
    """How long since: "4 min", or with ``ago("ago")`` "4 min ago". Empty for None."""
    if moment is None:
        return ""
    words = ago_words(moment)
    elapsed = (clock.now() - moment).total_seconds()
    if suffix and words != "now" and -5 <= elapsed < 6.5 * 86400:
        words = f"{words} {suffix}"
    elif suffix and words == "now":
        words = "just now"
    return _time(moment, words, ago_suffix=suffix)


def when(moment: datetime | None) -> Markup | str:
    """The full moment with its zone. Empty for None."""
    return "" if moment is None else _time(moment, full(moment))


def moments(text: str) -> Markup:
    """A text with each moment in it, as "2026-11-26T06:10Z", shown as ``when`` shows one."""
    shown = Markup()
    for position, part in enumerate(MOMENT.split(text)):
        shown += _moment(part) if position % 2 else part
    return shown


def _moment(text: str) -> Markup | str:
    try:
        return when(datetime.fromisoformat(text))
    except ValueError:
        return text  # only looks like one


def clock_time(moment: datetime | None) -> Markup | str:
    """"15:04". Empty for None."""
    return "" if moment is None else _time(moment, f"{local(moment):%H:%M}")


def day(moment: datetime | date | None) -> str:
    """"Today", "Yesterday", "Monday 23 November" as a day separator says it. Empty for None."""
    if moment is None:
        return ""
    on = local(moment).date() if isinstance(moment, datetime) else moment
    today = local(clock.now()).date()
    if on == today:
        return "Today"
    if on == today - timedelta(days=1):
        return "Yesterday"
    year = "" if on.year == today.year else f" {on.year}"
    return f"{DAYS[on.weekday()]} {on.day} {on:%B}{year}"


def short_day(moment: datetime | None) -> Markup | str:
    """"3 May". Empty for None."""
    return "" if moment is None else _time(moment, date_words(local(moment).date()))


def saved_note(at: datetime | None, by_id: int | None) -> str:
    """"Saved 3 May by Ana", for a stored secret. Empty for None."""
    if at is None:
        return ""
    person = db.session.get(User, by_id) if by_id else None
    return f"Saved {date_words(local(at).date())}" + (f" by {person.first_name}" if person else "")


def phone(e164: str | None) -> str:
    """A number in the national format of the company's region, others in the international one."""
    return _phone(e164, reader_region()) if e164 else ""


def reader_region() -> str:
    """Where numbers are shown without their country code."""
    region: str | None = g.get("reader_region")
    if region is None:
        region = g.reader_region = glance().region
    return region


@lru_cache(maxsize=4096)
def _phone(e164: str, region: str) -> str:
    try:
        number = phonenumbers.parse(e164, None)
    except phonenumbers.NumberParseException:
        return e164
    at_home = number.country_code == phonenumbers.country_code_for_region(region)
    formats = phonenumbers.PhoneNumberFormat
    return str(phonenumbers.format_number(number, formats.NATIONAL if at_home else formats.INTERNATIONAL))


def initials(name: str | None) -> str:
    """Up to two letters for an avatar."""
    words = (name or "").split()
    if not words:
        return "?"
    return (words[0][0] + (words[-1][0] if len(words) > 1 else "")).upper()


def count(number: float | None) -> str:
    """"50,000". Empty for None."""
    return "" if number is None else f"{number:,.0f}"


def duration(seconds: float | None) -> str:
    """"under a minute", "4 min", "1 h 20 min". Empty for None."""
    if seconds is None:
        return ""
    minutes = round(seconds / 60)
    if minutes < 1:
        return "under a minute"
    if minutes < 60:
        return f"{minutes} min"
    return f"{minutes // 60} h {minutes % 60} min" if minutes % 60 else f"{minutes // 60} h"
