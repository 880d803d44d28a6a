"""Lines of history about texting in a thread: opted out, matched, and the like."""

from datetime import datetime

from sqlalchemy import select

from grayscale import clock
from grayscale.extensions import db
from grayscale.models import Direction, Kind, Message, MessageEvent, MessageState


def add(conversation_id: int, text: str, at: datetime | None = None) -> Message:
    """Write a line that never leaves the house, inside the caller's transaction."""
    now = clock.now()
    line = Message(
        conversation_id=conversation_id, direction=Direction.INTERNAL, kind=Kind.SYSTEM,
        state=MessageState.RECEIVED, body=text, created_at=now, occurred_at=at or now,
    )
    db.session.add(line)
    return line


def note(message: Message, detail: str, *, state: MessageState | None = None) -> None:
    """Add a step to the life of *message*, inside the caller's transaction; *state* is the one it took with it."""
    db.session.add(MessageEvent(message_id=message.id, at=clock.now(), state=state, detail=detail))


def note_once(message: Message, detail: str) -> None:
    """The same, unless its life has that step already: what is asked again and again is told once."""
    noted = select(MessageEvent.id).where(MessageEvent.message_id == message.id, MessageEvent.detail == detail)
    if db.session.scalar(noted.limit(1)) is None:
        note(message, detail)


def take(message: Message, state: MessageState, detail: str) -> None:
    """Move *message* to *state* and write it down."""
    message.state = state
    note(message, detail, state=state)
