"""Which conversation a text belongs to, whoever begins it: one per candidate and sending number."""

from collections.abc import Sequence

from sqlalchemy import select, update

from grayscale import clock
from grayscale.database import in_transaction, transaction
from grayscale.domain import changes, visibility
from grayscale.domain.errors import Conflict, Invalid, NotFound
from grayscale.domain.texting import account, consent, numbers
from grayscale.domain.transcripts import due
from grayscale.domain.transcripts.target import choose as note_on
from grayscale.extensions import db
from grayscale.models import (
    Candidate,
    CandidatePhone,
    Conversation,
    Direction,
    Message,
    Opportunity,
    SendingNumber,
    Transcript,
    User,
)

HIDDEN = "There is no such candidate, or they are not visible to you."
# Says no more than that: what the other conversation is about is confidential.
TEXTED_ELSEWHERE = "This candidate is texted in a conversation that is not visible to you. Ask a super admin to do it."


def start(
    candidate_id: int, by: User, *, opportunity_id: int | None = None, phone_id: int | None = None
) -> Conversation:
    """The conversation with a candidate, opened if there is none yet; a second call finds the first.

    The candidate keeps hearing from the number that first texted them. *opportunity_id* is where its transcripts go,
    *phone_id* which of the candidate's numbers to text. Raises ``NotFound``, ``Invalid``, ``NotConnected``, and
    ``Conflict`` while texts of a confidential opportunity wait to be noted there.
    """
    with transaction() as session:
        candidate = session.scalar(
            select(Candidate)
            .where(Candidate.id == candidate_id, visibility.candidates_for(by))
            .with_for_update(key_share=True)
        )
        if candidate is None:
            raise NotFound(HIDDEN)
        opportunity = _wanted_opportunity(candidate, opportunity_id, by)
        found = session.scalars(
            select(Conversation)
            .join(SendingNumber, SendingNumber.id == Conversation.sending_number_id)
            .where(Conversation.candidate_id == candidate_id, SendingNumber.active.is_(True))
            .order_by(Conversation.created_at, Conversation.id)
        ).all()
        if found:
            existing = first_visible(found, by)
            if phone_id is not None:
                numbers.switch(existing, _textable(candidate, phone_id), by)
                changes.touch([existing.id])
            if opportunity is not None and opportunity_id is not None:
                note_on(existing.id, opportunity.id, by)
            return existing
        number = account.number_for(by)
        conversation = Conversation(
            candidate_id=candidate_id,
            sending_number_id=number.id,
            peer=_textable(candidate, phone_id),
            assignee_id=by.id,
            created_by_id=by.id,
            created_at=clock.now(),
            last_activity_at=clock.now(),
        )
        conversation.opt_out_suggested_by_id = consent.suggestion_for(conversation.peer)
        opportunity = opportunity or choose_opportunity(candidate_id, by)
        if opportunity is not None:
            conversation.opportunity_id = opportunity.id
            conversation.opportunity_chosen = opportunity_id is not None
        session.add(conversation)
        session.flush()
        take_over_unknown(conversation)
        changes.touch([conversation.id])
        return conversation


def choose_opportunity(candidate_id: int, by: User | None = None) -> Opportunity | None:
    """Where transcripts go unless a person says: the most recently advanced active opportunity, else of all.

    With *by*, only among those this person may see.
    """
    seen = [visibility.opportunities_for(by)] if by is not None else []
    return db.session.scalars(
        select(Opportunity)
        .where(Opportunity.candidate_id == candidate_id, *seen)
        .order_by(
            Opportunity.archived_at.is_not(None),
            db.func.coalesce(Opportunity.advanced_at, Opportunity.lever_created_at, Opportunity.fetched_at).desc(),
            Opportunity.id.desc(),
        )
        .limit(1)
    ).first()


def candidates_with(peer: str) -> Sequence[Candidate]:
    """Everybody in Lever who has this number: more than one shares it."""
    return db.session.scalars(
        select(Candidate)
        .where(Candidate.id.in_(select(CandidatePhone.candidate_id).where(CandidatePhone.e164 == peer)))
        .order_by(Candidate.id)
    ).all()


def for_inbound(peer: str, number: SendingNumber) -> Conversation:
    """The conversation a text from *peer* to our *number* belongs to, made if need be; inside a transaction.

    The one that texted this number last; else the only candidate who has it, or of several the one texted last from
    any of our numbers; else a conversation with the number alone, to be matched by hand.
    """
    if not in_transaction():
        raise RuntimeError("an inbound text is placed inside its transaction()")
    found = db.session.scalars(
        select(Conversation)
        .where(Conversation.peer == peer, Conversation.sending_number_id == number.id)
        .order_by(
            Conversation.last_outbound_at.is_(None),
            Conversation.last_outbound_at.desc(),
            Conversation.last_activity_at.desc(),
            Conversation.id.desc(),
        )
        .limit(1)
    ).first()
    if found is not None:
        return found
    candidate_id = _texted_last(peer, [candidate.id for candidate in candidates_with(peer)])
    if candidate_id is not None:
        held = db.session.scalar(
            select(Conversation).where(
                Conversation.candidate_id == candidate_id, Conversation.sending_number_id == number.id
            )
        )
        if held is not None:
            # They text from another number of theirs: answers go there.
            numbers.change(held, peer)
            return held
    return begin(peer, number, candidate_id)


def refresh_last(conversation: Conversation) -> None:
    """Work out anew what the list shows of a conversation whose messages moved."""
    newest = db.session.scalars(
        select(Message)
        .where(Message.conversation_id == conversation.id, Message.direction != Direction.INTERNAL)
        .order_by(Message.occurred_at.desc(), Message.id.desc())
        .limit(1)
    ).first()
    received, newest_received_id = db.session.execute(
        select(db.func.max(Message.occurred_at), db.func.max(Message.id)).where(
            Message.conversation_id == conversation.id, Message.direction == Direction.INBOUND
        )
    ).one()
    conversation.last_message_id = newest.id if newest else None
    conversation.last_inbound_at = received
    conversation.last_inbound_id = newest_received_id
    conversation.needs_reply = newest is not None and newest.direction is Direction.INBOUND
    if newest is not None:
        conversation.last_activity_at = newest.occurred_at
    conversation.transcript_due_at = due.due_at(conversation.id)


def _wanted_opportunity(candidate: Candidate, opportunity_id: int | None, by: User) -> Opportunity | None:
    if opportunity_id is None:
        return None
    found = db.session.scalar(
        select(Opportunity).where(
            Opportunity.id == opportunity_id,
            Opportunity.candidate_id == candidate.id,
            visibility.opportunities_for(by),
        )
    )
    if found is None:
        raise NotFound("There is no such opportunity, or it is not visible to you.")
    return found


def first_visible(found: Sequence[Conversation], by: User) -> Conversation:
    """The first that *by* may see; the candidate is texted, so there is no second one beside a hidden one."""
    visible = set(
        db.session.scalars(
            select(Conversation.id).where(
                Conversation.id.in_([conversation.id for conversation in found]), visibility.conversations_for(by)
            )
        )
    )
    for conversation in found:
        if conversation.id in visible:
            return conversation
    raise NotFound(TEXTED_ELSEWHERE)


def _textable(candidate: Candidate, phone_id: int | None) -> str:
    phones = [phone for phone in candidate.phones if phone_id is None or phone.id == phone_id]
    if phone_id is not None and not phones:
        raise NotFound("There is no such phone number.")
    for phone in phones:
        if phone.e164 and phone.not_textable is None:
            return phone.e164
    if not phones:
        raise Invalid(f"{candidate.display_name} has no phone number in Lever.")
    why = phones[0].not_textable or "It is not a phone number."
    raise Invalid(f"{candidate.display_name} has no number that can be texted. {phones[0].raw}: {why}")


def _texted_last(peer: str, candidate_ids: list[int]) -> int | None:
    if len(candidate_ids) <= 1:
        return candidate_ids[0] if candidate_ids else None
    return db.session.scalar(
        select(Conversation.candidate_id)
        .where(Conversation.candidate_id.in_(candidate_ids), Conversation.last_outbound_at.is_not(None))
        .order_by((Conversation.peer == peer).desc(), Conversation.last_outbound_at.desc())
        .limit(1)
    )


def begin(peer: str, number: SendingNumber, candidate_id: int | None, by: User | None = None) -> Conversation:
    conversation = Conversation(
        candidate_id=candidate_id,
        sending_number_id=number.id,
        peer=peer,
        assignee_id=number.user_id,
        created_at=clock.now(),
        last_activity_at=clock.now(),
        opt_out_suggested_by_id=consent.suggestion_for(peer),
    )
    if candidate_id is not None:
        opportunity = choose_opportunity(candidate_id, by)
        conversation.opportunity_id = opportunity.id if opportunity else None
    db.session.add(conversation)
    db.session.flush()
    if not _is_seen_by_assignee(conversation):
        conversation.assignee_id = None
    return conversation


def _is_seen_by_assignee(conversation: Conversation) -> bool:
    """What waits with somebody who may not see it, nobody answers."""
    if conversation.assignee_id is None:
        return True
    owner = db.session.get_one(User, conversation.assignee_id)
    seen = select(Conversation.id).where(Conversation.id == conversation.id, visibility.conversations_for(owner))
    return owner.active and db.session.scalar(seen) is not None


def take_over_unknown(conversation: Conversation) -> None:
    """Texts this number sent before anybody knew whose it is belong to the conversation that now begins."""
    if len(candidates_with(conversation.peer)) != 1:
        return
    unknown = db.session.scalar(
        select(Conversation).where(
            Conversation.candidate_id.is_(None),
            Conversation.peer == conversation.peer,
            Conversation.sending_number_id == conversation.sending_number_id,
        )
    )
    if unknown is not None:
        move_messages(unknown, conversation, whole=True)
        db.session.delete(unknown)
        db.session.flush()


def move_messages(source: Conversation, target: Conversation, *, whole: bool) -> None:
    """Messages go over: all of them, or what was received since we last texted and is in no transcript yet."""
    moving = select(Message.id).where(Message.conversation_id == source.id)
    if not whole:
        since = db.session.scalar(
            select(db.func.max(Message.id)).where(
                Message.conversation_id == source.id, Message.direction == Direction.OUTBOUND
            )
        )
        moving = moving.where(
            Message.id > (since or 0), Message.direction == Direction.INBOUND, Message.transcript_id.is_(None)
        )
        if db.session.scalar(moving.limit(1)) is None:
            raise Conflict("Nothing was received since you last texted that could be moved.")
    db.session.execute(
        update(Message)
        .where(Message.id.in_(moving.scalar_subquery()))
        .values(conversation_id=target.id)
        .execution_options(synchronize_session=False)
    )
    if whole:
        db.session.execute(
            update(Transcript).where(Transcript.conversation_id == source.id).values(conversation_id=target.id)
        )
    db.session.flush()
    for conversation in (source, target):
        refresh_last(conversation)
    target.archived_at = None
