"""The connection to Lever: the API key, whether Lever accepts it, and the one client everything shares.

Lever's limit is per key, so all clients of a key share one token bucket; live work overtakes bulk
work inside it.
"""

import hashlib
import threading
from datetime import datetime, timedelta

from grayscale import clock, metrics
from grayscale.clients.errors import ClientError, NotAuthorised, Retryable
from grayscale.clients.http import Observer
from grayscale.clients.lever.client import LeverClient
from grayscale.clients.lever.limits import RATE, Priority, RateLimiter
from grayscale.clients.lever.shared_limits import SharedRateLimiter
from grayscale.config import current_config
from grayscale.database import end_read, in_transaction, transaction
from grayscale.domain import audit
from grayscale.domain.company import ensure_rows, lever_integration
from grayscale.domain.errors import DomainError, Invalid
from grayscale.domain.lever import sync_requests
from grayscale.domain.lever.pace import CAPACITY, DatabaseLedger
from grayscale.extensions import db
from grayscale.models import KeyState, LeverIntegration, User

LONGEST_KEY = 500
SHORTEST_HOLD_TOLD_SECONDS = 5.0
# What Lever adds to a 401 tells nobody more.
REFUSED = "Lever refused the key (401)."

_lock = threading.Lock()
_limiters: dict[tuple[str, str], RateLimiter] = {}
_clients: dict[tuple[str, str, Priority], LeverClient] = {}
_observers: list[Observer] = []


class NotConnected(DomainError):
    """There is no API key that could be used; the sentence says why."""


def observe(observer: Observer) -> None:
    """Have *observer* told of every answer of Lever: endpoint, status (0 for none), seconds."""
    _observers.append(observer)


def client(priority: Priority = "live", *, tell: Observer | None = None) -> LeverClient:
    """The client for the saved key. Ends the reading transaction, because a call over the network follows.

    With *tell* it is the caller's own, to close, and *tell* hears of each of its answers. Raises ``NotConnected``.
    """
    integration = lever_integration()
    key, state, error = integration.api_key, integration.key_state, integration.key_error
    if not in_transaction():
        end_read()
    if not key:
        raise NotConnected("Lever is not connected: no API key is saved.")
    if state is KeyState.REFUSED:
        raise NotConnected(error or "Lever refuses the saved API key.")
    return _client(key, priority) if tell is None else _own_client(key, priority, tell)


def is_connected() -> bool:
    """Whether there is a key that Lever has not refused."""
    integration = lever_integration()
    return bool(integration.api_key) and integration.key_state is not KeyState.REFUSED


def limiter_for(key: str) -> RateLimiter:
    """The token bucket of a key: this process's own on SQLite, on PostgreSQL one that all its processes share."""
    name = hashlib.sha256(key.encode(errors="replace")).hexdigest()
    engine = db.engine
    with _lock:
        found = _limiters.get((str(engine.url), name))
        if found is None:
            is_alone = engine.dialect.name == "sqlite"
            found = RateLimiter(RATE, CAPACITY) if is_alone else SharedRateLimiter(
                DatabaseLedger(engine, name), RATE, CAPACITY
            )
            _limiters[str(engine.url), name] = found
        return found


def holds_until() -> datetime | None:
    """When Lever may be asked again, if it wants to be left alone for longer than people wait for a page anyway."""
    key = lever_integration().api_key
    seconds = limiter_for(key).hold_seconds if key else 0.0
    return clock.now() + timedelta(seconds=seconds) if seconds >= SHORTEST_HOLD_TOLD_SECONDS else None


def save_key(raw: str, by: User | None) -> None:
    """Check the key with Lever, keep it, and start to sync. Raises ``Invalid`` when Lever refuses it.

    A key that could not be checked because Lever did not answer is kept; the sync checks it again.
    """
    key = raw.strip()
    if not key:
        raise Invalid("Paste the API key.", "api_key")
    if len(key) > LONGEST_KEY or any(character.isspace() or not character.isprintable() for character in key):
        raise Invalid("This is not an API key of Lever: copy it again, without spaces or line breaks.", "api_key")
    ensure_rows()
    end_read()
    state, error = _ask(key)
    if state is KeyState.REFUSED:
        raise Invalid(f"{error} Check that the whole key was copied, and that it was not revoked.", "api_key")
    with transaction() as session:
        integration = session.get_one(LeverIntegration, 1)
        is_new = integration.api_key != key
        integration.api_key = key
        integration.api_key_set_at = clock.now()
        integration.api_key_set_by_id = by.id if by else None
        if is_new:
            integration.permissions = {}
            integration.permissions_checked_at = None
        _keep(integration, state, error)
        audit.record("lever.key_saved", by=by)
    sync_requests.request(by)


def remove_key(by: User | None) -> None:
    """Forget the key. What was synced stays."""
    sync_requests.cancel(by)
    with transaction() as session:
        integration = session.get_one(LeverIntegration, 1)
        if integration.api_key is None:
            return
        integration.api_key = None
        integration.api_key_set_at = clock.now()
        integration.api_key_set_by_id = by.id if by else None
        integration.permissions = {}
        integration.permissions_checked_at = None
        _keep(integration, KeyState.NONE, None)
        audit.record("lever.key_removed", by=by)
    with _lock:
        _clients.clear()


def check_key() -> KeyState:
    """Ask Lever whether the saved key is accepted, and keep the answer."""
    key = lever_integration().api_key
    end_read()
    if not key:
        return KeyState.NONE
    state, error = _ask(key)
    with transaction() as session:
        integration = session.get_one(LeverIntegration, 1)
        if integration.api_key == key and not (state is KeyState.UNCHECKED and integration.key_state is not state):
            _keep(integration, state, error)
    return state


def note_refused(error: NotAuthorised) -> None:
    """A call was answered 401: stop calling until a person or the hourly check finds the key accepted again."""
    with transaction() as session:
        integration = session.get_one(LeverIntegration, 1)
        if integration.api_key and integration.key_state is not KeyState.REFUSED:
            _keep(integration, KeyState.REFUSED, REFUSED)
            audit.record("lever.key_refused", by=None)


def note_accepted() -> None:
    """A call was answered: the key is good."""
    if lever_integration().key_state is KeyState.ACCEPTED:
        return
    with transaction() as session:
        integration = session.get_one(LeverIntegration, 1)
        if integration.api_key:
            _keep(integration, KeyState.ACCEPTED, None)


def _client(key: str, priority: Priority) -> LeverClient:
    base_url = current_config().lever_api_url
    limiter = limiter_for(key)
    with _lock:
        found = _clients.get((base_url, key, priority))
        if found is None:
            found = LeverClient(key, base_url, limiter, priority=priority, on_response=_tell)
            _clients[(base_url, key, priority)] = found
        return found


def _own_client(key: str, priority: Priority, tell: Observer) -> LeverClient:
    def both(endpoint: str, status: int, seconds: float) -> None:
        tell(endpoint, status, seconds)
        _tell(endpoint, status, seconds)

    return LeverClient(
        key, current_config().lever_api_url, limiter_for(key), priority=priority, on_response=both
    )


def _tell(endpoint: str, status: int, seconds: float) -> None:
    metrics.lever_requests.labels(endpoint, status).observe(seconds)
    for observer in _observers:
        observer(endpoint, status, seconds)


def _ask(key: str) -> tuple[KeyState, str | None]:
    """What Lever says of the key. Any answer but 401 means that it knows the key, whatever the key may do."""
    try:
        _client(key, "live").list_stages(limit=1)
    except NotAuthorised:
        return KeyState.REFUSED, REFUSED
    except Retryable as error:
        return KeyState.UNCHECKED, error.message
    except ClientError:
        return KeyState.ACCEPTED, None
    return KeyState.ACCEPTED, None


def _keep(integration: LeverIntegration, state: KeyState, error: str | None) -> None:
    integration.key_state = state
    integration.key_error = error
    integration.key_checked_at = clock.now()
