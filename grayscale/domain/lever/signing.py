"""The secrets a webhook from Lever is held against: the key in its path and the signature tokens.

Decrypting them for every delivery would cost more than the rest of receiving one, so a process keeps them for a moment.
Whoever is about to refuse reads them anew first: a secret saved anywhere counts at once, one removed elsewhere is
honoured for ``KEPT_SECONDS`` at the most.
"""

import enum
import hashlib
import hmac
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from flask import current_app
from sqlalchemy import select

from grayscale import clock
from grayscale.database import after_commit, end_read
from grayscale.extensions import db
from grayscale.models import LeverIntegration, WebhookToken

KEPT_SECONDS = 2.0
SLOT = "grayscale.lever_signing"

_reading = threading.Lock()


@enum.unique
class Standing(enum.Enum):
    """What the key in a webhook's path is to us."""

    CURRENT = "current"
    # Of a URL before the current one, during its overlap.
    EARLIER = "earlier"
    # Of one whose overlap is over.
    ENDED = "ended"


@dataclass(frozen=True, slots=True)
class Signing:
    """Event name -> its tokens, the current one first. An event without a token is missing."""

    webhook_keys: tuple[str, ...] = field(repr=False)
    ended_keys: frozenset[str] = field(repr=False)
    tokens: Mapping[str, tuple[str, ...]] = field(repr=False)

    def standing(self, key: str) -> Standing | None:
        """Whose *key* is, compared in constant time with those that are accepted; None is a stranger's."""
        claimed = key.encode(errors="replace")
        matches = [hmac.compare_digest(known.encode(), claimed) for known in self.webhook_keys]
        if any(matches):
            return Standing.CURRENT if matches[0] else Standing.EARLIER
        return Standing.ENDED if digest(key) in self.ended_keys else None


def current(*, fresh: bool = False) -> Signing:
    """What counts now; *fresh* is as the database had it after the call began. Many who ask at once share a look."""
    now = time.monotonic()
    oldest = now if fresh else now - KEPT_SECONDS
    found = _kept(oldest)
    if found is None:
        with _reading:
            found = _kept(oldest)
            if found is None:
                asked_at = time.monotonic()
                found = _read()
                current_app.extensions[SLOT] = (asked_at, found)
    return found


def _kept(oldest: float) -> Signing | None:
    kept: tuple[float, Signing] | None = current_app.extensions.get(SLOT)
    return kept[1] if kept is not None and kept[0] > oldest else None


def previous_keys(integration: LeverIntegration, now: datetime) -> list[str]:
    """The keys of earlier webhook URLs that are accepted *now*, the latest first."""
    until = integration.previous_webhook_key_until
    return (integration.previous_webhook_key or "").split() if until is not None and until > now else []


def ended_keys(integration: LeverIntegration, now: datetime) -> list[str]:
    """The digests of the keys that were accepted once and are not *now*."""
    accepted = previous_keys(integration, now)
    over = [key for key in (integration.previous_webhook_key or "").split() if key not in accepted]
    return [*map(digest, over), *(integration.ended_webhook_keys or "").split()]


def digest(key: str) -> str:
    return hashlib.sha256(key.encode(errors="replace")).hexdigest()


def forget() -> None:
    """Read anew at the next delivery, once the transaction that changes a secret is committed."""
    extensions = current_app.extensions
    after_commit(lambda: extensions.pop(SLOT, None))


def _read() -> Signing:
    end_read()
    now = clock.now()
    keys: list[str] = []
    ended: list[str] = []
    integration = db.session.get(LeverIntegration, 1, populate_existing=True)
    if integration is not None:
        keys = [integration.webhook_key, *previous_keys(integration, now)]
        ended = ended_keys(integration, now)
    tokens: dict[str, tuple[str, ...]] = {}
    for row in db.session.scalars(select(WebhookToken).execution_options(populate_existing=True)):
        valid = [row.token] if row.token else []
        if row.previous_token and row.previous_until is not None and row.previous_until > now:
            valid.append(row.previous_token)
        if valid:
            tokens[row.event.value] = tuple(valid)
    end_read()
    return Signing(tuple(keys), frozenset(ended), tokens)
