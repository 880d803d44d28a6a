"""The newest text somebody has not read: by it a page in the background tells one burst of texts from the next."""

from functools import lru_cache
from typing import Any, NamedTuple

from sqlalchemy import literal_column, select

from grayscale.domain import visibility
from grayscale.domain.inbox import View, in_order, newest, together
from grayscale.domain.visibility import ReaderKind
from grayscale.models import Conversation, User
from grayscale.reading import Reading

# A text received is activity, so the newest stands at the top but for what was sent in other unread ones since.
LOOKED = 10


class Newest(NamedTuple):
    """A text received, and its conversation."""

    message_id: int
    conversation_id: int


def newest_unread(user: User) -> Newest | None:
    """The last text received in what is unread to this person, None when nothing is."""
    found = _newest(ReaderKind.of(user)).rows(visibility.values(user))
    return Newest(*found[0]) if found else None


@lru_cache(maxsize=8)
def _newest(reader: ReaderKind) -> Reading:
    seen = visibility.conversations_for(reader)
    most: Any = literal_column(str(LOOKED))
    unread = together(newest(View.UNREAD, reader, lambda query: in_order(query.where(seen)).limit(most)))
    latest = select(Conversation.last_inbound_id, Conversation.id).join(unread, unread.c.id == Conversation.id)
    one: Any = literal_column("1")
    return Reading(
        latest.where(Conversation.last_inbound_id.is_not(None)).order_by(Conversation.last_inbound_id.desc()).limit(one)
    )
