"""Counting attempts in the database, so that every process counts the same.

A window begins with its first attempt. An attempt is counted before it is made: however many come at once, no more than
the limit get through.
"""

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import case, delete, select, update
from sqlalchemy.dialects import postgresql, sqlite

from grayscale import clock
from grayscale.database import transaction
from grayscale.extensions import db
from grayscale.models import Attempts

LONGEST_WINDOW = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Limit:
    """At most *count* attempts of the kind *name* within *window*, for each of those who share them."""

    name: str
    count: int
    window: timedelta


def used(limit: Limit, *whose: str) -> int:
    """How many attempts of the present window were made."""
    return (
        db.session.scalar(
            select(Attempts.count).where(
                Attempts.bucket == _bucket(limit, whose), Attempts.began_at > clock.now() - limit.window
            )
        )
        or 0
    )


def take(limit: Limit, *whose: str) -> int:
    """Count one attempt more; the how many-eth of its window it is."""
    now = clock.now()
    insert = postgresql.insert if db.engine.dialect.name == "postgresql" else sqlite.insert
    attempt = insert(Attempts).values(bucket=_bucket(limit, whose), began_at=now, count=1)
    is_over = Attempts.began_at <= now - limit.window
    counted = attempt.on_conflict_do_update(
        index_elements=["bucket"],
        set_={
            "count": case((is_over, 1), else_=Attempts.count + 1),
            "began_at": case((is_over, now), else_=Attempts.began_at),
        },
    ).returning(Attempts.count)
    with transaction() as session:
        return session.scalars(counted).one()


def give_back(limit: Limit, *whose: str) -> None:
    """Take one attempt off again: it was a good one."""
    with transaction() as session:
        session.execute(
            update(Attempts)
            .where(Attempts.bucket == _bucket(limit, whose), Attempts.count > 0)
            .values(count=Attempts.count - 1)
            .execution_options(synchronize_session=False)
        )


def purge(now: datetime) -> None:
    """Drop the windows that are over."""
    with transaction() as session:
        session.execute(delete(Attempts).where(Attempts.began_at < now - LONGEST_WINDOW))


def _bucket(limit: Limit, whose: tuple[str, ...]) -> str:
    return hashlib.sha256("\n".join((limit.name, *whose)).encode()).hexdigest()
