"""The set-up guide's steps, each done by evidence and never by a click."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, or_, select

from grayscale import clock
from grayscale.clients.lever.permissions import PERMISSIONS
from grayscale.domain.company import lever_integration
from grayscale.domain.lever import sync
from grayscale.domain.lever.health_words import ago
from grayscale.domain.lever.verdicts import ENDED_URL_REASON
from grayscale.extensions import db
from grayscale.models import KeyState, LeverEvent, LeverIntegration, SyncKind, WebhookToken


@dataclass(frozen=True, slots=True)
class Step:
    """One step in the guide's words. *evidence* says why it counts as done, or what is missing."""

    number: int
    title: str
    done: bool
    evidence: str


@dataclass(frozen=True, slots=True)
class Tokens:
    """How many of the eight webhooks have a token, have been heard of, sign with another token than ours, or with
    the one before ours; and whether the URL was called at all."""

    saved: int
    heard: int
    failing: int
    # Sent to a URL of ours that was ended.
    astray: int
    outdated: int
    last_signed_at: datetime | None
    was_called: bool


def steps() -> list[Step]:
    """The four steps in the guide's order."""
    integration, tokens = lever_integration(), _tokens()
    all_of_them = len(LeverEvent)
    accepted = integration.key_state is KeyState.ACCEPTED
    missing = sum(state == "missing" for name, state in integration.permissions.items() if name in _required())
    return [
        Step(1, "Generate an API key in Lever", accepted and not missing, _key_words(integration, missing)),
        Step(2, "Add the key to Grayscale", accepted, _saved_words(integration)),
        Step(
            3,
            "Copy the webhook URL from Grayscale",
            tokens.was_called and not tokens.astray,
            _called_words(tokens),
        ),
        Step(
            4,
            "Create 8 webhooks in Lever and paste their signature tokens",
            tokens.saved == all_of_them and tokens.heard > 0 and not tokens.failing and not tokens.outdated,
            f"{tokens.saved} of {all_of_them} tokens saved, {tokens.heard} of {all_of_them} webhooks heard from."
            + (" Press Verify connection in Lever." if tokens.saved == all_of_them and not tokens.heard else "")
            + (f" {tokens.failing} with a token that does not fit, see below." if tokens.failing else "")
            + (f" {tokens.outdated} still signed with the previous token, see below." if tokens.outdated else ""),
        ),
    ]


def _called_words(tokens: Tokens) -> str:
    if tokens.astray:
        return f"Lever calls one that was ended for {tokens.astray} of {len(LeverEvent)} webhooks, see below."
    if tokens.last_signed_at is not None:
        return f"Lever last called it {ago(tokens.last_signed_at)}."
    return "It was called; that it was Lever shows with the first token." if tokens.was_called else "Not called yet."


def _key_words(integration: LeverIntegration, missing: int) -> str:
    if integration.key_state is KeyState.REFUSED:
        return integration.key_error or "Lever refuses the saved key."
    if integration.key_state is not KeyState.ACCEPTED:
        return "No key that Lever accepts is known yet."
    if missing:
        permissions = "1 permission" if missing == 1 else f"{missing} permissions"
        return f"The key works, but lacks {permissions} of the guide: generate a new one with them."
    if integration.permissions_checked_at is None:
        return "The key works. Verify its permissions below."
    return "The key works and lacks no permission that can be checked."


def _saved_words(integration: LeverIntegration) -> str:
    return {
        KeyState.NONE: "No key is saved yet.",
        KeyState.UNCHECKED: integration.key_error or "Saved, not checked yet.",
        KeyState.ACCEPTED: "Saved, and Lever accepts it." + (" Syncing, see below." if _is_syncing() else ""),
        KeyState.REFUSED: "Saved, but Lever refuses it.",
    }[integration.key_state]


def _is_syncing() -> bool:
    running = sync.current()
    return running is not None and running.kind is not SyncKind.POLL


def _required() -> frozenset[str]:
    return frozenset(permission.name for permission in PERMISSIONS if not permission.optional)


def _tokens() -> Tokens:
    heard = or_(WebhookToken.last_accepted_at.is_not(None), WebhookToken.last_verified_at.is_not(None))
    proven = WebhookToken.token.is_not(None) & (WebhookToken.last_verified_at >= WebhookToken.set_at)
    used = WebhookToken.previous_used_at
    outdated = (
        (WebhookToken.previous_until > clock.now())
        & (used >= func.coalesce(WebhookToken.last_accepted_at, used))
        & (used >= func.coalesce(WebhookToken.last_verified_at, used))
    )
    is_failing = WebhookToken.token.is_not(None) & (WebhookToken.failing_count > 0)
    saved, heard_of, failing, astray, old, accepted, verified, called, rejected = db.session.execute(
        select(
            func.count(WebhookToken.set_at).filter(WebhookToken.token.is_not(None)),
            func.count().filter(heard),
            func.count().filter(is_failing, WebhookToken.last_rejected_reason.is_distinct_from(ENDED_URL_REASON)),
            func.count().filter(is_failing, WebhookToken.last_rejected_reason == ENDED_URL_REASON),
            func.count().filter(outdated),
            func.max(WebhookToken.last_accepted_at),
            func.max(WebhookToken.last_verified_at).filter(proven),
            func.max(WebhookToken.last_verified_at),
            func.max(WebhookToken.last_rejected_at),
        )
    ).one()
    signed = max((moment for moment in (accepted, verified) if moment is not None), default=None)
    return Tokens(saved, heard_of, failing, astray, old, signed, any((accepted, called, rejected)))
