"""Transcripts: what of a conversation goes to Lever as one Note."""

import enum
from datetime import datetime
from typing import TYPE_CHECKING

from sqlalchemy import ForeignKey, Index, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from grayscale.extensions import db
from grayscale.models.types import LeverId, RowId, UTCDateTime, enum_type

if TYPE_CHECKING:
    from grayscale.models.conversation import Conversation
    from grayscale.models.opportunity import Opportunity


@enum.unique
class TranscriptState(enum.StrEnum):
    # Intended; not yet called, or proven not to be in Lever.
    DUE = "due"
    # Called, or about to be: whether it is in Lever is unknown until proven.
    POSTING = "posting"
    CHECKING = "checking"
    POSTED = "posted"
    # Lever refused it; a person may try again.
    FAILED = "failed"
    # Cannot be proven either way; a person decides.
    UNSURE = "unsure"
    # Will not be posted, with the reason (its opportunity is gone).
    SKIPPED = "skipped"


OPEN_TRANSCRIPTS = (TranscriptState.DUE, TranscriptState.POSTING, TranscriptState.CHECKING)


class Transcript(db.Model):  # type: ignore[name-defined]
    """The messages of one conversation between two quiet times, bound for one opportunity's notes."""

    __table_args__ = (
        UniqueConstraint("reference"),
        Index("ix_transcript_conversation_id", "conversation_id", "id"),
        Index(
            "ix_transcript_open", "next_attempt_at",
            sqlite_where=text("state IN ('due', 'posting', 'checking')"),
            postgresql_where=text("state IN ('due', 'posting', 'checking')"),
        ),
        Index("ix_transcript_state", "state", "id"),
    )

    id: Mapped[RowId]
    conversation_id: Mapped[int] = mapped_column(ForeignKey("conversation.id", ondelete="CASCADE"))
    opportunity_id: Mapped[int | None] = mapped_column(ForeignKey("opportunity.id", ondelete="SET NULL"))
    # Kept apart from the row it names, so that a deleted opportunity can still be told.
    opportunity_lever_id: Mapped[str | None] = mapped_column(LeverId)
    # Printed in the Note, so that it can be found again.
    reference: Mapped[str] = mapped_column(String(40))
    first_at: Mapped[datetime] = mapped_column(UTCDateTime)
    last_at: Mapped[datetime] = mapped_column(UTCDateTime)
    message_count: Mapped[int] = mapped_column(default=0)
    state: Mapped[TranscriptState] = mapped_column(enum_type(TranscriptState, "state"))
    attempts: Mapped[int] = mapped_column(default=0)
    next_attempt_at: Mapped[datetime] = mapped_column(UTCDateTime)
    lease_until: Mapped[datetime | None] = mapped_column(UTCDateTime)
    error: Mapped[str | None] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(UTCDateTime)
    posted_at: Mapped[datetime | None] = mapped_column(UTCDateTime)

    conversation: Mapped["Conversation"] = relationship()
    opportunity: Mapped["Opportunity | None"] = relationship()
    parts: Mapped[list["TranscriptPart"]] = relationship(order_by="TranscriptPart.number", passive_deletes=True)


class TranscriptPart(db.Model):  # type: ignore[name-defined]
    """One comment of the Note's thread. Its text is fixed before the first call and emptied once posted."""

    __table_args__ = (UniqueConstraint("transcript_id", "number"),)

    id: Mapped[RowId]
    transcript_id: Mapped[int] = mapped_column(ForeignKey("transcript.id", ondelete="CASCADE"))
    number: Mapped[int]
    text: Mapped[str] = mapped_column(Text)
    sha256: Mapped[str] = mapped_column(String(64))
    # Committed just before the call; with no note id behind it the outcome is unknown.
    called_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    # When a look into Lever first did not find it; a second look, later, proves that it is not there.
    absent_since: Mapped[datetime | None] = mapped_column(UTCDateTime)
    note_id: Mapped[str | None] = mapped_column(LeverId)
    posted_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
