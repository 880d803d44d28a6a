"""The small lists of Lever: users, stages, archive reasons, postings. Mirrored, never edited by hand."""

from datetime import datetime

from sqlalchemy import Float, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from grayscale.extensions import db
from grayscale.models.types import LeverId, RowId, UTCDateTime


class LeverUser(db.Model):  # type: ignore[name-defined]
    id: Mapped[RowId]
    lever_id: Mapped[str] = mapped_column(LeverId, unique=True)
    name: Mapped[str] = mapped_column(Text, default="")
    email: Mapped[str] = mapped_column(String(254), default="", index=True)
    access_role: Mapped[str] = mapped_column(String(100), default="")
    deactivated_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    content_hash: Mapped[str] = mapped_column(String(32), default="")
    fetched_at: Mapped[datetime] = mapped_column(UTCDateTime)


class Stage(db.Model):  # type: ignore[name-defined]
    id: Mapped[RowId]
    lever_id: Mapped[str] = mapped_column(LeverId, unique=True)
    text: Mapped[str] = mapped_column(Text, default="")
    # Place in the pipeline as Lever lists it.
    position: Mapped[float] = mapped_column(Float, default=0)
    content_hash: Mapped[str] = mapped_column(String(32), default="")
    fetched_at: Mapped[datetime] = mapped_column(UTCDateTime)


class ArchiveReason(db.Model):  # type: ignore[name-defined]
    id: Mapped[RowId]
    lever_id: Mapped[str] = mapped_column(LeverId, unique=True)
    text: Mapped[str] = mapped_column(Text, default="")
    # "hired" | "non-hired", or what else Lever may say.
    type: Mapped[str] = mapped_column(String(40), default="")
    status: Mapped[str] = mapped_column(String(40), default="")
    content_hash: Mapped[str] = mapped_column(String(32), default="")
    fetched_at: Mapped[datetime] = mapped_column(UTCDateTime)


class Posting(db.Model):  # type: ignore[name-defined]
    id: Mapped[RowId]
    lever_id: Mapped[str] = mapped_column(LeverId, unique=True)
    title: Mapped[str] = mapped_column(Text, default="")
    state: Mapped[str] = mapped_column(String(40), default="")
    team: Mapped[str] = mapped_column(Text, default="")
    department: Mapped[str] = mapped_column(Text, default="")
    location: Mapped[str] = mapped_column(Text, default="")
    confidential: Mapped[bool] = mapped_column(default=False)
    owner_lever_id: Mapped[str | None] = mapped_column(LeverId)
    hiring_manager_lever_id: Mapped[str | None] = mapped_column(LeverId)
    lever_updated_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    content_hash: Mapped[str] = mapped_column(String(32), default="")
    fetched_at: Mapped[datetime] = mapped_column(UTCDateTime)
