"""How many texts of a candidate wait for one person: what the tab on Lever's page shows."""

from sqlalchemy import and_, func, select

from grayscale.domain import inbox, visibility
from grayscale.extensions import db
from grayscale.models import Conversation, ConversationMember, Direction, Message, Opportunity, User


def of_opportunity(lever_id: str, user: User) -> int:
    """Unread texts from the candidate of an opportunity, up to ``inbox.COUNT_CAP``; unread as the inbox means it.

    What this person may not see counts as nothing, just as what does not exist.
    """
    # A query of its own: the conditions of ``visibility`` speak of the tables themselves.
    whose = select(Opportunity.candidate_id).where(
        Opportunity.lever_id == lever_id, visibility.opportunities_for(user)
    )
    read = func.coalesce(ConversationMember.read_up_to_id, 0)
    texts = (
        select(Message.id)
        .join(Conversation, Conversation.id == Message.conversation_id)
        .outerjoin(
            ConversationMember,
            and_(ConversationMember.conversation_id == Conversation.id, ConversationMember.user_id == user.id),
        )
        .where(
            Conversation.candidate_id.in_(whose),
            visibility.conversations_for(user),
            inbox.in_view(inbox.View.UNREAD, user),
            Message.direction == Direction.INBOUND,
            Message.id > read,
        )
        .limit(inbox.COUNT_CAP)
        .subquery()
    )
    return db.session.scalar(select(func.count()).select_from(texts)) or 0
