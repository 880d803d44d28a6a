"""Whose an unknown number is, as a person says, and taking that back."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, delete, exists, func, select, update

from grayscale import clock
from grayscale.database import transaction
from grayscale.domain import audit, changes, conversations, locks, visibility
from grayscale.domain.errors import Conflict, NotFound
from grayscale.domain.texting import consent, lines, numbers, phones, states
from grayscale.domain.transcripts import due
from grayscale.extensions import db
from grayscale.models import (
    CANCELABLE,
    Candidate,
    Conversation,
    Direction,
    Message,
    MessageState,
    OfferState,
    SlotOffer,
    Transcript,
    TranscriptPart,
    TranscriptState,
    User,
)

NOT_MATCHED = "Nobody here said that this number is theirs, so there is nothing to take back."
OFFERED = "Times to choose from were texted to this number. Take them back first: behind the link is this candidate."
CONFIDENTIAL = "These texts belong to a confidential opportunity. Ask a super admin to take the match back."


@dataclass(frozen=True, slots=True)
class Unmatched:
    """*conversation* is the number's own again. *noted* of its texts are in a Note in Lever, which stays there."""

    conversation: Conversation
    noted: int


def match(conversation_id: int, candidate_id: int, by: User) -> Conversation:
    """Say whose texts these are: the conversation's, where nobody was known, else its unanswered texts.

    A number shared by two candidates may be matched to the wrong one: then what was received since we last texted
    moves over, as far as it is in no transcript. What was an unknown number's is noted no sooner than a quiet time
    from now, so that a wrong match can be taken back before Lever hears of it. Raises ``NotFound``, also where the
    candidate is texted in a conversation hidden from *by*: what waits in it would go to this number. Raises
    ``Conflict``, ``Invalid``.
    """
    with transaction() as session:
        conversation, candidate = choice(conversation_id, candidate_id, by)
        if conversation.candidate_id == candidate_id:
            return conversation
        target = session.scalar(
            select(Conversation).where(
                Conversation.candidate_id == candidate_id,
                Conversation.sending_number_id == conversation.sending_number_id,
            )
        )
        if target is not None:
            target = conversations.first_visible([target], by)
        was_unknown, number, ids = conversation.candidate_id is None, conversation.peer, {conversation.id}
        detail = {"candidate": candidate_id, "number": number[-4:]}
        audit.record("conversation.matched", by=by, subject=str(conversation.id), detail=detail)
        first_id = session.scalar(select(func.min(Message.id)).where(Message.conversation_id == conversation.id))
        if was_unknown and target is None:
            target = conversation
            target.candidate_id = candidate.id
            opportunity = conversations.choose_opportunity(candidate.id, by)
            target.opportunity_id = opportunity.id if opportunity else None
        else:
            if target is None:
                target = conversations.begin(number, conversation.sending_number, candidate_id, by)
            conversations.move_messages(conversation, target, whole=was_unknown)
            if was_unknown:
                ids = set()
                session.delete(conversation)
        numbers.change(target, number, vouched=all(phone.e164 != number for phone in candidate.phones))
        if was_unknown:
            target.matched_peer, target.matched_from_id = number, first_id
            if target.transcript_due_at is not None:
                target.transcript_due_at = max(target.transcript_due_at, clock.now() + due.quiet_time())
        lines.add(target.id, f"Matched to {candidate.display_name} by {by.name}.")
        session.flush()
        changes.touch([*(ids | {target.id})])
        return target


def can_unmatch(conversation: Conversation) -> bool:
    """Whether an unknown number's texts are in it because a person matched them."""
    return conversation.candidate_id is not None and conversation.matched_peer is not None


def unmatch(conversation_id: int, by: User) -> Unmatched:
    """The number that was matched here is not the candidate's after all: its texts have their own conversation again.

    What was to be noted and was not asked of Lever yet is not noted on the candidate. Texts that wait go to the number
    texted before; without one, none goes. Raises ``NotFound`` and, also when there is nothing to take back,
    ``Conflict``.
    """
    with transaction() as session:
        conversation = locks.conversation(conversation_id, by)
        candidate, number = conversation.candidate, conversation.matched_peer
        if candidate is None or number is None:
            raise Conflict(NOT_MATCHED)
        _check_may_leave(conversation, by)
        name = candidate.display_name
        theirs = (
            Message.conversation_id == conversation.id,
            Message.peer == number,
            Message.id >= (conversation.matched_from_id or 0),
            Message.state.not_in(CANCELABLE),
        )
        noted = session.scalar(select(func.count()).where(*theirs, _is_in_lever())) or 0
        _unbind(conversation.id, theirs)
        audit.record(
            "conversation.unmatched",
            by=by,
            subject=str(conversation.id),
            detail={"candidate": candidate.id, "number": number[-4:], "texts noted in Lever": noted},
        )
        own = _unknown_with(number, conversation.sending_number_id)
        earlier = _texted_before(conversation, number)
        conversation.matched_peer = conversation.matched_from_id = None
        if own is None and earlier is None:
            own = conversation
            own.restricted = own.restricted or _is_confidential(own)
            own.candidate_id = own.opportunity_id = None
            own.opportunity_chosen = own.peer_vouched = False
            _cancel_waiting(own)
            _forget_name(own, name)
        else:
            own = own or conversations.begin(number, conversation.sending_number, None)
            own.restricted = own.restricted or conversation.restricted or _is_confidential(conversation)
            own.archived_at = None
            if conversation.peer == number:
                numbers.change(conversation, _number_for(candidate, earlier) or number)
            session.execute(
                update(Message)
                .where(*theirs)
                .values(conversation_id=own.id)
                .execution_options(synchronize_session=False)
            )
            words = f"{phones.national(number)} is not their number, says {by.name}. Its texts left for their own."
            lines.add(conversation.id, words)
        lines.add(own.id, f"It was matched to a candidate by mistake, says {by.name}.")
        session.flush()
        for one in {conversation, own}:
            conversations.refresh_last(one)
            one.last_outbound_at = _last_outbound(one.id)
            one.opt_out_suggested_by_id = consent.suggestion_for(one.peer)
            states.refresh_failure(one)
        session.flush()
        changes.touch([*{conversation.id, own.id}])
        return Unmatched(own, noted)


def choice(conversation_id: int, candidate_id: int, by: User) -> tuple[Conversation, Candidate]:
    """Both that a match would bring together, to be asked about. Raises ``NotFound``."""
    conversation = db.session.scalar(
        select(Conversation)
        .where(Conversation.id == conversation_id, visibility.conversations_for(by))
        .with_for_update(key_share=True)
    )
    candidate = db.session.scalar(
        select(Candidate).where(Candidate.id == candidate_id, visibility.candidates_for(by))
    )
    if conversation is None or candidate is None:
        raise NotFound("There is no such conversation or candidate, or it is not visible to you.")
    return conversation, candidate


def _check_may_leave(conversation: Conversation, by: User) -> None:
    if _is_confidential(conversation) and not by.is_super_admin:
        raise Conflict(CONFIDENTIAL)
    offered = select(SlotOffer.id).where(
        SlotOffer.conversation_id == conversation.id, SlotOffer.state.in_((OfferState.OPEN, OfferState.BOOKED))
    )
    if conversation.peer == conversation.matched_peer and db.session.scalar(offered.limit(1)) is not None:
        raise Conflict(OFFERED)


def _is_confidential(conversation: Conversation) -> bool:
    return conversation.opportunity is not None and conversation.opportunity.confidential


def _is_in_lever() -> ColumnElement[bool]:
    """Condition on ``Message``: Lever has its Note, or may have it."""
    return exists().where(Transcript.id == Message.transcript_id, _is_begun())


def _is_begun() -> ColumnElement[bool]:
    called = exists().where(
        TranscriptPart.transcript_id == Transcript.id,
        TranscriptPart.called_at.is_not(None) | TranscriptPart.posted_at.is_not(None),
    )
    return called | Transcript.state.in_(
        (TranscriptState.POSTING, TranscriptState.CHECKING, TranscriptState.POSTED, TranscriptState.UNSURE)
    )


def _unbind(conversation_id: int, theirs: Sequence[ColumnElement[bool]]) -> None:
    """Take transcripts apart that hold such texts and of which Lever was asked nothing: what is in them waits again."""
    ids = db.session.scalars(
        select(Transcript.id)
        .where(
            Transcript.conversation_id == conversation_id,
            Transcript.state.in_((TranscriptState.DUE, TranscriptState.FAILED)),
            ~_is_begun(),
            exists().where(Message.transcript_id == Transcript.id, *theirs),
        )
        .with_for_update(key_share=True)
    ).all()
    if ids:
        waits = update(Message).where(Message.transcript_id.in_(ids)).values(transcript_id=None)
        db.session.execute(waits.execution_options(synchronize_session=False))
        db.session.execute(
            delete(Transcript).where(Transcript.id.in_(ids)).execution_options(synchronize_session=False)
        )


def _unknown_with(number: str, sending_number_id: int) -> Conversation | None:
    """The number began a conversation of its own once its texts went elsewhere."""
    return db.session.scalar(
        select(Conversation).where(
            Conversation.candidate_id.is_(None),
            Conversation.peer == number,
            Conversation.sending_number_id == sending_number_id,
        )
    )


def _texted_before(conversation: Conversation, number: str) -> str | None:
    """The number the candidate was in touch on besides *number*, or before it was matched; None when there was none."""
    return db.session.scalar(
        select(Message.peer)
        .where(
            Message.conversation_id == conversation.id,
            Message.direction != Direction.INTERNAL,
            Message.peer.is_not(None),
            (Message.peer != number) | (Message.id < (conversation.matched_from_id or 0)),
        )
        .order_by(Message.id.desc())
        .limit(1)
    )


def _number_for(candidate: Candidate, earlier: str | None) -> str | None:
    """Where texts to them go again: to *earlier* unless Lever lists only others."""
    listed = [phone.e164 for phone in candidate.phones if phone.e164 and not phone.not_textable]
    return earlier if earlier in listed else (*listed, earlier)[0]


def _cancel_waiting(conversation: Conversation) -> None:
    """What waits was written for somebody else."""
    waiting = select(Message).where(Message.conversation_id == conversation.id, Message.state.in_(CANCELABLE))
    for message in db.session.scalars(waiting.with_for_update(key_share=True)).all():
        message.lease_until = None
        message.error = "It was written for a candidate whose number this is not."
        lines.take(message, MessageState.CANCELED, message.error)


def _forget_name(conversation: Conversation, name: str) -> None:
    """What tells of the match names nobody: it outlives the candidate, and more people may read it."""
    told = select(Message).where(
        Message.conversation_id == conversation.id,
        Message.direction == Direction.INTERNAL,
        Message.body.contains(name, autoescape=True),
    )
    for line in db.session.scalars(told):
        line.body = line.body.replace(name, "a candidate")


def _last_outbound(conversation_id: int) -> datetime | None:
    return db.session.scalar(
        select(func.max(Message.occurred_at)).where(
            Message.conversation_id == conversation_id,
            Message.direction == Direction.OUTBOUND,
            Message.handed_over_at.is_not(None),
        )
    )
