"""One conversation as it is read: who it is with, its messages, what is read."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from sqlalchemy import bindparam, literal, or_, select, tuple_
from sqlalchemy.orm import joinedload
from sqlalchemy.orm.attributes import set_committed_value

from grayscale.database import shared_alias
from grayscale.domain import inbox_said, visibility
from grayscale.domain.errors import NotFound
from grayscale.domain.inbox import Place
from grayscale.domain.inbox_said import Said
from grayscale.domain.texting import consent
from grayscale.domain.visibility import ReaderKind
from grayscale.extensions import db
from grayscale.models import (
    CANCELABLE,
    Candidate,
    CandidatePhone,
    Conversation,
    Direction,
    Message,
    MessageEvent,
    MessageState,
    Opportunity,
    SendingNumber,
    User,
)
from grayscale.reading import Loading, Reading

PAGE = 50
# How far a thread that stays open may grow before it begins later.
LONGEST_TAIL = 300


@dataclass(frozen=True, slots=True)
class Thread:
    """A stretch of messages, oldest first. *earlier* is where older ones end, None at the beginning."""

    messages: Sequence[Said]
    earlier: Place | None
    waiting: Sequence[Said] = ()

    @property
    def first(self) -> Place | None:
        return Place(self.messages[0].occurred_at, self.messages[0].id) if self.messages else None

    @property
    def last_id(self) -> int:
        """The highest id shown, for what was seen and what was not."""
        return max((message.id for message in (*self.messages, *self.waiting)), default=0)


def get(conversation_id: int, user: User) -> Conversation:
    """The conversation with what its page shows. Raises ``NotFound`` also for what *user* may not see."""
    for found, *belonging in _get(ReaderKind.of(user)).rows(visibility.values(user) | {"wanted": conversation_id}):
        for name, one in zip(("assignee", "sending_number", "opportunity", "candidate"), belonging, strict=True):
            set_committed_value(found, name, one)
        if found.candidate is not None:
            phones = [phone for (phone,) in _PHONES.rows({"of": found.candidate_id})]
            set_committed_value(found.candidate, "phones", phones)
        return found  # type: ignore[no-any-return]
    raise NotFound("There is no such conversation, or it is not visible to you.")


# What every opened conversation asks is put together once: that takes longer than running it. Aliases where the
# conditions of ``visibility`` speak of the tables themselves.
_assignee = shared_alias(User)
_tied = shared_alias(Opportunity)
_person = shared_alias(Candidate)


@lru_cache(maxsize=8)
def _get(reader: ReaderKind) -> Loading:
    return Loading(
        (Conversation, _assignee, SendingNumber, _tied, _person),
        lambda query: query.select_from(Conversation)
        .join(SendingNumber, SendingNumber.id == Conversation.sending_number_id)
        .outerjoin(_assignee, _assignee.id == Conversation.assignee_id)
        .outerjoin(_tied, _tied.id == Conversation.opportunity_id)
        .outerjoin(_person, _person.id == Conversation.candidate_id)
        .where(Conversation.id == bindparam("wanted"), visibility.conversations_for(reader)),
    )


_PHONES = Loading(
    (CandidatePhone,),
    lambda query: query.where(CandidatePhone.candidate_id == bindparam("of")).order_by(CandidatePhone.position),
)


def is_visible(conversation_id: int, user: User) -> bool:
    """Whether there is such a conversation and *user* may see it."""
    return bool(_visible(ReaderKind.of(user)).rows(visibility.values(user) | {"wanted": conversation_id}))


@lru_cache(maxsize=8)
def _visible(reader: ReaderKind) -> Reading:
    wanted = Conversation.id == bindparam("wanted")
    return Reading(select(Conversation.id).where(wanted, visibility.conversations_for(reader)))


def with_candidate(candidate_id: int, user: User) -> Conversation | None:
    """The conversation with a candidate that had something happen last, of those *user* may see."""
    return db.session.scalars(
        select(Conversation)
        .where(Conversation.candidate_id == candidate_id, visibility.conversations_for(user))
        .order_by(Conversation.last_activity_at.desc(), Conversation.id.desc())
        .limit(1)
    ).first()


def require(conversation_id: int, user: User) -> None:
    """Raises ``NotFound`` unless *user* may see the conversation."""
    if not is_visible(conversation_id, user):
        raise NotFound("There is no such conversation, or it is not visible to you.")


def conversation_of(message_id: int, user: User) -> int:
    """Which conversation a message is in. Raises ``NotFound`` also for what *user* may not see."""
    found = db.session.scalar(
        select(Message.conversation_id)
        .join(Conversation, Conversation.id == Message.conversation_id)
        .where(Message.id == message_id, visibility.conversations_for(user))
    )
    if found is None:
        raise NotFound("There is no such message, or it is not visible to you.")
    return found


def latest(conversation_id: int, *, since: Place | None = None, around: int | None = None) -> Thread:
    """The end of a thread: the last ``PAGE`` messages, or everything from *since* or from message *around* on."""
    begin = since
    if around is not None:
        begin = _place_before(conversation_id, around) or since
    limit = PAGE if begin is None else LONGEST_TAIL
    found = inbox_said.newest(conversation_id, limit + 1, since=begin)
    more = len(found) > limit
    if more:
        found = found[1:]
    first = Place(found[0].occurred_at, found[0].id) if found else None
    # From the end on, the one message too many tells; from a place on, somebody has to look.
    before = first if more else _earlier(conversation_id, first) if begin is not None else None
    return Thread(found, before, inbox_said.waiting(conversation_id))


def earlier(conversation_id: int, before: Place) -> Thread:
    """The ``PAGE`` messages before a place."""
    found = inbox_said.before(conversation_id, PAGE, before)
    first = Place(found[0].occurred_at, found[0].id) if found else None
    return Thread(found, _earlier(conversation_id, first))


def _value(place: Place) -> Any:
    return tuple_(literal(place.at, Message.occurred_at.type), literal(place.id))


def _earlier(conversation_id: int, first: Place | None) -> Place | None:
    if first is None:
        return None
    older = (
        inbox_said.of_thread(conversation_id)
        .with_only_columns(Message.id)
        .where(tuple_(Message.occurred_at, Message.id) < _value(first))
        .limit(1)
    )
    return first if db.session.scalar(older) is not None else None


def _place_before(conversation_id: int, message_id: int) -> Place | None:
    """A place some messages before this one, so that it is read in context."""
    found = db.session.execute(
        select(Message.occurred_at, Message.id).where(
            Message.id == message_id, Message.conversation_id == conversation_id
        )
    ).one_or_none()
    if found is None:
        return None
    before = db.session.execute(
        select(Message.occurred_at, Message.id)
        .where(
            Message.conversation_id == conversation_id,
            tuple_(Message.occurred_at, Message.id) <= _value(Place(found[0], found[1])),
        )
        .order_by(Message.occurred_at.desc(), Message.id.desc())
        .limit(10)
    ).all()[-1]
    return Place(before[0], before[1])


def opted_out_among(numbers: Iterable[str]) -> set[str]:
    """Those of the numbers (E.164) that opted out."""
    return {number for number in numbers if consent.is_opted_out(number)}


def trace(message_id: int) -> list[MessageEvent]:
    """Every step in the life of a message, oldest first: why it went, or did not."""
    return list(
        db.session.scalars(select(MessageEvent).where(MessageEvent.message_id == message_id).order_by(MessageEvent.id))
    )


def first_unread(messages: Sequence[Said], read_up_to_id: int) -> int | None:
    """The message the unread line stands above, if one does."""
    return next(
        (m.id for m in messages if m.direction is Direction.INBOUND and m.id > read_up_to_id), None
    )


def replied_meanwhile(conversation_id: int, user: User, seen_up_to_id: int) -> Message | None:
    """A colleague's text that this person had not been shown when they wrote theirs."""
    return db.session.scalar(
        select(Message)
        .where(
            Message.conversation_id == conversation_id,
            Message.id > seen_up_to_id,
            Message.direction == Direction.OUTBOUND,
            Message.author_id.is_not(None),
            Message.author_id != user.id,
            or_(Message.state.not_in(CANCELABLE), Message.state == MessageState.QUEUED),
            Message.state != MessageState.CANCELED,
        )
        .options(joinedload(Message.author))
        .order_by(Message.id.desc())
        .limit(1)
    )
