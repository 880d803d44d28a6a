"""Which opportunity a conversation is noted on, as a person chooses."""

from sqlalchemy import exists, select

from grayscale.database import transaction
from grayscale.domain import audit, changes, visibility
from grayscale.domain.errors import Conflict, Invalid, NotFound
from grayscale.extensions import db
from grayscale.models import (
    Conversation,
    Direction,
    Message,
    Opportunity,
    Transcript,
    TranscriptPart,
    TranscriptState,
    User,
)


def choose(conversation_id: int, opportunity_id: int, by: User) -> None:
    """Note the conversation on this opportunity of its candidate: what is to come, and what Lever was not asked yet.

    Raises ``NotFound`` for what *by* may not see, ``Invalid`` for somebody else's opportunity, ``Conflict`` while texts
    of a confidential opportunity stand in it.
    """
    with transaction() as session:
        conversation = session.scalar(
            select(Conversation)
            .where(Conversation.id == conversation_id, visibility.conversations_for(by))
            .with_for_update(key_share=True)
        )
        if conversation is None:
            raise NotFound("There is no such conversation, or it is not visible to you.")
        opportunity = session.scalar(
            select(Opportunity).where(Opportunity.id == opportunity_id, visibility.opportunities_for(by))
        )
        if opportunity is None:
            raise NotFound("There is no such opportunity, or it is not visible to you.")
        if opportunity.candidate_id != conversation.candidate_id:
            raise Invalid("That opportunity is another candidate's.")
        if conversation.opportunity_id == opportunity.id:
            conversation.opportunity_chosen = True
            return
        _keep_confidential(conversation, opportunity)
        conversation.opportunity_id = opportunity.id
        conversation.opportunity_chosen = True
        _rebind(conversation, opportunity)
        audit.record(
            "conversation.opportunity_chosen",
            by=by,
            subject=f"conversation {conversation_id}",
            detail={"opportunity": opportunity.lever_id},
        )
        session.flush()
        changes.touch([conversation_id])


def _keep_confidential(conversation: Conversation, wanted: Opportunity) -> None:
    """What was said about a confidential opportunity is read and noted there and nowhere else."""
    current = conversation.opportunity
    if current is None or not current.confidential or wanted.confidential:
        return
    said = select(Message.id).where(
        Message.conversation_id == conversation.id, Message.direction != Direction.INTERNAL
    )
    if db.session.scalar(said.limit(1)) is not None:
        raise Conflict(
            "These texts belong to a confidential opportunity. Noted on another one, everybody could read them, so they"
            " stay with it."
        )


def _rebind(conversation: Conversation, opportunity: Opportunity) -> None:
    """Move the transcripts of which Lever was asked nothing yet."""
    begun = exists().where(
        TranscriptPart.transcript_id == Transcript.id,
        TranscriptPart.called_at.is_not(None) | TranscriptPart.posted_at.is_not(None),
    )
    rows = db.session.scalars(
        select(Transcript)
        .where(
            Transcript.conversation_id == conversation.id,
            Transcript.state.in_((TranscriptState.DUE, TranscriptState.FAILED)),
            ~begun,
        )
        .with_for_update(key_share=True)
    ).all()
    for transcript in rows:
        previous = db.session.get(Opportunity, transcript.opportunity_id) if transcript.opportunity_id else None
        if previous is None or previous.confidential:
            continue
        transcript.opportunity_id = opportunity.id
        transcript.opportunity_lever_id = opportunity.lever_id
        if transcript.state is TranscriptState.FAILED:
            transcript.state = TranscriptState.DUE
            transcript.error = None
