"""The messages of a thread as they are read.

Nearly all of them stay as they are for good: of those only what a bubble shows is read. What may still change or be
acted upon, and what has pictures, is loaded whole.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import lru_cache
from typing import Any, NamedTuple

from sqlalchemy import Select, bindparam, exists, select, tuple_
from sqlalchemy.orm import joinedload, selectinload

from grayscale.domain.inbox import Place
from grayscale.extensions import db
from grayscale.models import Conversation, Direction, Kind, Media, Message, MessageState, User
from grayscale.models.types import BigId
from grayscale.reading import Reading

# Nothing is shown of these but the words, the state and when.
SETTLED = frozenset({MessageState.SENT, MessageState.DELIVERED, MessageState.RECEIVED})


class Said(NamedTuple):
    """What a bubble shows of a message. *whole* is all of it, None where nothing can be done about it."""

    id: int
    direction: Direction
    kind: Kind
    state: MessageState
    author_id: int | None
    author_name: str | None
    body: str
    occurred_at: datetime
    whole: Message | None = None

    @property
    def media(self) -> Sequence[Media]:
        return self.whole.media if self.whole is not None else ()


def newest(conversation_id: int, most: int, *, since: Place | None = None) -> list[Said]:
    """The last *most* messages that are not waiting, or the last of those from the place *since* on; oldest first."""
    return _said("since" if since else "", conversation_id, most, since)


def before(conversation_id: int, most: int, place: Place) -> list[Said]:
    """The last *most* messages before a place, oldest first."""
    return _said("before", conversation_id, most, place)


def waiting(conversation_id: int) -> list[Said]:
    """Texts that have not gone yet, in the order they will."""
    ids = [row[0] for row in _WAITING.rows({"of": conversation_id})]
    found = wholes(ids)
    return [_of(found[each]) for each in ids if each in found]


def wholes(message_ids: Sequence[int]) -> Mapping[int, Message]:
    """Messages with their author and pictures, by id."""
    if not message_ids:
        return {}
    return {found.id: found for found in db.session.scalars(_WHOLE, {"ids": message_ids})}


_WHOLE = (
    select(Message)
    .where(Message.id.in_(bindparam("ids", expanding=True)))
    .options(joinedload(Message.author), selectinload(Message.media))
)
_WAITING = Reading(
    select(Message.id)
    .where(Message.conversation_id == bindparam("of"), Message.still_ours)
    .order_by(Message.send_at, Message.id)
)


def of_thread(conversation_id: Any) -> Select[*tuple[Any, ...]]:
    """What a bubble shows of each message that is not waiting, and whether it has pictures."""
    return (
        select(
            Message.id, Message.direction, Message.kind, Message.state, Message.author_id, User.name, Message.body,
            Message.occurred_at, exists(select(Media.id).where(Media.message_id == Message.id)),
        )
        .outerjoin(User, User.id == Message.author_id)
        .where(Message.conversation_id == conversation_id, Message.out_of_our_hands)
    )  # fmt: skip


def _said(which: str, conversation_id: int, most: int, place: Place | None) -> list[Said]:
    here = {"at": place.at, "id": place.id} if place is not None else {}
    lines = _reading(which).rows({"of": conversation_id, "most": most, **here})
    found = wholes([line[0] for line in lines if line[3] not in SETTLED or line[-1]])
    said = [Said(*line[:-1], found.get(line[0])) for line in reversed(lines)]  # type: ignore[call-arg]
    # What was erased in between is gone.
    return [line for line in said if line.whole is not None or line.state in SETTLED]


@lru_cache(maxsize=3)
def _reading(which: str) -> Reading:
    """The newest first: all of a thread, or only from a place on (``since``), or ``before`` it."""
    query = of_thread(bindparam("of"))
    if which:
        here = tuple_(bindparam("at", type_=Message.occurred_at.type), bindparam("id", type_=BigId))
        place = tuple_(Message.occurred_at, Message.id)
        query = query.where(place >= here if which == "since" else place < here)
    newest_first = query.order_by(Message.occurred_at.desc(), Message.id.desc())
    return Reading(newest_first.limit(bindparam("most")))


def _of(message: Message) -> Said:
    name = message.author.name if message.author is not None else None
    return Said(
        message.id, message.direction, message.kind, message.state, message.author_id, name, message.body,
        message.occurred_at, message,
    )  # fmt: skip


def is_picture(conversation_id: int) -> bool:
    """Whether what the list shows of a conversation is a picture, rather than another file."""
    kind = db.session.scalar(
        select(Media.content_type)
        .join(Conversation, Conversation.last_message_id == Media.message_id)
        .where(Conversation.id == conversation_id)
        .order_by(Media.position)
        .limit(1)
    )
    return kind is None or kind.startswith("image/")
