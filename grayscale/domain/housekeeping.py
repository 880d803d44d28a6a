"""What is kept for a set time only, and no longer."""

from datetime import timedelta

from sqlalchemy import delete

from grayscale import clock
from grayscale.database import transaction
from grayscale.domain import assignments, audit, retention, search, sessions, stopping, throttle
from grayscale.domain.company import company
from grayscale.domain.lever import deliveries
from grayscale.domain.transcripts import due
from grayscale.models import SyncKind, SyncRun, SyncState

#: Polls come every five minutes and say little a month later.
POLLS_KEPT = timedelta(days=30)
#: Of the search index, in one transaction.
PAGES_AT_ONCE = 50
#: Between two pieces of work.
BREATH_SECONDS = 0.1


def tidy() -> int:
    """A piece of what is to be dropped or found again; how much, so that it is called again while there is more."""
    now = clock.now()
    settings = company()
    texts_kept = timedelta(days=settings.texts_kept_days) if settings.texts_kept_days else None
    purged = audit.purge(now, timedelta(days=settings.audit_kept_days))
    purged += deliveries.purge(now, texts_kept) + retention.apply(now, settings.texts_kept_days)
    with transaction() as session:
        session.execute(
            delete(SyncRun).where(
                SyncRun.kind == SyncKind.POLL, SyncRun.state != SyncState.RUNNING, SyncRun.started_at < now - POLLS_KEPT
            )
        )
    sessions.purge(now)
    throttle.purge(now)
    search.forget_deleted(PAGES_AT_ONCE)
    done = purged + due.find_forgotten() + assignments.release_forgotten()
    if done:
        # Others want to write as well: on SQLite there is one writer.
        stopping.wait(BREATH_SECONDS)
    return done
