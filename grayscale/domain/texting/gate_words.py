"""How times are said of a text that may not go yet, went all the same, or did not go: on the candidate's clock.

*zones* are those the candidate may be in, the likeliest first; where there are several, the clock's place is named.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo


def at(moment: datetime, zones: Sequence[str]) -> str:
    """*moment* as the pages write it: "Tue 2 Jun, 09:00 their time"."""
    local = moment.astimezone(ZoneInfo(zones[0]))
    return f"{local:%a} {local.day} {local:%b}, {local:%H:%M} {_whose(zones)}"


def held_until(moment: datetime, now: datetime, zones: Sequence[str]) -> str:
    """The same of a text that waits for texting hours: the day is said only where it is more than one away."""
    if moment - now >= timedelta(hours=24):
        return at(moment, zones)
    return f"{moment.astimezone(ZoneInfo(zones[0])):%H:%M} {_whose(zones)}"


def missed(moment: datetime, zones: Sequence[str]) -> str:
    """When a text was to go that missed its time, and why it did."""
    why = "nothing could be sent then: texting was stopped or the application was not running"
    return f"It was to go {at(moment, zones)}, but {why}."


def live(now: datetime, they_wrote: datetime, zones: Sequence[str], *, went: bool = False) -> str:
    """Why a reply goes outside texting hours, before it is sent or, with *went*, after."""
    minutes = int((now - they_wrote).total_seconds() // 60)
    ago = f"{minutes} min ago" if minutes else "just now"
    clock = f"{now.astimezone(ZoneInfo(zones[0])):%H:%M} {'for them' if len(zones) == 1 else f'in {_city(zones[0])}'}"
    if went:
        return f"It goes outside texting hours ({clock}), because they wrote {ago}."
    return f"It is {clock}, outside texting hours. They wrote {ago}, so your reply goes now."


def not_beyond(end: datetime, zone: str, *, is_over: bool) -> str:
    """That the candidate may be contacted no longer than *end*, on the company's clock, and what helps."""
    local = end.astimezone(ZoneInfo(zone))
    when = f"{local:%a} {local.day} {local:%b %Y}, {local:%H:%M %Z}"
    told = f"allowed contact until {when}" if is_over else f"allows contact only until {when}"
    return f"Lever's data protection {told}. Once it is renewed in Lever, choose Refresh from Lever."


def _whose(zones: Sequence[str]) -> str:
    return "their time" if len(zones) == 1 else f"{_city(zones[0])} time"


def _city(zone: str) -> str:
    return zone.rsplit("/", maxsplit=1)[-1].replace("_", " ")
