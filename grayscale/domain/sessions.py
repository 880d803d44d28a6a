"""Sign-ins: one row each, so that any of them can be ended from anywhere.

Whoever is signed in carries a random token, of which the row keeps the hash. Each sign-in makes a new one.
"""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import bindparam, delete, select, update

from grayscale import clock
from grayscale.database import transaction
from grayscale.domain import audit
from grayscale.domain.errors import NotFound
from grayscale.extensions import db
from grayscale.models import SessionKind, User, UserSession
from grayscale.reading import Loading


@dataclass(frozen=True, slots=True)
class Limits:
    """How long a sign-in lasts without use, and in any case."""

    idle: timedelta
    absolute: timedelta


LIMITS = {
    # A working day and a night's pause end it; so does a fortnight, however busy.
    SessionKind.BROWSER: Limits(timedelta(hours=12), timedelta(days=14)),
    # Lives in a browser's own store and reaches less: a holiday may pass.
    SessionKind.EXTENSION: Limits(timedelta(days=14), timedelta(days=90)),
}
# That somebody is there is written down only this often.
SEEN_EVERY = timedelta(minutes=5)


def begin(
    user_id: int,
    *,
    label: str,
    kind: SessionKind = SessionKind.BROWSER,
    address: str | None = None,
    token: str | None = None,
) -> str:
    """Sign this person in once more; the token that proves it, told only here. *label* is how they recognise it.

    Raises ``IntegrityError`` for a *token* of the caller's that was used before.
    """
    token = token or secrets.token_urlsafe(32)
    now = clock.now()
    with transaction() as session:
        session.add(
            UserSession(
                user_id=user_id,
                kind=kind,
                token_hash=hash_of(token),
                label=label[:100],
                address=address,
                began_at=now,
                seen_at=now,
                lives_until=_lives_until(kind, now, now),
            )
        )
    return token


def hash_of(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def find(token: str, kind: SessionKind = SessionKind.BROWSER) -> tuple[User, UserSession] | None:
    """The person of a token and their sign-in, unless it was ended, is past its limits, or they were deactivated."""
    for user, held in _FIND.rows({"token_hash": hash_of(token), "kind": kind, "now": clock.now()}):
        return user, held
    return None


_FIND = Loading(
    (User, UserSession),
    lambda query: query.join_from(UserSession, User, User.id == UserSession.user_id).where(
        UserSession.token_hash == bindparam("token_hash"),
        UserSession.kind == bindparam("kind"),
        UserSession.lives_until > bindparam("now"),
        User.active.is_(True),
    ),
)


def note_use(held: UserSession) -> None:
    """Keep a sign-in from idling out: its person did something."""
    now = clock.now()
    if now - held.seen_at <= SEEN_EVERY:
        return
    session_id, until = held.id, _lives_until(held.kind, held.began_at, now)
    with transaction() as session:
        session.execute(
            update(UserSession).where(UserSession.id == session_id).values(seen_at=now, lives_until=until)
        )


def of(user_id: int) -> list[UserSession]:
    """Where this person is signed in, the last used first."""
    return list(
        db.session.scalars(
            select(UserSession)
            .where(UserSession.user_id == user_id, UserSession.lives_until > clock.now())
            .order_by(UserSession.seen_at.desc(), UserSession.id.desc())
        )
    )


def end(token: str) -> None:
    """Sign out whoever carries *token*; nothing happens when it ended already."""
    with transaction() as session:
        session.execute(delete(UserSession).where(UserSession.token_hash == hash_of(token)))


def end_one(session_id: int, by: User) -> str:
    """Sign out one of *by*'s own; its label. Raises ``NotFound`` for anybody else's and for one that ended."""
    with transaction() as session:
        found = session.get(UserSession, session_id)
        if found is None or found.user_id != by.id:
            raise NotFound("This sign-in has ended already.")
        session.delete(found)
        audit.record("user.signed_out_one", by=by, subject=by.email, detail={"kind": found.kind, "label": found.label})
        return found.label


def end_all(user_id: int, by: User | None = None) -> int:
    """Sign this person out everywhere; of how many. Written down when *by* asked for it as such."""
    with transaction() as session:
        done: Any = session.execute(delete(UserSession).where(UserSession.user_id == user_id))
        if by is not None:
            email = session.scalar(select(User.email).where(User.id == user_id))
            audit.record("user.signed_out_everywhere", by=by, subject=email or "", detail={"sign_ins": done.rowcount})
    return int(done.rowcount)


def purge(now: datetime) -> None:
    """Drop what is past its limits."""
    with transaction() as session:
        session.execute(delete(UserSession).where(UserSession.lives_until < now))


def _lives_until(kind: SessionKind, began_at: datetime, seen_at: datetime) -> datetime:
    limits = LIMITS[kind]
    return min(seen_at + limits.idle, began_at + limits.absolute)
