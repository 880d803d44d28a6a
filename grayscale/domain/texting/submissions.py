"""Which text a submission of the composer became.

A browser makes one key a submission and sends it again when it did not hear what came of it. The same again is the same
text; other words under a key that is used are refused, never taken for a repetition.
"""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select

from grayscale.domain.errors import Conflict, Invalid
from grayscale.domain.texting import gate
from grayscale.domain.texting.uploads import Upload
from grayscale.extensions import db
from grayscale.models import Message, MessageState

QUOTED = 80
_BECAME = {
    MessageState.SCHEDULED: "is scheduled",
    MessageState.OVERDUE: "was not sent in time",
    MessageState.CANCELED: "was cancelled",
    MessageState.BLOCKED: "was held back",
    MessageState.FAILED: "failed",
    MessageState.UNDELIVERED: "was not delivered",
}


class Differs(Conflict):
    """The key is that of another text, which was taken; of this one nothing was stored."""

    def __init__(self, first: Message) -> None:
        super().__init__(f"{became(first)} What is in the box now was not sent: send it too?")


def became(message: Message) -> str:
    """What came of a text, for whoever did not hear it: "Your text “See you at 3” was sent."."""
    words = " ".join(message.body.split())
    quoted = f" “{words[:QUOTED].rstrip()}{'…' if len(words) > QUOTED else ''}”" if words else ""
    return f"Your text{quoted} {_BECAME.get(message.state, 'was sent')}."


def first(submission_key: str | None, conversation_id: int) -> Message | None:
    """The text that took this key, None while none did. Raises ``Invalid`` for another conversation's."""
    if not submission_key:
        return None
    found = db.session.scalar(select(Message).where(Message.submission_key == submission_key))
    if found is not None and found.conversation_id != conversation_id:
        raise Invalid("This form belongs to another conversation. Reload the page.", "body")
    return found


def is_same(message: Message, body: str, send_at: datetime | None, media: Sequence[Upload]) -> bool:
    """Whether this is what *message* was made of: its words, time and pictures as they are now."""
    if message.body != body or message.scheduled_by_person != (send_at is not None):
        return False
    # What nobody may be sent at the chosen minute was held until the first that is allowed.
    if send_at is not None and message.send_at not in (
        send_at, gate.opens_at(message.conversation, message.peer, send_at)
    ):  # fmt: skip
        return False
    kept = [(each.file_name, each.content_type, each.size, each.content) for each in message.media]
    return kept == [(each.file_name, each.content_type, len(each.content), each.content) for each in media]
