"""Conversations whose assignee cannot answer them go back to everybody who can.

What arrives in an assigned conversation is told to its assignee and to who follows it, so with somebody who is
deactivated or may not see it, an answer would wait for ever.
"""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, Select, not_, select, update

from grayscale.database import transaction
from grayscale.domain import audit, changes, visibility
from grayscale.domain.texting import lines
from grayscale.extensions import db
from grayscale.models import Conversation, User


def release_all_of(user: User) -> int:
    """Unassign everything of somebody who was deactivated, inside the caller's transaction; how much that was."""
    return len(_release(user))


def release_among(conversation_ids: Sequence[int]) -> None:
    """Unassign those whose assignee may not see them any more, inside the transaction that changed who may."""
    among = Conversation.id.in_(conversation_ids)
    for user in _assignees(among):
        _note(user, _release(user, among))


def release_forgotten() -> int:
    """The same for all open conversations, whatever changed: a role, a mapping to Lever. How many there were."""
    found = 0
    is_open = Conversation.archived_at.is_(None)
    for user in _assignees(is_open):
        if db.session.scalar(_lost(user, is_open).limit(1)) is None:
            continue
        with transaction():
            released = _release(user, is_open)
            _note(user, released)
        found += len(released)
    return found


def _assignees(*conditions: ColumnElement[bool]) -> Sequence[User]:
    assigned = select(Conversation.assignee_id).where(Conversation.assignee_id.is_not(None), *conditions)
    return db.session.scalars(select(User).where(User.id.in_(assigned)).order_by(User.id)).all()


def _lost(user: User, *conditions: ColumnElement[bool]) -> Select[Any]:
    """Conversations assigned to *user*, who cannot answer them."""
    held = select(Conversation.id).where(Conversation.assignee_id == user.id, *conditions)
    return held.where(not_(visibility.conversations_for(user))) if user.active else held


def _release(user: User, *conditions: ColumnElement[bool]) -> list[int]:
    ids = list(db.session.scalars(_lost(user, *conditions).order_by(Conversation.id)))
    why = "may not see this conversation any more" if user.active else "can no longer sign in"
    for start in range(0, len(ids), 500):
        some = Conversation.id.in_(ids[start : start + 500])
        db.session.execute(update(Conversation).where(some).values(assignee_id=None))
    for conversation_id in ids:
        lines.add(conversation_id, f"Unassigned: {user.name} {why}.")
    if ids:
        db.session.flush()
        changes.touch(ids)
    return ids


def _note(user: User, released: Sequence[int]) -> None:
    for conversation_id in released:
        audit.record(
            "conversation.assigned", by=None, subject=f"conversation {conversation_id}",
            detail={"from": user.email, "to": None},
        )  # fmt: skip
