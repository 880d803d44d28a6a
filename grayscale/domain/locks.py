"""One order of locks, so that no two transactions wait for each other.

Conversations come first, by id; then their messages and transcripts; the change clock last. Every lock is
``FOR NO KEY UPDATE``: a row that only refers to the locked one may be added meanwhile. SQLite has one writer and needs
none of it.
"""

from collections.abc import Iterable, Sequence

from sqlalchemy import ColumnElement, select

from grayscale.domain import visibility
from grayscale.domain.errors import NotFound
from grayscale.extensions import db
from grayscale.models import Conversation, Message, Transcript, User


def hold_conversations(ids: Iterable[int]) -> None:
    """Hold these conversations until the transaction ends."""
    wanted = sorted(set(ids))
    if wanted and _locks_rows():
        rows = select(Conversation.id).where(Conversation.id.in_(wanted)).order_by(Conversation.id)
        db.session.execute(rows.with_for_update(key_share=True))


def conversation(conversation_id: int, by: User) -> Conversation:
    """The conversation, held. Raises ``NotFound`` also for what *by* may not see."""
    hold_conversations([conversation_id])
    found = db.session.scalar(
        select(Conversation).where(Conversation.id == conversation_id, visibility.conversations_for(by))
    )
    if found is None:
        raise NotFound("There is no such conversation, or it is not visible to you.")
    return found


def message(*conditions: ColumnElement[bool]) -> Message | None:
    """The one text these conditions name, held together with its conversation."""
    _hold_conversation_of(Message, conditions)
    return db.session.scalar(
        select(Message).where(*conditions).with_for_update(key_share=True).execution_options(populate_existing=True)
    )


def transcript(*conditions: ColumnElement[bool]) -> Transcript | None:
    """The one transcript these conditions name, held together with its conversation."""
    _hold_conversation_of(Transcript, conditions)
    return db.session.scalar(
        select(Transcript).where(*conditions).with_for_update(key_share=True).execution_options(populate_existing=True)
    )


def _hold_conversation_of(model: type[Message] | type[Transcript], conditions: Sequence[ColumnElement[bool]]) -> None:
    if _locks_rows():
        hold_conversations(db.session.scalars(select(model.conversation_id).where(*conditions)))


def _locks_rows() -> bool:
    return db.engine.dialect.name == "postgresql"
