"""Time as the two simulated services tell it: Lever in milliseconds, Twilio in RFC 2822."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from email.utils import format_datetime

HOUR_MS = 3_600_000
DAY_MS = 24 * HOUR_MS


def now_ms() -> int:
    """Milliseconds since the epoch, UTC."""
    return time.time_ns() // 1_000_000


def rfc2822(moment: datetime | None) -> str | None:
    """A UTC time as Twilio prints it (`Mon, 23 Nov 2026 10:00:00 +0000`)."""
    return format_datetime(moment.astimezone(UTC)) if moment else None
