"""The webhook URL and the eight signature tokens: saved, replaced with an overlap, removed."""

import secrets
from datetime import timedelta

from sqlalchemy import select

from grayscale import clock
from grayscale.config import current_config
from grayscale.database import transaction
from grayscale.domain import audit
from grayscale.domain.company import ensure_rows, lever_integration
from grayscale.domain.errors import Invalid
from grayscale.domain.lever import signing
from grayscale.models import LeverEvent, LeverIntegration, User, WebhookToken

# Lever keeps its history for two weeks, but what it tries again by itself it tries within hours.
OVERLAP = timedelta(days=7)
# How many webhook URLs that were ended are remembered.
ENDED_KEPT = 50
LONGEST = 500
IS_THE_KEY = "This is the Lever API key, not a signature token: copy the token of this webhook."
# Lever's have 48 characters; other senders of its webhooks may do with fewer, a slip of the clipboard with far fewer.
USUAL_LENGTH = 48
SUSPICIOUSLY_SHORT = 24


def webhook_url() -> str:
    """The one URL for all eight webhooks. Its last part is a secret: show it to super admins only."""
    return f"{current_config().public_url}/webhooks/lever/{lever_integration().webhook_key}"


def rotate_webhook_key(by: User | None) -> None:
    """Make a new webhook URL. The old one keeps working for ``OVERLAP``, so that Lever can be changed one by one.

    So do those before it whose overlap is not over: Lever may never have been given what came between.
    """
    with transaction() as session:
        integration = session.get_one(LeverIntegration, 1)
        now = clock.now()
        _keep_ended(integration, signing.ended_keys(integration, now))
        # All that came so far came at what is an earlier URL from now on.
        for row in session.scalars(select(WebhookToken)):
            row.earlier_url_at = max(
                (at for at in (row.last_accepted_at, row.last_verified_at) if at is not None), default=None
            )
        integration.previous_webhook_key = " ".join([integration.webhook_key, *signing.previous_keys(integration, now)])
        integration.previous_webhook_key_until = now + OVERLAP
        integration.webhook_key = secrets.token_urlsafe(24)
        audit.record("lever.webhook_key_rotated", by=by)
        signing.forget()


def end_key_overlap(by: User | None) -> None:
    """Close the previous webhook URLs now."""
    with transaction() as session:
        integration = session.get_one(LeverIntegration, 1)
        if integration.previous_webhook_key is None:
            return
        integration.previous_webhook_key_until = None
        _keep_ended(integration, signing.ended_keys(integration, clock.now()))
        integration.previous_webhook_key = None
        audit.record("lever.webhook_key_overlap_ended", by=by)
        signing.forget()


def _keep_ended(integration: LeverIntegration, digests: list[str]) -> None:
    """What still calls those URLs is seen as such, not taken for a stranger's."""
    integration.ended_webhook_keys = " ".join(digests[:ENDED_KEPT]) or None


def save(event: LeverEvent, raw: str, by: User | None) -> bool:
    """Keep the signature token of one webhook; whether it is a new one.

    A replaced token under which deliveries came stays valid for ``OVERLAP``, so that none on its way is lost. One that
    never fitted any cannot lose one and is dropped at once; then the proven one before it lives out its own overlap.
    Raises ``Invalid`` (field: the event's name) for what cannot be a token.
    """
    token = raw.strip()
    if not token:
        raise Invalid("Paste the signature token.", event.value)
    if len(token) > LONGEST or not token.isascii() or any(not character.isprintable() for character in token):
        raise Invalid("This is not a signature token of Lever: copy it again, by itself.", event.value)
    if "://" in token or "<" in token or ">" in token:
        raise Invalid("This is an address or markup, not a signature token: copy the token by itself.", event.value)
    if " " in token:
        raise Invalid("A signature token has no spaces: copy it again, by itself.", event.value)
    ensure_rows()
    if token == lever_integration().api_key:
        raise Invalid(IS_THE_KEY, event.value)
    with transaction() as session:
        row = session.get_one(WebhookToken, event)
        if row.token == token:
            return False
        if row.token is not None and _is_proven(row):
            row.previous_token = row.token
            row.previous_until = clock.now() + OVERLAP
            row.previous_used_at = None
        _set(row, token, by)
        audit.record("lever.token_saved", by=by, subject=event.value)
        signing.forget()
    return True


def remove(event: LeverEvent, by: User | None) -> None:
    """Forget the token of one webhook, the previous one too: its deliveries are refused from now on."""
    with transaction() as session:
        row = session.get_one(WebhookToken, event)
        if row.token is None:
            return
        _drop_previous(row)
        _set(row, None, by)
        audit.record("lever.token_removed", by=by, subject=event.value)
        signing.forget()


def end_overlap(event: LeverEvent, by: User | None) -> None:
    """Refuse from now on what is signed with the token before this one."""
    with transaction() as session:
        row = session.get_one(WebhookToken, event)
        if row.previous_token is None:
            return
        _drop_previous(row)
        audit.record("lever.token_overlap_ended", by=by, subject=event.value)
        signing.forget()


def is_suspiciously_short(raw: str) -> bool:
    """Whether this is so much shorter than Lever's tokens that it is probably not the whole of one."""
    return len(raw.strip()) < SUSPICIOUSLY_SHORT


def shared() -> list[list[LeverEvent]]:
    """Webhooks that have the same token; in Lever each has its own."""
    owners: dict[str, list[LeverEvent]] = {}
    for name, (token, *_) in signing.current(fresh=True).tokens.items():
        owners.setdefault(token, []).append(LeverEvent(name))
    return [sorted(events, key=list(LeverEvent).index) for events in owners.values() if len(events) > 1]


def doubts() -> dict[LeverEvent, str]:
    """What is odd about tokens that are saved, a sentence each; an event that comes proves it wrong."""
    found = {}
    for name, (token, *_) in signing.current().tokens.items():
        if is_suspiciously_short(token):
            have = f"{len(token)} character{'' if len(token) == 1 else 's'}"
            found[LeverEvent(name)] = f"Its token has {have}; Lever’s have {USUAL_LENGTH}."
    for events in shared():
        for event in events:
            others = " and ".join(other.label for other in events if other is not event)
            found[event] = f"It has the same token as {others}; in Lever each has its own."
    return found


def _is_proven(row: WebhookToken) -> bool:
    """Whether a delivery was signed with the current token.

    The last one tells: when it was signed with the previous token, Lever was never given the current one.
    """
    genuine = [at for at in (row.last_accepted_at, row.last_verified_at) if at is not None]
    if not genuine or (row.set_at is not None and max(genuine) < row.set_at):
        return False
    return row.previous_token is None or row.previous_used_at is None or row.previous_used_at < max(genuine)


def _set(row: WebhookToken, token: str | None, by: User | None) -> None:
    row.token = token
    row.set_at = clock.now()
    row.set_by_id = by.id if by else None
    # What was counted against the old token says nothing about this one.
    row.failing_since, row.failing_count = None, 0
    row.missed_since, row.missed_count = None, 0
    row.recovered_at = None


def _drop_previous(row: WebhookToken) -> None:
    row.previous_token = None
    row.previous_until = None
    row.previous_used_at = None
