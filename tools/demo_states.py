"""What the demo's day does not hold by itself: rare states of a conversation, made on demand for pictures and tests.

Each takes the name of a candidate of ``demo_data`` and changes their conversation, in the caller's application context.
"""

from datetime import time, timedelta

from sqlalchemy import select

from grayscale import clock
from grayscale.database import transaction
from grayscale.domain import changes, presence
from grayscale.domain.company import texting_account
from grayscale.extensions import db
from grayscale.models import Candidate, Conversation, Direction, Message, MessageState, User
from tools import demo_data


def conversation_of(name: str) -> Conversation:
    found = db.session.scalar(
        select(Conversation).join(Candidate, Candidate.id == Conversation.candidate_id).where(Candidate.name == name)
    )
    if found is None:
        raise LookupError(f"the demo has no conversation with {name}")
    return found


def unsure(name: str) -> None:
    """The last text to them may have gone, or not."""
    with transaction() as session:
        conversation = conversation_of(name)
        message = session.scalars(
            select(Message)
            .where(Message.conversation_id == conversation.id, Message.direction == Direction.OUTBOUND)
            .order_by(Message.id.desc())
            .limit(1)
        ).one()
        message.state = MessageState.UNSURE
        message.error = "The carrier did not answer, and its list cannot tell. Did the candidate get it?"
        conversation.has_failure = True
        changes.touch([conversation.id])


def sounds_like_stop(name: str) -> None:
    """They ask for no more texts in their own words."""
    with transaction() as session:
        conversation = conversation_of(name)
        message = demo_data.say(conversation, {}, 4, "<", "please take me off your list, i found something else")
        session.flush()
        conversation.opt_out_suggested_by_id = message.id
        changes.touch([conversation.id])


def quiet_hours() -> None:
    """The company's hours are over everywhere: they begin in two hours and last a minute."""
    with transaction():
        opens = clock.now() + timedelta(hours=2)
        account = texting_account()
        account.opens = opens.time().replace(second=0, microsecond=0)
        account.closes = (opens + timedelta(minutes=1)).time().replace(second=0, microsecond=0)


def any_hour() -> None:
    """Texting is allowed all day again."""
    with transaction():
        account = texting_account()
        account.opens = account.closes = time(0)


def is_writing(first_name: str, name: str) -> None:
    """A colleague has the conversation open and writes in it."""
    colleague = db.session.scalars(select(User).where(User.name.startswith(first_name))).one()
    presence.here(conversation_of(name).id, colleague, typing=True, read_up_to_id=None)


def answers(first_name: str, name: str, words: str) -> None:
    """A colleague's text goes out."""
    people = {user.first_name: user for user in db.session.scalars(select(User))}
    with transaction() as session:
        conversation = conversation_of(name)
        demo_data.say(conversation, people, 0, first_name, words)
        session.flush()
        changes.touch([conversation.id])
