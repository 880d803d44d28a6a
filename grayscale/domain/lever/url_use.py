"""Which of the eight webhooks Lever was given the current URL for, by where each last came."""

from dataclasses import dataclass
from datetime import datetime

from grayscale import clock
from grayscale.domain.company import lever_integration
from grayscale.domain.lever.health import WebhookHealth
from grayscale.domain.lever.health_words import ago
from grayscale.domain.lever.tokens import OVERLAP


@dataclass(frozen=True, slots=True)
class UrlUse:
    """What is known while earlier URLs still work, until *until*. *is_over*: nothing that was heard needs them."""

    until: datetime
    sentences: tuple[str, ...]
    is_over: bool


def of(webhooks: list[WebhookHealth]) -> UrlUse | None:
    """None when no URL but the current one works."""
    until = lever_integration().previous_webhook_key_until
    if until is None or until <= clock.now():
        return None
    renewed_at = until - OVERLAP
    heard = [hook for hook in webhooks if hook.newest_at is not None]
    earlier = [hook for hook in heard if hook.earlier_url_at is not None]
    still = [hook for hook in earlier if hook.earlier_url_at is not None and hook.earlier_url_at > renewed_at]
    unheard = [hook for hook in earlier if hook not in still]
    told = []
    if still:
        names = ", ".join(f"{hook.label} ({ago(hook.earlier_url_at)})" for hook in still)
        told.append(f"Lever still calls the previous URL for: {names}.")
    if unheard:
        told.append(f"Nothing came since the new URL was made for: {', '.join(hook.label for hook in unheard)}.")
    moved = len(heard) - len(earlier)
    if moved:
        webhooks_last_came = "1 webhook last came" if moved == 1 else f"{moved} webhooks last came"
        told.append(f"{webhooks_last_came} at the current URL.")
    return UrlUse(until, tuple(told or ["No webhook was heard from so far."]), not earlier)
