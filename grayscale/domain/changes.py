"""Telling open browsers that the inbox changed."""

from collections.abc import Iterable

from sqlalchemy import select, update

from grayscale.database import in_transaction
from grayscale.extensions import db
from grayscale.models import ChangeClock, Conversation


def current_tick() -> int:
    """The value of the change clock: everything visible has happened at or before it."""
    return db.session.scalar(select(ChangeClock.value)) or 0


def next_tick() -> int:
    """Move the clock on, inside the transaction of the change it stands for."""
    if not in_transaction():
        raise RuntimeError("the change clock moves only inside a transaction()")
    value = db.session.scalar(
        update(ChangeClock).values(value=ChangeClock.value + 1).returning(ChangeClock.value)
    )
    if value is None:
        raise RuntimeError("the change clock has no row; was the database migrated?")
    return value


def touch(conversation_ids: Iterable[int]) -> None:
    """Mark conversations as visibly changed. Called in the transaction that changes them, near its end."""
    ids = list(conversation_ids)
    tick = next_tick()
    if ids:
        db.session.execute(update(Conversation).where(Conversation.id.in_(ids)).values(changed_at_tick=tick))
