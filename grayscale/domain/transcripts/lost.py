"""Texts whose place in Lever was deleted before they were noted: said so, and noted nowhere else."""

from collections.abc import Sequence

from sqlalchemy import exists, func, or_, select

from grayscale.domain import audit
from grayscale.domain.transcripts import cutting, eligible
from grayscale.domain.transcripts.attempt import GONE
from grayscale.extensions import db
from grayscale.models import Conversation, Message, Opportunity, Transcript, TranscriptState

#: The receipt of texts that were erased before they were noted, and its subject where it is for super admins alone.
NOT_POSTED = "transcript.not_posted"
CONFIDENTIAL = "confidential"


def opportunity_deleted(conversation: Conversation, lever_id: str) -> None:
    """Lever deleted the opportunity this conversation was noted on: what waited goes to no other.

    Called inside the transaction that erases the opportunity, before the conversation is tied to another one.
    """
    cutting.give_up(conversation, lever_id, GONE)


def person_deleted(candidate_id: int, conversation_ids: Sequence[int]) -> None:
    """Lever deleted a person whose texts may not all be noted: a receipt says how many went unnoted, and no more.

    Called inside the transaction that erases them, before it does.
    """
    unposted = exists().where(Transcript.id == Message.transcript_id, Transcript.state != TranscriptState.POSTED)
    texts = db.session.scalar(
        select(func.count(Message.id)).where(
            Message.conversation_id.in_(conversation_ids), or_(unposted, eligible.waits())
        )
    )
    if not texts:
        return
    hidden = or_(
        exists().where(Opportunity.candidate_id == candidate_id, Opportunity.confidential),
        exists().where(Conversation.id.in_(conversation_ids), Conversation.restricted),
    )
    subject = CONFIDENTIAL if db.session.scalar(select(hidden)) else ""
    audit.record(NOT_POSTED, by=None, subject=subject, detail={"texts": texts})
