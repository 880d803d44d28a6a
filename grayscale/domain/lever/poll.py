"""When the mirror is due to be compared with Lever, and which webhooks kept silent about what a poll found."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from datetime import datetime, timedelta

from sqlalchemy import select, true
from sqlalchemy.orm import Session

from grayscale import clock
from grayscale.clients.lever.client import LeverClient
from grayscale.database import INSERT, transaction
from grayscale.domain.company import company_zone, lever_integration
from grayscale.domain.lever import health, refresh, sync_requests
from grayscale.domain.lever.mirror import Change
from grayscale.domain.lever.mirror_rows import EPOCH, Prepared
from grayscale.extensions import db
from grayscale.models import (
    Delivery,
    LeverEvent,
    LeverIntegration,
    Source,
    SyncKind,
    SyncRun,
    UntoldChange,
    WebhookToken,
)

EVERY = timedelta(minutes=5)
# The nightly comparison: within these hours of the company's day, else at the latest after so long.
NIGHT = range(1, 5)
NIGHTLY_AFTER = timedelta(hours=20)
NIGHTLY_LATEST = timedelta(hours=36)
# A webhook may be under way while a poll already sees its change.
PATIENCE = timedelta(minutes=2)
# Lever's clock and ours.
AROUND = timedelta(minutes=10)


def due() -> SyncKind | None:
    """The comparison that is due now, if any. None until a first sync was asked for, or when it was cancelled."""
    newest = db.session.scalar(select(SyncRun).order_by(SyncRun.id.desc()).limit(1))
    if newest is None:
        return SyncKind.INITIAL
    now = clock.now()
    full = sync_requests.last_success()
    if full is not None and full.finished_at is not None:
        age = now - full.finished_at
        is_night = now.astimezone(company_zone()).hour in NIGHT
        if age > NIGHTLY_LATEST or (age > NIGHTLY_AFTER and is_night):
            return SyncKind.FULL
    polled = db.session.scalar(
        select(SyncRun.started_at).where(SyncRun.kind == SyncKind.POLL).order_by(SyncRun.id.desc()).limit(1)
    )
    watermark = lever_integration().polled_until
    last = max((moment for moment in (polled, watermark) if moment is not None), default=newest.started_at)
    return SyncKind.POLL if now - last >= EVERY else None


def saw_changes(until: datetime) -> None:
    """Everything Lever changed up to *until* is committed here."""
    with transaction() as session:
        integration = session.get_one(LeverIntegration, 1)
        if integration.polled_until is None or integration.polled_until < until:
            integration.polled_until = until


def saw_deletions(until: datetime) -> None:
    """Everything Lever listed as deleted up to *until* is known."""
    with transaction() as session:
        integration = session.get_one(LeverIntegration, 1)
        if integration.deletions_polled_until is None or integration.deletions_polled_until < until:
            integration.deletions_polled_until = until


def resolve(client: LeverClient, prepared: Prepared) -> None:
    """Fetch the names a changed opportunity refers to and the mirror does not have."""
    references = refresh.References()
    for row in prepared.rows.values():
        references.add(
            posting=row["posting_lever_id"],
            stage=row["stage_lever_id"],
            reason=row["archive_reason_lever_id"],
            user=row["owner_lever_id"],
        )
    refresh.resolve(client, references)


def keep(found: Iterable[Change]) -> None:
    """Keep the changes that were found by looking until it can be said whether a webhook told them too.

    Those from before a webhook was set up are none of its business.
    """
    changes = [change for change in found if change.events]
    if not changes:
        return
    now = clock.now()
    with transaction() as session:
        set_up = _set_up(session)
        rows = [
            {"lever_id": change.lever_id, "event": event, "at": at}
            for change in changes
            for event in change.events
            if event in set_up
            and (at := min(change.at or now, now)) and (change.since or at) >= (set_up[event] or EPOCH)
        ]
        if rows:
            make = INSERT[db.engine.dialect.name]
            session.execute(make(UntoldChange.__table__).on_conflict_do_nothing(), rows)


def _set_up(session: Session) -> dict[LeverEvent, datetime | None]:
    """The webhooks that have a token, and since when they have this one."""
    query = select(WebhookToken.event, WebhookToken.set_at).where(WebhookToken.token.is_not(None))
    return {row.event: row.set_at for row in session.execute(query)}


def count_missed() -> Counter[LeverEvent]:
    """Count the changes no webhook told, against the webhook that should have. Only webhooks that are set up count.

    The webhook of a change seconds old may be on its way: such a one is judged by a later run.
    """
    now = clock.now()
    missed: Counter[LeverEvent] = Counter()
    with transaction() as session:
        configured = _set_up(session)
        judged = session.scalars(select(UntoldChange).where(UntoldChange.at <= now - PATIENCE)).all()
        for change in judged:
            if change.event in configured and not _was_told(change.lever_id, change.event, change.at):
                missed[change.event] += 1
            session.delete(change)
        for event, count in missed.items():
            health.note_missed(event, count)
    return missed


def _was_told(lever_id: str, event: LeverEvent, at: datetime) -> bool:
    # Deleted is deleted once, and often nobody can say when.
    about_it = true() if event is LeverEvent.DELETED else Delivery.received_at >= at - AROUND
    found = db.session.scalar(
        select(Delivery.id)
        .where(
            Delivery.source == Source.LEVER,
            Delivery.opportunity_lever_id == lever_id,
            Delivery.event == event.value,
            about_it,
        )
        .limit(1)
    )
    return found is not None
