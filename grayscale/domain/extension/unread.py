"""How many texts of a candidate wait for one person: what the tab on Lever's page shows."""

from sqlalchemy import func, select

from grayscale.domain import inbox, visibility
from grayscale.domain.inbox_counts import COUNT_CAP
from grayscale.extensions import db
from grayscale.models import Conversation, Direction, Message, Opportunity, User


def of_opportunity(lever_id: str, user: User) -> int:
    """Unread texts from the candidate of an opportunity, up to ``COUNT_CAP``; unread as the inbox means it.

    What this person may not see counts as nothing, just as what does not exist.
    """
    # A query of its own: the conditions of ``visibility`` speak of the tables themselves.
    whose = select(Opportunity.candidate_id).where(
        Opportunity.lever_id == lever_id, visibility.opportunities_for(user)
    )
    texts = (
        inbox.with_mine(select(Message.id).join(Conversation, Conversation.id == Message.conversation_id), user)
        .where(
            Conversation.candidate_id.in_(whose),
            visibility.conversations_for(user),
            Conversation.archived_at.is_(None),
            inbox.is_unread(),
            inbox.concerns(user),
            Message.direction == Direction.INBOUND,
            Message.id > inbox.read_up_to(),
        )
        .limit(COUNT_CAP)
        .subquery()
    )
    return db.session.scalar(select(func.count()).select_from(texts)) or 0
