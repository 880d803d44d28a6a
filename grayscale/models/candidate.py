"""Candidates: Lever's contacts, the people, with their phone numbers."""

import enum
from datetime import datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from grayscale.extensions import db
from grayscale.models.types import E164, Json, LeverId, RowId, UTCDateTime

if TYPE_CHECKING:
    from grayscale.models.opportunity import Opportunity


@enum.unique
class Via(enum.StrEnum):
    """Which path brought a change of the mirror."""

    WEBHOOK = "webhook"
    POLL = "poll"
    FULL = "full"
    DEMAND = "demand"


class Candidate(db.Model):  # type: ignore[name-defined]
    """A person, as Lever's contact; conversations and consent hang here."""

    __table_args__ = (Index("ix_candidate_name", "name"),)

    id: Mapped[RowId]
    contact_id: Mapped[str] = mapped_column(LeverId, unique=True)
    name: Mapped[str] = mapped_column(Text, default="")
    headline: Mapped[str] = mapped_column(Text, default="")
    location: Mapped[str] = mapped_column(Text, default="")
    # IANA zone told from the location, when it could be.
    time_zone: Mapped[str | None] = mapped_column(String(64))
    emails: Mapped[list[str]] = mapped_column(Json, default=list)
    anonymized: Mapped[bool] = mapped_column(default=False)
    # Lever's data protection forbids contacting this person.
    contact_forbidden: Mapped[bool] = mapped_column(default=False)
    # When its allowance to contact them ends, which Lever tells nobody when it comes; None for no end.
    contact_until: Mapped[datetime | None] = mapped_column(UTCDateTime)
    # The version this row shows: Lever's updatedAt (else createdAt) of the opportunity it was read from.
    lever_updated_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    content_hash: Mapped[str] = mapped_column(String(32), default="")
    fetched_at: Mapped[datetime] = mapped_column(UTCDateTime)

    phones: Mapped[list["CandidatePhone"]] = relationship(
        back_populates="candidate", order_by="CandidatePhone.position", passive_deletes=True
    )
    opportunities: Mapped[list["Opportunity"]] = relationship(back_populates="candidate", passive_deletes=True)

    @property
    def display_name(self) -> str:
        return self.name.strip() or "Unnamed candidate"

    @property
    def first_name(self) -> str:
        words = self.name.split()
        return words[0] if words else ""

    @property
    def last_name(self) -> str:
        words = self.name.split()
        return words[-1] if len(words) > 1 else ""


class CandidatePhone(db.Model):  # type: ignore[name-defined]
    """A phone number as Lever gave it and, where it parses, as E.164."""

    __table_args__ = (
        Index("ix_candidate_phone_candidate_id", "candidate_id", "position"),
        Index("ix_candidate_phone_e164", "e164"),
    )

    id: Mapped[RowId]
    candidate_id: Mapped[int] = mapped_column(ForeignKey("candidate.id", ondelete="CASCADE"))
    position: Mapped[int]
    raw: Mapped[str] = mapped_column(Text)
    type: Mapped[str] = mapped_column(String(40), default="")
    e164: Mapped[str | None] = mapped_column(E164)
    # Why this number cannot be texted, for people; None when it can.
    not_textable: Mapped[str | None] = mapped_column(Text)

    candidate: Mapped[Candidate] = relationship(back_populates="phones")


class MirrorOddity(db.Model):  # type: ignore[name-defined]
    """Something of Lever's data that was not understood and therefore left out, kept for a super admin to see."""

    __table_args__ = (Index("uq_mirror_oddity_key", "resource", "lever_id", "note", unique=True),)

    id: Mapped[RowId]
    resource: Mapped[str] = mapped_column(String(40))
    lever_id: Mapped[str] = mapped_column(LeverId)
    note: Mapped[str] = mapped_column(String(300))
    detail: Mapped[dict[str, Any] | None] = mapped_column(Json)
    seen_at: Mapped[datetime] = mapped_column(UTCDateTime)
