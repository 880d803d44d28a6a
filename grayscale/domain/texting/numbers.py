"""Which of a candidate's numbers a conversation texts.

Whose a number is Lever knows. One it no longer lists for the candidate was wrong, or is somebody else's by now: nothing
goes there until a person chose another number or said that this one still is theirs.
"""

from sqlalchemy import update

from grayscale.domain import audit
from grayscale.domain.texting import lines, phones
from grayscale.extensions import db
from grayscale.models import CANCELABLE, CandidatePhone, Conversation, Message, MessageState, User

NO_LONGER = "Lever no longer lists"


def is_unlisted(conversation: Conversation, e164: str) -> bool:
    """Whether Lever has *e164* no more for the candidate, and nobody said that it is theirs all the same."""
    candidate = conversation.candidate
    if candidate is None or (conversation.peer_vouched and e164 == conversation.peer):
        return False
    return all(phone.e164 != e164 for phone in candidate.phones)


def unlisted_sentence(conversation: Conversation, e164: str) -> str:
    """Why nothing goes to such a number."""
    who = conversation.candidate.display_name if conversation.candidate is not None else "anybody"
    return f"{NO_LONGER} {phones.national(e164)} for {who}. Nothing is sent to it until you choose the number."


def others(conversation: Conversation) -> list[CandidatePhone]:
    """The candidate's further numbers that can be texted, each once, in Lever's order."""
    candidate = conversation.candidate
    listed = {phone.e164: phone for phone in reversed(candidate.phones if candidate is not None else [])}
    can = [phone for phone in listed.values() if phone.e164 not in (None, conversation.peer) and not phone.not_textable]
    return sorted(can, key=lambda phone: phone.position)


def change(conversation: Conversation, e164: str, *, vouched: bool = False) -> None:
    """Text another number of the candidate's from now on, also with what still waits; inside a transaction.

    *vouched*: a person said that it is theirs, whatever Lever lists.
    """
    conversation.peer_vouched = vouched
    if conversation.peer == e164:
        return
    conversation.peer = e164
    db.session.execute(
        update(Message)
        .where(Message.conversation_id == conversation.id, Message.state.in_(CANCELABLE))
        .values(peer=e164)
        .execution_options(synchronize_session=False)
    )


def switch(conversation: Conversation, e164: str, by: User) -> None:
    """A person chose the number: the same, told in the thread and written down; inside a transaction."""
    if conversation.peer == e164:
        return
    before = phones.national(conversation.peer)
    change(conversation, e164)
    lines.add(conversation.id, f"Texts go to {phones.national(e164)} instead of {before} from now on, says {by.name}.")
    audit.record("conversation.number_chosen", by=by, subject=str(conversation.id), detail={"to": e164[-4:]})
    _settle_held(conversation)


def vouch(conversation: Conversation, by: User) -> None:
    """A person said that the number is theirs although Lever does not list it; inside a transaction."""
    conversation.peer_vouched = True
    lines.add(conversation.id, f"{phones.national(conversation.peer)} is still theirs, says {by.name}.")
    detail = {"number": conversation.peer[-4:]}
    audit.record("conversation.number_vouched", by=by, subject=str(conversation.id), detail=detail)
    _settle_held(conversation)


def _settle_held(conversation: Conversation) -> None:
    """What was held for the number waits for a word of its own: its hour may have passed."""
    db.session.execute(
        update(Message)
        .where(
            Message.conversation_id == conversation.id,
            Message.state == MessageState.OVERDUE,
            Message.error.startswith(NO_LONGER),
        )
        .values(error="It was held until the number was chosen. Send it now, or cancel it.")
        .execution_options(synchronize_session="fetch")
    )
