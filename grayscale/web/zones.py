"""Time zones to choose from, and the one a browser is in."""

from functools import cache
from zoneinfo import available_timezones

from flask import has_request_context, request

# Kept by static/js/start.js.
ZONE_COOKIE = "zone"

COMMON = {
    "America/New_York": "Eastern (New York)",
    "America/Chicago": "Central (Chicago)",
    "America/Denver": "Mountain (Denver)",
    "America/Phoenix": "Arizona (Phoenix)",
    "America/Los_Angeles": "Pacific (Los Angeles)",
    "America/Anchorage": "Alaska (Anchorage)",
    "Pacific/Honolulu": "Hawaii (Honolulu)",
    "Europe/London": "London",
    "Europe/Berlin": "Berlin",
}
AREAS = ("Africa", "America", "Antarctica", "Asia", "Atlantic", "Australia", "Europe", "Indian", "Pacific")


@cache
def _known() -> frozenset[str]:
    return frozenset(available_timezones())


def browser_zone() -> str | None:
    """The zone this request's browser says it is in; None when it says none, or one nobody knows."""
    named = request.cookies.get(ZONE_COOKIE) if has_request_context() else None
    return named if named in _known() else None


def known_zone(name: str | None) -> str | None:
    """*name* if it is a time zone, else None."""
    return name if name in _known() else None


@cache
def zone_choices() -> dict[str, dict[str, str]]:
    """All zones for a select, in groups, the usual ones first and each once."""
    groups: dict[str, dict[str, str]] = {"Common": COMMON}
    for name in sorted(_known() - set(COMMON)):
        area, _, place = name.partition("/")
        if area in AREAS and place:
            groups.setdefault(area, {})[name] = place.replace("_", " ").replace("/", " – ")
    groups["Other"] = {"UTC": "UTC"}
    return groups
