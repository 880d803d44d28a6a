"""Time zones to choose from."""

from functools import cache
from zoneinfo import available_timezones

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
def zone_choices() -> dict[str, dict[str, str]]:
    """All zones for a select, in groups, the usual ones first and each once."""
    groups: dict[str, dict[str, str]] = {"Common": COMMON}
    for name in sorted(available_timezones() - set(COMMON)):
        area, _, place = name.partition("/")
        if area in AREAS and place:
            groups.setdefault(area, {})[name] = place.replace("_", " ").replace("/", " – ")
    groups["Other"] = {"UTC": "UTC"}
    return groups
