"""The one place that says what time it is, so that a test can say it instead."""

from datetime import UTC, datetime


def now() -> datetime:
    """The present moment as an aware datetime in UTC."""
    return datetime.now(UTC)
