"""Lines of history in a thread: what happened in Lever between the texts."""

from datetime import datetime

from sqlalchemy import select

from grayscale import clock
from grayscale.database import in_transaction
from grayscale.domain import changes
from grayscale.extensions import db
from grayscale.models import Conversation, Direction, Kind, Message, MessageState

LONGEST_LINE = 300


def add(opportunity_id: int, text: str, at: datetime | None) -> list[int]:
    """Write *text* into the conversations tied to the opportunity, at the time it happened; their ids."""
    tied = select(Conversation.id).where(Conversation.opportunity_id == opportunity_id)
    return add_to(list(db.session.scalars(tied)), text, at)


def add_to(ids: list[int], text: str, at: datetime | None) -> list[int]:
    """Write *text* into these conversations.

    Called inside the transaction that changes what the line tells, so that it is written once however often the change
    is reported. It neither moves the conversation in the inbox nor restarts its quiet time.
    """
    if not in_transaction():
        raise RuntimeError("history is written only inside the transaction() of what it tells")
    session = db.session()
    now = clock.now()
    for conversation_id in ids:
        session.add(
            Message(
                conversation_id=conversation_id,
                direction=Direction.INTERNAL,
                kind=Kind.SYSTEM,
                state=MessageState.RECEIVED,
                body=text[:LONGEST_LINE],
                created_at=now,
                occurred_at=min(at or now, now),
            )
        )
    if ids:
        session.flush()
        changes.touch(ids)
    return ids
