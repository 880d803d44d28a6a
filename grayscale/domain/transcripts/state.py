"""What a thread shows of its transcripts: what is due, what is noted, what needs a person."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from sqlalchemy import bindparam, select
from sqlalchemy.orm import joinedload

from grayscale.domain.lever import connection
from grayscale.domain.transcripts import attempt, cutting, eligible
from grayscale.extensions import db
from grayscale.models import Conversation, Message, Transcript, TranscriptState
from grayscale.reading import Reading

Kind = Literal["due", "nowhere", "posting", "checking", "posted", "failed", "unsure", "skipped"]

#: How many of a conversation's latest transcripts its thread knows of.
KNOWN = 50
DELETED = "Its opportunity was deleted in Lever since, so nothing is left to open there."
NOT_CONNECTED = "Lever is not connected. It is posted as soon as it is; nothing is lost."


@dataclass(frozen=True, slots=True)
class NoteLine:
    """One transcript, or the messages that will be the next one (*transcript_id* is None).

    *at* is when it is due, was posted, or is tried next. *reason* is a sentence for the recruiter.
    """

    kind: Kind
    at: datetime | None
    conversation_id: int | None
    transcript_id: int | None = None
    reason: str | None = None
    url: str = ""
    reference: str = ""
    count: int = 0
    # Whether who says that it is in Lever must also say which Note it is.
    asks_which: bool = False

    @property
    def needs_a_person(self) -> bool:
        return self.kind in ("failed", "unsure")


@dataclass(frozen=True, slots=True)
class ThreadNotes:
    """*upcoming* are the messages that wait. *lines* are the latest transcripts, newest first; *after* the same ones
    by the id of their last message, where the thread shows them."""

    upcoming: NoteLine | None = None
    lines: Sequence[NoteLine] = ()
    after: Mapping[int, NoteLine] = field(default_factory=dict)

    @property
    def now(self) -> list[NoteLine]:
        """What matters at the foot of the thread: who needs a decision, what is under way, what is due; else the
        last Note."""
        pressing = [line for line in self.lines if line.kind not in ("posted", "skipped")]
        found = pressing + ([self.upcoming] if self.upcoming else [])
        return found or list(self.lines[:1])


def of_conversation(conversation_id: int) -> ThreadNotes:
    """The state of a conversation's transcripts, for its thread. The caller has checked who may see it."""
    conversation = db.session.get(Conversation, conversation_id)
    if conversation is None:
        return ThreadNotes()
    has_any = _ANY.rows({"of": conversation_id})
    rows = db.session.execute(_OF_CONVERSATION, {"of": conversation_id}).all() if has_any else []
    lines = [(line_of(transcript), message_id) for transcript, message_id in rows]
    return ThreadNotes(
        upcoming=upcoming(conversation),
        lines=[line for line, _ in lines],
        after={message_id: line for line, message_id in lines if message_id is not None},
    )


# A thread that was never noted, and is opened all day, is spared the rest.
_ANY = Reading(select(Transcript.id).where(Transcript.conversation_id == bindparam("of")).limit(1))
_LAST_MESSAGE = (
    select(Message.id)
    .where(Message.transcript_id == Transcript.id)
    .order_by(Message.occurred_at.desc(), Message.id.desc())
    .limit(1)
    .correlate(Transcript)
    .scalar_subquery()
)
_OF_CONVERSATION = (
    select(Transcript, _LAST_MESSAGE)
    .where(Transcript.conversation_id == bindparam("of"))
    .order_by(Transcript.id.desc())
    .limit(KNOWN)
    .options(joinedload(Transcript.opportunity))
)


def line_of(transcript: Transcript) -> NoteLine:
    """One transcript as a line."""
    state = transcript.state
    at = transcript.posted_at if state is TranscriptState.POSTED else transcript.next_attempt_at
    reason = transcript.error
    if state is TranscriptState.POSTED and transcript.opportunity is None:
        reason = DELETED
    elif state is TranscriptState.DUE and not connection.is_connected():
        reason = NOT_CONNECTED
    return NoteLine(
        kind=state.value,
        at=at,
        conversation_id=transcript.conversation_id,
        transcript_id=transcript.id,
        reason=reason,
        url=transcript.opportunity.url if transcript.opportunity else "",
        reference=transcript.reference,
        count=transcript.message_count,
        asks_which=state is TranscriptState.UNSURE and attempt.begins_a_thread(transcript),
    )


def upcoming(conversation: Conversation) -> NoteLine | None:
    """The messages that wait for their transcript; None when there are none."""
    if conversation.transcript_due_at is None or eligible.newest(conversation.id) is None:
        return None
    if db.session.scalar(
        select(Conversation.id).where(Conversation.id == conversation.id, cutting.has_somewhere_to_go())
    ):
        reason = None if connection.is_connected() else NOT_CONNECTED
        return NoteLine("due", conversation.transcript_due_at, conversation.id, reason=reason)
    return NoteLine("nowhere", None, conversation.id, reason=nowhere(conversation))


def nowhere(conversation: Conversation) -> str:
    """Why a conversation cannot be noted, and when it will be."""
    if conversation.candidate is None:
        return "It is not known whose number this is. It is noted once it is matched to a candidate."
    return f"{conversation.candidate.display_name} has no opportunity in Lever. It is noted once there is one."
