"""Telling open browsers that the inbox changed."""

from collections.abc import Iterable

from sqlalchemy import select, update

from grayscale.database import before_commit
from grayscale.domain import locks
from grayscale.extensions import db
from grayscale.models import ChangeClock, Conversation
from grayscale.reading import Reading

TOUCHED = "conversations touched"


def current_tick() -> int:
    """The value of the change clock: everything visible has happened at or before it."""
    found = _TICK.rows({})
    return found[0][0] if found else 0


_TICK = Reading(select(ChangeClock.value))


def touch(conversation_ids: Iterable[int]) -> None:
    """Mark conversations as visibly changed, in the transaction that changes them.

    The clock moves once, as the last thing before the commit: its row is then held shortest, and never while another
    lock is waited for.
    """
    touched: set[int] = db.session.info.setdefault(TOUCHED, set())
    if before_commit(TOUCHED, _move_on):
        # What an earlier transaction left here was rolled back with it.
        touched.clear()
    touched.update(conversation_ids)


def _move_on() -> None:
    ids = sorted(db.session.info.pop(TOUCHED))
    db.session.flush()
    locks.hold_conversations(ids)
    tick = db.session.scalar(update(ChangeClock).values(value=ChangeClock.value + 1).returning(ChangeClock.value))
    if tick is None:
        raise RuntimeError("the change clock has no row; was the database migrated?")
    if ids:
        db.session.execute(update(Conversation).where(Conversation.id.in_(ids)).values(changed_at_tick=tick))
