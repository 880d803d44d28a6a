"""The company's rules for texting, and how the states' hours are written on the page."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import time

from grayscale.database import transaction
from grayscale.domain import audit
from grayscale.domain.errors import Invalid
from grayscale.domain.texting import hours
from grayscale.models import ConsentPolicy, TextingAccount, User

HIGHEST_LIMIT = 100
Windows = dict[str, dict[str, list[str]]]
_LINE = re.compile(r"([A-Za-z]{2})\s*:?\s+(.+)")
_SPAN = re.compile(r"([a-z]{3})(?:\s*[-–]\s*([a-z]{3}))?\s+(\d{1,2}:\d{2})\s*[-–]\s*(\d{1,2}:\d{2})")


@dataclass(frozen=True, slots=True)
class Policy:
    """*opens* and *closes* are the candidate's local time; equal is all day. *unanswered_limit* 0 is no limit."""

    opens: time
    closes: time
    require_opt_out_line: bool
    require_names: bool
    unanswered_limit: int
    consent: ConsentPolicy
    allow_live_replies: bool
    carrier_handles_keywords: bool
    help_text: str
    state_windows: Windows | None


def save(policy: Policy, by: User) -> bool:
    """Keep the rules; whether anything changed. Raises ``Invalid``."""
    if not 0 <= policy.unanswered_limit <= HIGHEST_LIMIT:
        raise Invalid(f"A number from 0 (no limit) to {HIGHEST_LIMIT}.", "unanswered_limit")
    with transaction() as session:
        account = session.get_one(TextingAccount, 1)
        names = Policy.__slots__
        before = {name: getattr(account, name) for name in names}
        after = {name: getattr(policy, name) for name in names}
        changed = {name: [str(before[name]), str(after[name])] for name in names if before[name] != after[name]}
        for name in changed:
            setattr(account, name, after[name])
        if changed:
            audit.record("texting.policy_saved", by=by, detail=changed)
        return bool(changed)


def write_windows(windows: Mapping[str, Mapping[str, Sequence[str]]]) -> str:
    """The states' hours as the page shows them: one state a line, "TX mon-sat 09:00-21:00, sun 12:00-21:00"."""
    lines = []
    for state in sorted(windows):
        spans: list[tuple[str, str, Sequence[str]]] = []
        for day in hours.WEEKDAYS:
            window = windows[state].get(day)
            if window is None:
                continue
            if spans and list(spans[-1][2]) == list(window) and _follows(spans[-1][1], day):
                spans[-1] = (spans[-1][0], day, window)
            else:
                spans.append((day, day, window))
        lines.append(f"{state} " + ", ".join(_span(*span) for span in spans))
    return "\n".join(lines)


def read_windows(text: str) -> Windows | None:
    """What a person typed, as data; None when it says what is built in. Raises ``Invalid`` naming the line."""
    windows: Windows = {}
    for line in filter(None, (line.strip() for line in text.splitlines())):
        found = _LINE.fullmatch(line)
        if found is None:
            raise _not_understood(line)
        windows[found.group(1).upper()] = _days(found.group(2), line)
    return None if windows == hours.STATE_WINDOWS else windows


def _days(text: str, line: str) -> dict[str, list[str]]:
    days: dict[str, list[str]] = {}
    for piece in text.lower().split(","):
        found = _SPAN.fullmatch(piece.strip())
        if found is None:
            raise _not_understood(line)
        first, last, opens, closes = found.groups()
        try:
            start, end = hours.WEEKDAYS.index(first), hours.WEEKDAYS.index(last or first)
            window = [_clock(opens), _clock(closes)]
        except ValueError:
            raise _not_understood(line) from None
        days |= dict.fromkeys(hours.WEEKDAYS[start:end + 1], window)
    return days


def _not_understood(line: str) -> Invalid:
    return Invalid(f"This line was not understood: {line} — write it like TX mon-sat 09:00-21:00.", "state_windows")


def _clock(text: str) -> str:
    hour, minute = text.split(":")
    padded = f"{int(hour):02d}:{minute}"
    hours.parse_time(padded)
    return padded


def _follows(day: str, following: str) -> bool:
    return hours.WEEKDAYS.index(following) == hours.WEEKDAYS.index(day) + 1


def _span(first: str, last: str, window: Sequence[str]) -> str:
    return f"{first if first == last else f'{first}-{last}'} {window[0]}-{window[1]}"
