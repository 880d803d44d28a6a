"""What a delivery tells of what came of it.

One that is handled once more keeps the times before: its effect grows by a line for each replay.
"""

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import ColumnElement, String, case, cast, func, literal, null

from grayscale.models import WAITING, Delivery


def replayed(now: datetime) -> ColumnElement[str | None]:
    """The ``effect`` of a delivery that starts over at *now*: what came of it so far, its error and attempts too."""
    attempts = cast(Delivery.attempts, String) + case((Delivery.attempts == 1, " attempt: "), else_=" attempts: ")
    failed = case((Delivery.error.is_not(None), literal("Failed after ") + attempts + Delivery.error + "\n"), else_="")
    before = func.coalesce(Delivery.effect + "\n", "")
    # Read in the reader's own zone: pages show such a moment as they show any other.
    return before + failed + literal(f"Replayed {now.astimezone(UTC):%Y-%m-%dT%H:%M}Z")


def outcome(words: str) -> ColumnElement[str]:
    """The ``effect`` of a delivery of which *words* came now: they end the line of its replay, if it is one."""
    return case((Delivery.effect.is_(None), words), else_=Delivery.effect + literal(f". {words}"))


def forgotten(why: str) -> dict[str, Any]:
    """What to set in a delivery that may tell nothing any more; of one that was handled, *why* stays."""
    effect = case((Delivery.state.in_(WAITING), null()), else_=literal(why))
    return {"payload": None, "phone": None, "effect": effect, "error": None}
