"""That every message of a conversation is in exactly one transcript, or why it is not."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from sqlalchemy import select
from sqlalchemy.orm import joinedload

from grayscale.domain.transcripts import eligible
from grayscale.domain.transcripts.state import NoteLine, line_of, upcoming
from grayscale.extensions import db
from grayscale.models import CANCELABLE, Conversation, Direction, Message, MessageState, Transcript

Verdict = Literal["noted", "on_its_way", "will_be", "in_doubt", "refused", "not_noted", "lost"]

_VERDICTS: dict[str, Verdict] = {
    "posted": "noted", "skipped": "not_noted", "unsure": "in_doubt", "failed": "refused",
}  # fmt: skip
_NOT_YET = {
    **dict.fromkeys(CANCELABLE, "It has not been sent yet; once it is, it is noted."),
    MessageState.SENDING: "It is being handed to the carrier.",
    MessageState.CHECKING: "It is being handed to the carrier.",
    MessageState.UNSURE: "It is unsure whether it left; once that is decided, it is noted.",
}
_NEVER_LEFT = {
    MessageState.FAILED: "It never left",
    MessageState.BLOCKED: "It was held back and never left",
    MessageState.CANCELED: "It was cancelled before it left",
}


@dataclass(frozen=True, slots=True)
class Proven:
    """One message and where it is. *line* is its transcript, *why* the reason when it is in none."""

    message: Message
    verdict: Verdict
    line: NoteLine | None
    why: str | None


@dataclass(frozen=True, slots=True)
class Proof:
    conversation: Conversation
    messages: Sequence[Proven]

    def count(self, verdict: Verdict) -> int:
        return sum(row.verdict == verdict for row in self.messages)

    @property
    def has_no_gap(self) -> bool:
        return not self.count("lost")


def of_conversation(conversation_id: int) -> Proof:
    """Every text of a conversation, oldest first, and where it is noted. The caller has checked who may see it."""
    conversation = db.session.get_one(Conversation, conversation_id)
    messages = db.session.scalars(
        select(Message)
        .where(Message.conversation_id == conversation_id, Message.direction != Direction.INTERNAL)
        .order_by(Message.occurred_at, Message.id)
        .options(joinedload(Message.author))
    ).all()
    transcripts = db.session.scalars(
        select(Transcript)
        .where(Transcript.conversation_id == conversation_id)
        .options(joinedload(Transcript.opportunity))
    )
    lines = {transcript.id: line_of(transcript) for transcript in transcripts}
    waiting = upcoming(conversation)
    return Proof(conversation, [_prove(message, lines, waiting) for message in messages])


def _prove(message: Message, lines: dict[int, NoteLine], waiting: NoteLine | None) -> Proven:
    if message.transcript_id is not None:
        line = lines.get(message.transcript_id)
        if line is None:
            return Proven(message, "lost", None, "Its transcript is another conversation's.")
        return Proven(message, _VERDICTS.get(line.kind, "on_its_way"), line, line.reason)
    return _in_none(message, waiting)


def _in_none(message: Message, waiting: NoteLine | None) -> Proven:
    if message.not_noted_reason:
        return Proven(message, "not_noted", None, message.not_noted_reason)
    if eligible.is_said(message):
        if waiting is None:
            return Proven(message, "lost", None, "It is in no transcript and none is planned.")
        return Proven(message, "not_noted" if waiting.kind == "nowhere" else "will_be", waiting, waiting.reason)
    if message.state in _NOT_YET:
        return Proven(message, "will_be", None, _NOT_YET[message.state])
    never = _NEVER_LEFT.get(message.state, "It never left")
    return Proven(message, "not_noted", None, f"{never}: {message.error}" if message.error else f"{never}.")
