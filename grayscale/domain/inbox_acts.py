"""What people do with a conversation besides writing in it."""

from typing import NamedTuple

from sqlalchemy import func, select, update

from grayscale import clock
from grayscale.database import transaction
from grayscale.domain import audit, changes, visibility
from grayscale.domain.errors import Invalid
from grayscale.domain.inbox_member import membership
from grayscale.domain.texting import consent
from grayscale.models import Conversation, User
from grayscale.reading import Reading


def archive(conversation_id: int, by: User) -> None:
    """Out of the way until the candidate writes again; undone by ``unarchive``."""
    _set(conversation_id, archived_at=clock.now())


def unarchive(conversation_id: int, by: User) -> None:
    _set(conversation_id, archived_at=None)


def _set(conversation_id: int, **values: object) -> None:
    with transaction() as session:
        session.execute(update(Conversation).where(Conversation.id == conversation_id).values(**values))
        changes.touch([conversation_id])


def assign(conversation_id: int, to_id: int | None, by: User) -> User | None:
    """Make a person responsible, or nobody. Raises ``Invalid`` for somebody who cannot sign in or may not see it."""
    with transaction() as session:
        to = None
        if to_id is not None:
            to = session.scalar(select(User).where(User.id == to_id, User.active.is_(True)))
            if to is None:
                raise Invalid("That person cannot be assigned: they are no longer active here.", "assignee")
            seen = select(Conversation.id).where(Conversation.id == conversation_id, visibility.conversations_for(to))
            if session.scalar(seen) is None:
                raise Invalid(f"{to.name} may not see this confidential conversation.", "assignee")
        conversation = session.get_one(Conversation, conversation_id)
        if conversation.assignee_id != to_id:
            before = session.get(User, conversation.assignee_id) if conversation.assignee_id else None
            conversation.assignee_id = to_id
            audit.record("conversation.assigned", by=by, subject=f"conversation {conversation_id}",
                         detail={"from": before.email if before else None, "to": to.email if to else None})
            session.flush()
            changes.touch([conversation_id])
    return to


def follow(conversation_id: int, by: User, follows: bool) -> None:
    """Have what arrives here count as unread for this person, whoever it is assigned to."""
    with transaction():
        membership(conversation_id, by).follows = follows


class Colleague(NamedTuple):
    id: int
    name: str


def colleagues() -> tuple[Colleague, ...]:
    """Whom a conversation can be assigned to."""
    return tuple([Colleague(*row) for row in _COLLEAGUES.rows({})])


_COLLEAGUES = Reading(
    select(User.id, User.name).where(User.active.is_(True)).order_by(func.lower(User.name), User.id)
)


def settle_opt_out(conversation_id: int) -> None:
    """A person decided what the sentence that sounded like "stop" meant."""
    with transaction() as session:
        consent.settle_suggestion(session.get_one(Conversation, conversation_id).peer)
