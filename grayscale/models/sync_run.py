"""Runs of the Lever sync, and the windows they walk."""

import enum
from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from grayscale.extensions import db
from grayscale.models.types import Json, RowId, UTCDateTime, enum_type


@enum.unique
class SyncKind(enum.StrEnum):
    INITIAL = "initial"
    FULL = "full"
    POLL = "poll"


@enum.unique
class SyncState(enum.StrEnum):
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    CANCELED = "canceled"


class SyncRun(db.Model):  # type: ignore[name-defined]
    """One sync. At most one runs at a time: a partial unique index says so."""

    __table_args__ = (
        Index(
            "uq_sync_run_running", "state", unique=True,
            sqlite_where=text("state = 'running'"), postgresql_where=text("state = 'running'"),
        ),
        Index("ix_sync_run_started_at", "started_at"),
    )

    id: Mapped[RowId]
    kind: Mapped[SyncKind] = mapped_column(enum_type(SyncKind, "kind"))
    state: Mapped[SyncState] = mapped_column(enum_type(SyncState, "state"))
    started_at: Mapped[datetime] = mapped_column(UTCDateTime)
    finished_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    # Whoever runs it renews this; past it another process takes the run over where it stands.
    lease_until: Mapped[datetime | None] = mapped_column(UTCDateTime)
    runner: Mapped[str | None] = mapped_column(Text)
    requested_by_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id", ondelete="SET NULL"))
    cancel_requested: Mapped[bool] = mapped_column(default=False)
    # Resource being walked now, and {resource: {"done": n, "known": n | null, "changed": n, "state": …}}.
    phase: Mapped[str] = mapped_column(Text, default="")
    progress: Mapped[dict[str, Any]] = mapped_column(Json, default=dict)
    requests: Mapped[int] = mapped_column(default=0)
    error: Mapped[str | None] = mapped_column(Text)


class SyncWindow(db.Model):  # type: ignore[name-defined]
    """A stretch of creation time of one resource, and how far its cursor came: the checkpoint."""

    __table_args__ = (Index("ix_sync_window_run_id", "run_id", "done_at"),)

    id: Mapped[RowId]
    run_id: Mapped[int] = mapped_column(ForeignKey("sync_run.id", ondelete="CASCADE"))
    resource: Mapped[str] = mapped_column(Text)
    # Order in which windows are walked, lowest first.
    priority: Mapped[int] = mapped_column(default=0)
    created_from: Mapped[datetime | None] = mapped_column(UTCDateTime)
    created_to: Mapped[datetime | None] = mapped_column(UTCDateTime)
    filters: Mapped[dict[str, Any]] = mapped_column(Json, default=dict)
    offset: Mapped[str | None] = mapped_column(Text)
    seen: Mapped[int] = mapped_column(default=0)
    started_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    done_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
