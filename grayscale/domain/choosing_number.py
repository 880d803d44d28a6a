"""What a recruiter decides about the number a conversation texts, and whose an unknown number was before."""

from sqlalchemy import func, select

from grayscale.database import transaction
from grayscale.domain import candidates, changes, conversations, locks, visibility
from grayscale.domain.candidates import MOST_SHARING, Profile
from grayscale.domain.errors import Conflict, Invalid, NotFound
from grayscale.domain.texting import consent, numbers
from grayscale.extensions import db
from grayscale.models import Candidate, Conversation, Message, User

DECIDE_FIRST = "First say whether what they wrote was an opt-out: it came from the number texted now."


def choose(conversation_id: int, phone_id: int, by: User) -> Conversation:
    """Text this number of the candidate's from now on, also with what waits. Raises ``NotFound``, ``Invalid``, and
    ``Conflict`` while a sentence that sounded like stop is undecided."""
    with transaction() as session:
        conversation = locks.conversation(conversation_id, by)
        listed = conversation.candidate.phones if conversation.candidate is not None else []
        phone = next((phone for phone in listed if phone.id == phone_id), None)
        if phone is None:
            raise NotFound("There is no such phone number.")
        if phone.e164 is None or phone.not_textable:
            raise Invalid(f"This number cannot be texted. {phone.not_textable or 'It is not a phone number.'}")
        if consent.is_opted_out(phone.e164):
            raise Invalid("That number opted out. Nothing is sent to it.")
        if conversation.opt_out_suggested_by_id is not None:
            raise Conflict(DECIDE_FIRST)
        numbers.switch(conversation, phone.e164, by)
        conversation.opt_out_suggested_by_id = consent.suggestion_for(phone.e164)
        session.flush()
        conversations.take_over_unknown(conversation)
        changes.touch([conversation.id])
        return conversation


def keep(conversation_id: int, by: User) -> None:
    """The number is theirs although Lever does not list it. Raises ``NotFound``."""
    with transaction() as session:
        conversation = locks.conversation(conversation_id, by)
        if numbers.is_unlisted(conversation, conversation.peer):
            numbers.vouch(conversation, by)
            session.flush()
            changes.touch([conversation.id])


def texted_before(conversation: Conversation, user: User) -> list[Profile]:
    """Whose number that of *conversation*, which is nobody's now, was when it was texted, as far as *user* may see."""
    with_them = (
        select(Conversation.candidate_id, func.max(Message.id).label("last"))
        .join(Message, Message.conversation_id == Conversation.id)
        .where(
            Message.peer == conversation.peer,
            Conversation.candidate_id.is_not(None),
            visibility.conversations_for(user),
        )
        .group_by(Conversation.candidate_id)
        .subquery()
    )
    query = (
        select(Candidate)
        .join(with_them, with_them.c.candidate_id == Candidate.id)
        .where(visibility.candidates_for(user))
        .order_by(with_them.c.last.desc())
        .limit(MOST_SHARING)
    )
    return candidates.profiles(list(db.session.scalars(query)), user)
