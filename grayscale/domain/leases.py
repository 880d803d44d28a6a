"""Claiming due rows so that no two workers do the same one and a killed worker only delays it."""

from datetime import timedelta
from typing import Any

from sqlalchemy import ColumnElement, TextClause, select, update

from grayscale import clock
from grayscale.database import transaction
from grayscale.models import Delivery, InterviewChange, Media, Message, SyncRun, Transcript

LEASED = (Delivery, InterviewChange, Media, Message, SyncRun, Transcript)


def claim(
    model: Any,
    *conditions: ColumnElement[bool] | TextClause,
    order_by: Any,
    limit: int,
    lease: timedelta,
    values: dict[str, Any] | None = None,
) -> list[int]:
    """Ids of up to *limit* rows of *model* that are due, now leased to the caller.

    *model* has ``lease_until`` and ``attempts``. Rows under a live lease are passed over. Every claim counts as an
    attempt and is committed before the caller acts. *values* are further columns to set with the claim. The row's
    state is the caller's to check and change: a lease that ran out means that an earlier attempt may have got
    anywhere.
    """
    now = clock.now()
    with transaction() as session:
        free = (model.lease_until.is_(None)) | (model.lease_until < now)
        ids = list(
            session.scalars(
                select(model.id)
                .where(free, *conditions)
                .order_by(order_by)
                .limit(limit)
                .with_for_update(skip_locked=True, key_share=True)
            )
        )
        if ids:
            session.execute(
                update(model)
                .where(model.id.in_(ids))
                .values(lease_until=now + lease, attempts=model.attempts + 1, **(values or {}))
                .execution_options(synchronize_session=False)
            )
    return ids


def release_all() -> int:
    """End every lease; how many there were. Only for a process that knows no other one works."""
    count = 0
    with transaction() as session:
        for model in LEASED:
            released: Any = session.execute(
                update(model)
                .where(model.lease_until > clock.now())
                .values(lease_until=clock.now())
                .execution_options(synchronize_session=False)
            )
            count += released.rowcount
    return count
