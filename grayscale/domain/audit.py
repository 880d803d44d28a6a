"""Writing down who did what to what, from where, when; and reading it.

Lines are only ever added. The database itself refuses to change one, and to delete one that is younger than
``SHORTEST_KEPT``.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, delete, or_, select

from grayscale import clock
from grayscale.database import transaction
from grayscale.domain import audit_words
from grayscale.extensions import db
from grayscale.models import AuditEvent, User

# Held by the triggers on the table as well.
SHORTEST_KEPT = timedelta(days=90)
PAGE = 50
PURGED_AT_ONCE = 5000
# Somebody who reads this many lines wants a database, not a sheet.
MOST_EXPORTED = 50_000
APPLICATION = "application"

_origin: ContextVar[str | None] = ContextVar("origin", default=None)


@contextmanager
def acting_from(origin: str | None) -> Iterator[None]:
    """Lines written inside came from there: an address, or "command line"."""
    token = _origin.set(origin)
    try:
        yield
    finally:
        _origin.reset(token)


def come_from(origin: str | None) -> None:
    """Like ``acting_from``, until it is said anew: for a request or a command, which begin and end elsewhere."""
    _origin.set(origin)


def record(action: str, *, by: User | None, subject: str = "", detail: dict[str, Any] | None = None) -> None:
    """Add one line, inside the caller's transaction. *detail* holds no secret and no words of a candidate.

    A value that changed is given as ``{"name": [before, after]}``.
    """
    db.session.add(
        AuditEvent(
            at=clock.now(),
            user_id=by.id if by else None,
            action=action,
            subject=subject[:200],
            detail=detail,
            address=_origin.get(),
        )
    )


@dataclass(frozen=True, slots=True)
class Filters:
    """What of the record is asked for; empty filters nothing. *who* is a user's id, or ``APPLICATION``."""

    who: str = ""
    what: str = ""
    since: datetime | None = None
    until: datetime | None = None
    words: str = ""


@dataclass(frozen=True, slots=True)
class Line:
    """One line as a page shows it. *who* is None for the application itself and for somebody not signed in.

    People may rename themselves; their *email* stays.
    """

    id: int
    at: datetime
    who: str | None
    email: str | None
    action: str
    subject: str
    detail: dict[str, Any] | None
    address: str | None

    @property
    def words(self) -> str:
        return audit_words.of(self.action)

    @property
    def about(self) -> str:
        return audit_words.subject(self.subject)

    @property
    def details(self) -> list[str]:
        return audit_words.details(self.detail)


@dataclass(frozen=True, slots=True)
class Lines:
    """A page of the record, newest first. *older* is where the next one begins."""

    lines: list[Line]
    older: int | None


def find(filters: Filters, *, before: int | None = None) -> Lines:
    found = list(_lines(filters, before=before, limit=PAGE + 1))
    return Lines(found[:PAGE], found[PAGE - 1].id if len(found) > PAGE else None)


def export(filters: Filters, by: User) -> list[Line]:
    """All lines that fit, newest first, at most ``MOST_EXPORTED``; that they were taken is written down too."""
    found = list(_lines(filters, before=None, limit=MOST_EXPORTED))
    with transaction():
        record("audit.exported", by=by, detail={"lines": len(found)})
    return found


def people() -> list[User]:
    """Whoever may be named in it, by name."""
    return list(db.session.scalars(select(User).order_by(User.name, User.id)))


def purge(now: datetime, kept: timedelta) -> int:
    """Drop lines that are older than *kept*; how many, so that it is called again while there are more."""
    kept = max(kept, SHORTEST_KEPT)
    with transaction() as session:
        ids = list(
            session.scalars(
                select(AuditEvent.id).where(AuditEvent.at < now - kept).order_by(AuditEvent.at).limit(PURGED_AT_ONCE)
            )
        )
        if ids:
            session.execute(
                delete(AuditEvent).where(AuditEvent.id.in_(ids)).execution_options(synchronize_session=False)
            )
    return len(ids)


def _lines(filters: Filters, *, before: int | None, limit: int) -> Iterator[Line]:
    conditions = _conditions(filters)
    if before is not None:
        conditions.append(AuditEvent.id < before)
    rows = db.session.execute(
        select(AuditEvent, User.name, User.email)
        .outerjoin(User, User.id == AuditEvent.user_id)
        .where(*conditions)
        .order_by(AuditEvent.id.desc())
        .limit(limit)
    )
    for event, name, email in rows:
        yield Line(event.id, event.at, name, email, event.action, event.subject, event.detail, event.address)


def _conditions(filters: Filters) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    if filters.who == APPLICATION:
        found.append(AuditEvent.user_id.is_(None))
    elif re.fullmatch("[0-9]{1,18}", filters.who):
        found.append(AuditEvent.user_id == int(filters.who))
    kind = audit_words.KINDS.get(filters.what)
    if kind is not None:
        found.append(or_(*(AuditEvent.action.startswith(prefix) for prefix in kind.prefixes)))
    if filters.since is not None:
        found.append(AuditEvent.at >= filters.since)
    if filters.until is not None:
        found.append(AuditEvent.at < filters.until)
    if filters.words:
        places = (AuditEvent.subject, AuditEvent.address)
        found.append(or_(*(place.icontains(filters.words, autoescape=True) for place in places)))
    return found
