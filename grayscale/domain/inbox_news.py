"""The newest text somebody has not read: by it a page in the background tells one burst of texts from the next."""

from functools import lru_cache
from typing import Any

from sqlalchemy import func, literal_column, select

from grayscale.domain import visibility
from grayscale.domain.inbox import View, in_order, newest, together
from grayscale.domain.visibility import ReaderKind
from grayscale.models import Conversation, User
from grayscale.reading import Reading

# A text received is activity, so the newest stands at the top but for what was sent in other unread ones since.
LOOKED = 10


def newest_unread(user: User) -> int:
    """The id of the last text received in what is unread to this person, 0 when nothing is."""
    [(found,)] = _newest(ReaderKind.of(user)).rows(visibility.values(user))
    return int(found or 0)


@lru_cache(maxsize=8)
def _newest(reader: ReaderKind) -> Reading:
    seen = visibility.conversations_for(reader)
    most: Any = literal_column(str(LOOKED))
    unread = together(newest(View.UNREAD, reader, lambda query: in_order(query.where(seen)).limit(most)))
    return Reading(select(func.max(Conversation.last_inbound_id)).join(unread, unread.c.id == Conversation.id))
