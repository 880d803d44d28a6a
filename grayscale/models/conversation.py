"""Conversations: one per candidate and sending number."""

from datetime import datetime
from typing import TYPE_CHECKING

from sqlalchemy import ForeignKey, Index, Text, false, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from grayscale.extensions import db
from grayscale.models.types import E164, BigId, RowId, UTCDateTime

if TYPE_CHECKING:
    from grayscale.models.candidate import Candidate
    from grayscale.models.opportunity import Opportunity
    from grayscale.models.texting_account import SendingNumber
    from grayscale.models.user import User


def _listing(view: str, where: str, sqlite_where: str | None = None, *, first: str | None = None) -> Index:
    """The index behind one view of the inbox: exactly its rows, in the order they are shown."""
    columns = ([first] if first else []) + ["last_activity_at", "id"]
    return Index(
        f"ix_conversation_{view}", *columns,
        sqlite_where=text(sqlite_where or where), postgresql_where=text(where),
    )


class Conversation(db.Model):  # type: ignore[name-defined]
    """A thread of texts. Without a candidate it is with a number nobody in Lever has (yet)."""

    __table_args__ = (
        Index(
            "uq_conversation_candidate_number", "candidate_id", "sending_number_id", unique=True,
            sqlite_where=text("candidate_id IS NOT NULL"), postgresql_where=text("candidate_id IS NOT NULL"),
        ),
        Index(
            "uq_conversation_unknown_number", "peer", "sending_number_id", unique=True,
            sqlite_where=text("candidate_id IS NULL"), postgresql_where=text("candidate_id IS NULL"),
        ),
        Index("ix_conversation_peer", "peer"),
        Index(
            "ix_conversation_opt_out_suggested", "opt_out_suggested_by_id",
            sqlite_where=text("opt_out_suggested_by_id IS NOT NULL"),
            postgresql_where=text("opt_out_suggested_by_id IS NOT NULL"),
        ),
        _listing("open", "archived_at IS NULL"),
        _listing("archived", "archived_at IS NOT NULL"),
        _listing("assignee", "archived_at IS NULL", first="assignee_id"),
        _listing("unassigned", "assignee_id IS NULL AND archived_at IS NULL"),
        _listing("needs_reply", "needs_reply AND archived_at IS NULL", "needs_reply = 1 AND archived_at IS NULL"),
        _listing("failed", "has_failure", "has_failure = 1"),
        Index("ix_conversation_opportunity_id", "opportunity_id"),
        Index(
            "ix_conversation_transcript_due", "transcript_due_at",
            sqlite_where=text("transcript_due_at IS NOT NULL"),
            postgresql_where=text("transcript_due_at IS NOT NULL"),
        ),
    )

    id: Mapped[RowId]
    candidate_id: Mapped[int | None] = mapped_column(ForeignKey("candidate.id", ondelete="CASCADE"))
    sending_number_id: Mapped[int] = mapped_column(ForeignKey("sending_number.id", ondelete="RESTRICT"))
    # The candidate's number texts go to now: E.164, or a short code as the carrier named it.
    peer: Mapped[str] = mapped_column(E164)
    # A person said that this number is the candidate's, whether Lever lists it or not.
    peer_vouched: Mapped[bool] = mapped_column(default=False, server_default=false())
    # An unknown number that a person matched to the candidate, and its first text: what goes again if that was wrong.
    matched_peer: Mapped[str | None] = mapped_column(E164)
    matched_from_id: Mapped[int | None] = mapped_column(BigId)
    # The opportunity its transcripts go to, and whether a person chose it.
    opportunity_id: Mapped[int | None] = mapped_column(ForeignKey("opportunity.id", ondelete="SET NULL"))
    opportunity_chosen: Mapped[bool] = mapped_column(default=False)
    # It once belonged to a confidential opportunity that is no more its own (deleted, merged, moved in Lever): what was
    # said there stays with super admins.
    restricted: Mapped[bool] = mapped_column(default=False, server_default=false())
    assignee_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id", ondelete="SET NULL"))
    created_by_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id", ondelete="SET NULL"))
    created_at: Mapped[datetime] = mapped_column(UTCDateTime)
    archived_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    last_activity_at: Mapped[datetime] = mapped_column(UTCDateTime)
    last_message_id: Mapped[int | None] = mapped_column(BigId)
    # The newest received text: unread to whoever has not read this far.
    last_inbound_id: Mapped[int | None] = mapped_column(BigId)
    last_inbound_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    last_outbound_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    # The candidate spoke last: somebody should answer.
    needs_reply: Mapped[bool] = mapped_column(default=False)
    # A text of this conversation failed or is unsure and nobody has dealt with it.
    has_failure: Mapped[bool] = mapped_column(default=False)
    # A sentence of the candidate sounded like "stop": the message that did, until a person decides.
    opt_out_suggested_by_id: Mapped[int | None] = mapped_column(BigId)
    # Quiet time ends here; None when every message is in a transcript.
    transcript_due_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    # Value of the change clock at the last visible change.
    changed_at_tick: Mapped[int] = mapped_column(BigId, default=0, index=True)

    candidate: Mapped["Candidate | None"] = relationship()
    opportunity: Mapped["Opportunity | None"] = relationship()
    sending_number: Mapped["SendingNumber"] = relationship()
    assignee: Mapped["User | None"] = relationship(foreign_keys=[assignee_id])


class ConversationMember(db.Model):  # type: ignore[name-defined]
    """One person's view of one conversation: what is read, followed, drafted, and whether they look at it now."""

    __table_args__ = (
        Index(
            "ix_conversation_member_follows", "user_id", "conversation_id",
            sqlite_where=text("follows = 1"), postgresql_where=text("follows"),
        ),
        Index("ix_conversation_member_draft", "user_id", "draft_saved_at"),
    )

    conversation_id: Mapped[int] = mapped_column(
        ForeignKey("conversation.id", ondelete="CASCADE"), primary_key=True
    )
    user_id: Mapped[int] = mapped_column(ForeignKey("user_account.id", ondelete="CASCADE"), primary_key=True)
    # Every message up to this one is read.
    read_up_to_id: Mapped[int] = mapped_column(BigId, default=0)
    follows: Mapped[bool] = mapped_column(default=False)
    draft: Mapped[str] = mapped_column(Text, default="")
    draft_saved_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    viewing_until: Mapped[datetime | None] = mapped_column(UTCDateTime)
    typing_until: Mapped[datetime | None] = mapped_column(UTCDateTime)
