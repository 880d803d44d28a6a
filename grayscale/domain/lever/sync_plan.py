"""What a run of each kind walks, and the rows that remember it."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import func, select

from grayscale import clock
from grayscale.clients.lever.fields import to_ms
from grayscale.database import transaction
from grayscale.domain.company import lever_integration
from grayscale.domain.lever.sync_walks import Walk
from grayscale.domain.lever.windows import Span
from grayscale.extensions import db
from grayscale.models import Opportunity, SyncKind, SyncRun, SyncWindow

# Lever's clock and ours differ, and a list moves while it is read.
OVERLAP = timedelta(minutes=10)
# Lever answers for windows of at most 30 days.
DELETIONS_WINDOW = timedelta(days=30)
EVERYTHING = Span(None, None)
LISTS = ("stages", "archive_reasons", "users", "postings")
POLLED_LISTS = ("stages", "archive_reasons")

LIST, ACTIVE, ARCHIVED, CHANGES, DELETED, CONFIRM = 0, 10, 20, 30, 40, 50

# Active opportunities before the archive: people can work while the rest comes.
PHASES: tuple[dict[str, Any], ...] = ({"archived": False}, {"archived": True})


def windows_of(run_id: int) -> list[Walk]:
    """The run's walks as they stand, in the order they are walked."""
    rows = db.session.scalars(
        select(SyncWindow).where(SyncWindow.run_id == run_id).order_by(SyncWindow.priority, SyncWindow.id)
    )
    return [Walk.of(row) for row in rows]


def add(run_id: int, resource: str, priority: int, span: Span = EVERYTHING, **filters: Any) -> Walk:
    """Remember that this is to be walked."""
    with transaction() as session:
        row = SyncWindow(
            run_id=run_id,
            resource=resource,
            priority=priority,
            created_from=span.start,
            created_to=span.end,
            filters=filters,
        )
        session.add(row)
        session.flush()
        return Walk.of(row)


def begin(run: SyncRun) -> list[Walk]:
    """The walks known from the start. The opportunities' windows are cut as they are needed."""
    if run.kind is SyncKind.POLL:
        since = changed_since(run)
        walks = [add(run.id, resource, LIST) for resource in POLLED_LISTS]
        walks.append(add(run.id, "postings", LIST, updated_at_start=to_ms(since)))
        walks.append(add(run.id, "changes", CHANGES, updated_at_start=to_ms(since)))
        return walks + deletions(run)
    walks = [add(run.id, resource, LIST) for resource in LISTS]
    return walks + (deletions(run) if run.kind is SyncKind.FULL else [])


def changed_since(run: SyncRun) -> datetime:
    """Where the walk over changes begins: what polls have seen, else the start of the run, minus the overlap."""
    polled = lever_integration().polled_until
    return (polled if polled is not None and polled < run.started_at else run.started_at) - OVERLAP


def changes(run_id: int, started_at: datetime) -> Walk:
    """The walk over what changed since *started_at*, or since the last one like it."""
    polled = lever_integration().polled_until
    since = max(polled, started_at) if polled is not None else started_at
    return add(run_id, "changes", CHANGES, updated_at_start=to_ms(since - OVERLAP))


def suspects(run_id: int, lever_ids: list[str]) -> Walk:
    """Remember which opportunities a walk did not show. Not a list to walk: they are asked for one by one."""
    walk = add(run_id, "confirm", CONFIRM, ids=lever_ids)
    walk.done = True
    return walk


def deletions(run: SyncRun) -> list[Walk]:
    """Windows over what was deleted since the last look, the oldest first."""
    since = lever_integration().deletions_polled_until
    earliest = run.started_at - DELETIONS_WINDOW * (2 if run.kind is SyncKind.FULL else 1)
    start = max((since or earliest) - OVERLAP, earliest)
    walks = []
    while run.started_at - start > DELETIONS_WINDOW:
        end = start + DELETIONS_WINDOW
        walks.append(
            add(run.id, "deleted", DELETED, deleted_at_start=to_ms(start), deleted_at_end=to_ms(end))
        )
        start = end
    # The last one is open at its end: nothing deleted meanwhile is missed for a difference of clocks.
    walks.append(add(run.id, "deleted", DELETED, deleted_at_start=to_ms(start)))
    return walks


def mirrored() -> int:
    """Opportunities in the mirror."""
    return db.session.scalar(select(func.count()).select_from(Opportunity)) or 0


def watermark(walk: Walk) -> datetime:
    """Everything that happened in Lever before this was seen once *walk* is done."""
    return walk.started_at or clock.now()
