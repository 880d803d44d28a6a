"""Opportunities: a person in a pipeline; many per candidate. And their interviews."""

from datetime import datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import ForeignKey, Index, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from grayscale.extensions import db
from grayscale.models.candidate import Via
from grayscale.models.types import Json, LeverId, RowId, UTCDateTime, enum_type

if TYPE_CHECKING:
    from grayscale.models.candidate import Candidate


class Opportunity(db.Model):  # type: ignore[name-defined]
    """One candidacy. Foreign things of Lever are named by Lever's id, for they may arrive later or never."""

    __table_args__ = (
        Index("ix_opportunity_candidate_id", "candidate_id"),
        Index("ix_opportunity_created_at", "lever_created_at"),
        Index("ix_opportunity_posting", "posting_lever_id"),
        Index("ix_opportunity_stage", "stage_lever_id"),
        Index("ix_opportunity_owner", "owner_lever_id"),
        Index("ix_opportunity_active", "advanced_at", sqlite_where=text("archived_at IS NULL"),
              postgresql_where=text("archived_at IS NULL")),
    )

    id: Mapped[RowId]
    lever_id: Mapped[str] = mapped_column(LeverId, unique=True)
    candidate_id: Mapped[int] = mapped_column(ForeignKey("candidate.id", ondelete="CASCADE"))
    stage_lever_id: Mapped[str | None] = mapped_column(LeverId)
    posting_lever_id: Mapped[str | None] = mapped_column(LeverId)
    owner_lever_id: Mapped[str | None] = mapped_column(LeverId)
    hiring_manager_lever_id: Mapped[str | None] = mapped_column(LeverId)
    follower_lever_ids: Mapped[list[str]] = mapped_column(Json, default=list)
    origin: Mapped[str] = mapped_column(String(40), default="")
    tags: Mapped[list[str]] = mapped_column(Json, default=list)
    confidential: Mapped[bool] = mapped_column(default=False)
    anonymized: Mapped[bool] = mapped_column(default=False)
    archived_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    archive_reason_lever_id: Mapped[str | None] = mapped_column(LeverId)
    location: Mapped[str] = mapped_column(Text, default="")
    url: Mapped[str] = mapped_column(Text, default="")
    lever_created_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    lever_updated_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    advanced_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    snoozed_until: Mapped[datetime | None] = mapped_column(UTCDateTime)
    # When the interviews of this opportunity were last listed.
    interviews_fetched_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    content_hash: Mapped[str] = mapped_column(String(32), default="")
    # Start of the request that brought this version, and the path it came by.
    fetched_at: Mapped[datetime] = mapped_column(UTCDateTime)
    via: Mapped[Via] = mapped_column(enum_type(Via, "via"))

    candidate: Mapped["Candidate"] = relationship(back_populates="opportunities")
    interviews: Mapped[list["Interview"]] = relationship(
        back_populates="opportunity", order_by="Interview.starts_at", passive_deletes=True
    )

    @property
    def is_archived(self) -> bool:
        return self.archived_at is not None


class Interview(db.Model):  # type: ignore[name-defined]
    """An interview of one opportunity."""

    __table_args__ = (
        Index("ix_interview_opportunity_id", "opportunity_id", "starts_at"),
        Index("ix_interview_starts_at", "starts_at"),
    )

    id: Mapped[RowId]
    lever_id: Mapped[str] = mapped_column(LeverId, unique=True)
    opportunity_id: Mapped[int] = mapped_column(ForeignKey("opportunity.id", ondelete="CASCADE"))
    panel_lever_id: Mapped[str | None] = mapped_column(LeverId)
    subject: Mapped[str] = mapped_column(Text, default="")
    note: Mapped[str] = mapped_column(Text, default="")
    location: Mapped[str] = mapped_column(Text, default="")
    starts_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    duration_minutes: Mapped[int] = mapped_column(default=0)
    # IANA zone as Lever gave it.
    time_zone: Mapped[str] = mapped_column(String(64), default="")
    # [{"id", "name", "email"}]
    interviewers: Mapped[list[dict[str, Any]]] = mapped_column(Json, default=list)
    user_lever_id: Mapped[str | None] = mapped_column(LeverId)
    canceled_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    calendar_url: Mapped[str] = mapped_column(Text, default="")
    content_hash: Mapped[str] = mapped_column(String(32), default="")
    fetched_at: Mapped[datetime] = mapped_column(UTCDateTime)
    via: Mapped[Via] = mapped_column(enum_type(Via, "via"))

    opportunity: Mapped[Opportunity] = relationship(back_populates="interviews")
