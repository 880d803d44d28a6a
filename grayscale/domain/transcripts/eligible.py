"""Which messages belong in a transcript, and when each was said."""

from datetime import datetime

from sqlalchemy import ColumnElement, and_, func, or_, select

from grayscale.extensions import db
from grayscale.models import HANDED_OVER, Direction, Message


def said_at() -> ColumnElement[datetime]:
    """When a message counts as said: handed to the carrier, or received."""
    return func.coalesce(Message.handed_over_at, Message.occurred_at, type_=Message.occurred_at.type)


def was_said() -> ColumnElement[bool]:
    """Condition on ``Message``: it was received, or the carrier took it, whatever became of it there."""
    return or_(
        Message.direction == Direction.INBOUND,
        and_(
            Message.direction == Direction.OUTBOUND,
            or_(Message.state.in_(HANDED_OVER), Message.handed_over_at.is_not(None)),
        ),
    )


def is_said(message: Message) -> bool:
    """What ``was_said`` asks, of one text at hand."""
    return (
        message.direction is Direction.INBOUND or message.state in HANDED_OVER or message.handed_over_at is not None
    )


def waits() -> ColumnElement[bool]:
    """Condition on ``Message``: it was said and is in no transcript yet."""
    return and_(Message.transcript_id.is_(None), Message.not_noted_reason.is_(None), was_said())


def newest(conversation_id: int) -> datetime | None:
    """When the latest message that waits was said; None when none waits."""
    return db.session.scalar(
        select(said_at()).where(Message.conversation_id == conversation_id, waits()).order_by(said_at().desc()).limit(1)
    )


def waiting(conversation_id: int) -> dict[int, datetime]:
    """The messages that wait, by id, and when each was said."""
    rows = db.session.execute(select(Message.id, said_at()).where(Message.conversation_id == conversation_id, waits()))
    return {message_id: at for message_id, at in rows}  # noqa: C416 - a Row is not a pair to dict()


def times_since(conversation_id: int, since: datetime) -> list[datetime]:
    """When the messages that wait were said, in no order; none before *since*."""
    return list(
        db.session.scalars(
            select(said_at()).where(Message.conversation_id == conversation_id, waits(), said_at() >= since)
        )
    )
