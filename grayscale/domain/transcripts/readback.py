"""Asking Lever whether a Note we posted is still there, whole: the key of the set-up guide may read one by its id."""

from dataclasses import dataclass

from sqlalchemy import select

from grayscale.clients.errors import ClientError, Forbidden, NotFound
from grayscale.clients.lever.client import LeverClient
from grayscale.database import end_read
from grayscale.domain import visibility
from grayscale.domain.errors import Invalid
from grayscale.domain.errors import NotFound as Hidden
from grayscale.domain.lever import connection, permissions
from grayscale.domain.transcripts import decide
from grayscale.domain.transcripts.checking import mark_of
from grayscale.domain.transcripts.rendering import bears
from grayscale.extensions import db
from grayscale.models import Conversation, Transcript, TranscriptState, User


@dataclass(frozen=True, slots=True)
class Found:
    """What Lever has of a Note, as a sentence."""

    is_whole: bool
    sentence: str


def look(transcript_id: int, by: User) -> Found:
    """Read a posted Note back. Raises ``NotFound`` for what *by* may not see, ``Invalid`` when it cannot be asked."""
    transcript = db.session.scalar(
        select(Transcript)
        .join(Conversation, Conversation.id == Transcript.conversation_id)
        .where(Transcript.id == transcript_id, visibility.conversations_for(by))
    )
    if transcript is None:
        raise Hidden(decide.HIDDEN)
    ids = {part.note_id for part in transcript.parts if part.note_id}
    opportunity = transcript.opportunity_lever_id
    if transcript.state is not TranscriptState.POSTED or opportunity is None or not ids:
        raise Invalid("Lever gave no id for this Note, so it cannot be read back. Look at the candidate in Lever.")
    marks = [mark_of(transcript, part.number) for part in transcript.parts]
    client = connection.client()
    end_read()
    try:
        values = [value for note_id in sorted(ids) for value in _comments(client, opportunity, note_id)]
    except Forbidden:
        permissions.learn("get_note", granted=False)
        raise Invalid("This API key may not read notes, so Lever could not be asked.") from None
    except ClientError as error:
        raise Invalid(f"Lever could not be asked: {error.message}") from error
    permissions.learn("get_note", granted=True)
    missing = [number for number, mark in enumerate(marks, 1) if not any(bears(value, mark) for value in values)]
    if not missing:
        return Found(True, "It is in Lever, whole.")
    if len(missing) == len(marks):
        return Found(False, "It is no longer in Lever: somebody deleted it there. The texts themselves are still here.")
    numbers = " and ".join(str(number) for number in missing)
    return Found(False, f"Lever has the Note, but not its comment {numbers}: somebody changed it there.")


def _comments(client: LeverClient, opportunity: str, note_id: str) -> list[str]:
    try:
        note = client.get_note(opportunity, note_id)
    except NotFound:
        return []
    return [comment.value for comment in note.comments] if note.deleted_at is None else []
