"""Connecting a browser's extension: a person says yes in the app, the extension gets a sign-in of its own.

The yes yields a code that travels in an address. It is worth nothing alone: it names the hash of a secret that never
left the extension (the idea of RFC 7636), the extension's origin, and a moment two minutes ahead.
"""

import base64
import hashlib
import hmac
import re
from dataclasses import dataclass
from datetime import datetime

from itsdangerous import BadSignature, URLSafeTimedSerializer
from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError

from grayscale import clock
from grayscale.config import current_config
from grayscale.database import transaction
from grayscale.domain import audit, sessions
from grayscale.domain.errors import Invalid
from grayscale.extensions import db
from grayscale.models import Opportunity, SessionKind, User, UserSession

CODE_SECONDS = 120
CHALLENGE = re.compile(r"[A-Za-z0-9_-]{43}")
# Chromium's ids, and the one Firefox makes for each installation.
ORIGIN = re.compile(r"chrome-extension://[a-p]{32}|moz-extension://[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")

EXPIRED = "This connection took too long, or was used already. Press Connect in the extension again."


@dataclass(frozen=True, slots=True)
class Asked:
    """Which extension asks to be connected. *challenge* is the hash of its secret, base64url."""

    challenge: str
    origin: str

    def __post_init__(self) -> None:
        if not CHALLENGE.fullmatch(self.challenge) or not is_extension(self.origin):
            raise Invalid("This address is not one the extension made. Press Connect in the extension again.")


def is_extension(origin: str) -> bool:
    """Whether *origin* is a browser extension's."""
    return ORIGIN.fullmatch(origin) is not None


def agree(user: User, asked: Asked) -> str:
    """The code that lets this extension, and no other, sign in as *user* within ``CODE_SECONDS``."""
    return _serializer().dumps([user.id, asked.challenge, asked.origin])


def redeem(code: str, verifier: str, origin: str, *, label: str, address: str | None) -> tuple[str, User]:
    """The token of a new sign-in of the extension, and whose it is. Raises ``Invalid``."""
    try:
        (user_id, challenge, agreed_origin), agreed_at = _serializer().loads(
            code, max_age=CODE_SECONDS, return_timestamp=True
        )
    except BadSignature:
        raise Invalid(EXPIRED) from None
    digest = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).decode().rstrip("=")
    user = db.session.scalar(select(User).where(User.id == user_id, User.active.is_(True)))
    if user is None or origin != agreed_origin or not hmac.compare_digest(digest, challenge):
        raise Invalid(EXPIRED)
    token = _token(f"{user_id} {challenge} {agreed_at.timestamp()}")
    try:
        sessions.begin(user.id, label=label, kind=SessionKind.EXTENSION, address=address, token=token)
    except IntegrityError:
        raise Invalid(EXPIRED) from None
    with transaction():
        audit.record("extension.connected", by=user, subject=user.email, detail={"label": label})
    return token, user


def disconnect(token: str, by: User) -> None:
    """End the extension's sign-in, from the extension itself."""
    sessions.end(token)
    with transaction():
        audit.record("extension.disconnected", by=by, subject=by.email)


def connected() -> dict[int, datetime]:
    """Who has it connected now, and when they last used it, by user id."""
    rows = db.session.execute(
        select(UserSession.user_id, func.max(UserSession.seen_at).label("seen_at"))
        .where(UserSession.kind == SessionKind.EXTENSION, UserSession.lives_until > clock.now())
        .group_by(UserSession.user_id)
    )
    return {row.user_id: row.seen_at for row in rows}


def lever_page_of_one() -> str:
    """The address of some candidate's page in this company's Lever, '' before any is known."""
    newest = select(Opportunity.url).where(Opportunity.url != "").order_by(Opportunity.id.desc()).limit(1)
    return db.session.scalar(newest) or ""


def _token(agreement: str) -> str:
    """The one token an agreement yields: tokens are unique, so its code works once, and nothing needs to be kept."""
    key = f"extension-token {current_config().secret_key}".encode()
    return base64.urlsafe_b64encode(hmac.digest(key, agreement.encode(), "sha256")).decode().rstrip("=")


def _serializer() -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(current_config().secret_key, salt="extension-code")
