"""Messages of a conversation, their state and its history, and their pictures."""

import enum
from datetime import datetime
from typing import TYPE_CHECKING, ClassVar

from sqlalchemy import ForeignKey, Index, String, Text, TextClause, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from grayscale.extensions import db
from grayscale.models.types import E164, RowId, UTCDateTime, enum_type

if TYPE_CHECKING:
    from grayscale.models.conversation import Conversation
    from grayscale.models.user import User


@enum.unique
class Direction(enum.StrEnum):
    INBOUND = "inbound"
    OUTBOUND = "outbound"
    # A line of history in the thread; never leaves the house.
    INTERNAL = "internal"


@enum.unique
class Kind(enum.StrEnum):
    MANUAL = "manual"
    AUTOMATED = "automated"
    SYSTEM = "system"


@enum.unique
class MessageState(enum.StrEnum):
    # Outbound, still ours: may be edited and cancelled.
    SCHEDULED = "scheduled"
    QUEUED = "queued"
    # Missed its minute by too much: a person decides.
    OVERDUE = "overdue"
    # Outbound, on its way to the carrier.
    SENDING = "sending"
    CHECKING = "checking"
    UNSURE = "unsure"
    # Outbound, the carrier has it.
    ACCEPTED = "accepted"
    SENT = "sent"
    DELIVERED = "delivered"
    UNDELIVERED = "undelivered"
    # Outbound, it reached nobody: it never left, or the carrier took it and gave up (``handed_over_at`` is set).
    FAILED = "failed"
    BLOCKED = "blocked"
    CANCELED = "canceled"
    # Inbound and internal.
    RECEIVED = "received"


# Not yet handed to anybody: cancelled when the number opts out.
CANCELABLE = (MessageState.SCHEDULED, MessageState.QUEUED, MessageState.OVERDUE)
# The carrier took it: it counts as sent and belongs in a transcript.
HANDED_OVER = (MessageState.ACCEPTED, MessageState.SENT, MessageState.DELIVERED, MessageState.UNDELIVERED)
# Something a person should look at.
TROUBLED = (MessageState.FAILED, MessageState.UNDELIVERED, MessageState.UNSURE, MessageState.BLOCKED,
            MessageState.OVERDUE)
# Nothing changes these any more.
FINAL = (MessageState.DELIVERED, MessageState.UNDELIVERED, MessageState.FAILED, MessageState.BLOCKED,
         MessageState.CANCELED, MessageState.RECEIVED)


# Conditions of partial indexes. SQLite uses one only for a query that says its condition letter for letter, with the
# values in the statement: such queries say these as well.
ON_ITS_WAY = "state IN ('scheduled', 'queued', 'sending', 'checking')"
WITH_THE_CARRIER = "state IN ('accepted', 'sent')"
STILL_OURS = "state IN ('scheduled', 'queued', 'overdue')"


class Message(db.Model):  # type: ignore[name-defined]
    """One text, or one line of history."""

    __table_args__ = (
        UniqueConstraint("carrier_id"),
        UniqueConstraint("public_id"),
        UniqueConstraint("submission_key"),
        Index("ix_message_thread", "conversation_id", "occurred_at", "id"),
        Index("ix_message_transcript_id", "transcript_id"),
        Index(
            "ix_message_unnoted", "conversation_id",
            sqlite_where=text("transcript_id IS NULL"), postgresql_where=text("transcript_id IS NULL"),
        ),
        Index(
            "ix_message_due", "send_at", sqlite_where=text(ON_ITS_WAY), postgresql_where=text(ON_ITS_WAY)
        ),
        Index(
            "ix_message_with_the_carrier", "handed_over_at",
            sqlite_where=text(WITH_THE_CARRIER), postgresql_where=text(WITH_THE_CARRIER),
        ),
        # What has not gone yet, shown at the end of its thread.
        Index(
            "ix_message_waiting", "conversation_id",
            sqlite_where=text(STILL_OURS), postgresql_where=text(STILL_OURS),
        ),
        Index("ix_message_peer", "peer", "direction", "occurred_at"),
    )

    id: Mapped[RowId]
    conversation_id: Mapped[int] = mapped_column(ForeignKey("conversation.id", ondelete="CASCADE"))
    direction: Mapped[Direction] = mapped_column(enum_type(Direction, "direction"))
    kind: Mapped[Kind] = mapped_column(enum_type(Kind, "kind"))
    state: Mapped[MessageState] = mapped_column(enum_type(MessageState, "state"))
    # Who wrote it; None for the candidate, for automated texts and for history.
    author_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id", ondelete="SET NULL"))
    body: Mapped[str] = mapped_column(Text, default="")
    # The two numbers as they were: ours and the candidate's.
    sender_number: Mapped[str | None] = mapped_column(E164)
    peer: Mapped[str | None] = mapped_column(E164)
    encoding: Mapped[str] = mapped_column(String(8), default="")
    segments: Mapped[int] = mapped_column(default=0)
    created_at: Mapped[datetime] = mapped_column(UTCDateTime)
    # Place in the thread: the carrier's time of a received text, the hand-over of a sent one, else created_at.
    occurred_at: Mapped[datetime] = mapped_column(UTCDateTime)

    # Sending.
    # Our id in the status callback's URL.
    public_id: Mapped[str | None] = mapped_column(String(36))
    # Made by the browser, one per composer submission: makes a repeated Send one text.
    submission_key: Mapped[str | None] = mapped_column(String(64))
    send_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    # When the recruiter chose the minute themselves (rather than quiet hours or the pace).
    scheduled_by_person: Mapped[bool] = mapped_column(default=False)
    # An automated text that did not go by then is cancelled rather than sent late.
    useless_after: Mapped[datetime | None] = mapped_column(UTCDateTime)
    attempts: Mapped[int] = mapped_column(default=0)
    lease_until: Mapped[datetime | None] = mapped_column(UTCDateTime)
    # Committed just before the call to the carrier: from here on its outcome is unknown until proven.
    called_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    handed_over_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    carrier_id: Mapped[str | None] = mapped_column(String(64))
    error_code: Mapped[int | None]
    # A sentence for the recruiter.
    error: Mapped[str | None] = mapped_column(Text)
    retry_of_id: Mapped[int | None] = mapped_column(ForeignKey("message.id", ondelete="SET NULL"))

    transcript_id: Mapped[int | None] = mapped_column(ForeignKey("transcript.id", ondelete="SET NULL"))
    # Why it will never be in a transcript, in words; None while it may be.
    not_noted_reason: Mapped[str | None] = mapped_column(Text)

    on_its_way: ClassVar[TextClause] = text(f"message.{ON_ITS_WAY}")
    with_the_carrier: ClassVar[TextClause] = text(f"message.{WITH_THE_CARRIER}")
    still_ours: ClassVar[TextClause] = text(f"message.{STILL_OURS}")
    out_of_our_hands: ClassVar[TextClause] = text(f"NOT message.{STILL_OURS}")

    conversation: Mapped["Conversation"] = relationship()
    author: Mapped["User | None"] = relationship()
    media: Mapped[list["Media"]] = relationship(order_by="Media.position", passive_deletes=True)
    events: Mapped[list["MessageEvent"]] = relationship(order_by="MessageEvent.id", passive_deletes=True)


class MessageEvent(db.Model):  # type: ignore[name-defined]
    """A step in the life of a message: the gate's answer, the carrier's, a receipt. Append-only."""

    __table_args__ = (Index("ix_message_event_message_id", "message_id"),)

    id: Mapped[RowId]
    message_id: Mapped[int] = mapped_column(ForeignKey("message.id", ondelete="CASCADE"))
    at: Mapped[datetime] = mapped_column(UTCDateTime)
    # State it took, or None for something that changed none (a late receipt, a gate's answer).
    state: Mapped[MessageState | None] = mapped_column(enum_type(MessageState, "state"))
    detail: Mapped[str] = mapped_column(Text, default="")


@enum.unique
class MediaState(enum.StrEnum):
    PENDING = "pending"
    STORED = "stored"
    REFUSED = "refused"
    FAILED = "failed"


class Media(db.Model):  # type: ignore[name-defined]
    """A picture or file of a message; its bytes are in the database, so that erasing the row erases them."""

    __table_args__ = (
        Index("ix_media_message_id", "message_id"),
        Index(
            "ix_media_waiting", "next_attempt_at",
            sqlite_where=text("state = 'pending'"), postgresql_where=text("state = 'pending'"),
        ),
    )

    id: Mapped[RowId]
    message_id: Mapped[int] = mapped_column(ForeignKey("message.id", ondelete="CASCADE"))
    position: Mapped[int] = mapped_column(default=0)
    # Where the carrier keeps it; never shown to a browser.
    source_url: Mapped[str | None] = mapped_column(Text)
    content_type: Mapped[str] = mapped_column(String(100), default="")
    file_name: Mapped[str] = mapped_column(String(200), default="")
    size: Mapped[int] = mapped_column(default=0)
    content: Mapped[bytes | None] = mapped_column(deferred=True)
    # Of a picture: its size upright, in dots, and a small one where that is lighter; None where they are not known.
    width: Mapped[int | None]
    height: Mapped[int | None]
    preview: Mapped[bytes | None] = mapped_column(deferred=True)
    # Unguessable part of the address the carrier fetches a sent picture at, while it may.
    public_key: Mapped[str | None] = mapped_column(String(64), unique=True)
    state: Mapped[MediaState] = mapped_column(enum_type(MediaState, "state"), default=MediaState.PENDING)
    attempts: Mapped[int] = mapped_column(default=0)
    next_attempt_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    lease_until: Mapped[datetime | None] = mapped_column(UTCDateTime)
    error: Mapped[str | None] = mapped_column(Text)
