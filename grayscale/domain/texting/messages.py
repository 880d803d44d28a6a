"""Making the rows of texts that are to be sent."""

import secrets
import unicodedata
import uuid
from collections.abc import Sequence
from datetime import datetime

from grayscale import clock
from grayscale.clients.text import clean
from grayscale.domain.errors import Invalid
from grayscale.domain.texting import lines, previews, segments
from grayscale.domain.texting.uploads import Upload
from grayscale.extensions import db
from grayscale.models import Conversation, Direction, Kind, Media, MediaState, Message, MessageState, User

# Categories of characters that show nothing by themselves, and the fillers of Hangul and Braille that are none of them.
INVISIBLE = frozenset({"Cc", "Cf", "Mn", "Me", "Zs", "Zl", "Zp"})
BLANK_LETTERS = frozenset("\u115f\u1160\u2800\u3164\uffa0")


def tidy(body: str) -> str:
    """*body* as it is sent: one kind of line end, nothing a database refuses, no blanks around it."""
    return clean(body).replace("\r\n", "\n").replace("\r", "\n").strip()


def is_blank(body: str) -> bool:
    """Whether nothing of *body* would be seen: blanks, and characters such as a zero-width space or a soft hyphen."""
    return all(
        unicodedata.category(character) in INVISIBLE or character in BLANK_LETTERS for character in body
    )


def refuse_too_long(text: str) -> None:
    """Raises ``Invalid`` for more than the carrier takes as one text, with by how much."""
    over = len(text) - segments.LONGEST
    if over > 0:
        raise Invalid(
            f"This text is {over:,} {'character' if over == 1 else 'characters'} too long: it has {len(text):,}, and a"
            f" text takes {segments.LONGEST:,}.", "body"
        )  # fmt: skip


def create(
    conversation: Conversation,
    body: str,
    *,
    author: User | None,
    kind: Kind,
    state: MessageState,
    send_at: datetime,
    scheduled_by_person: bool = False,
    submission_key: str | None = None,
    retry_of_id: int | None = None,
    uploads: Sequence[Upload] = (),
) -> Message:
    """Add a text that waits to be sent, with its cost; inside a transaction."""
    cost = segments.count(body)
    now = clock.now()
    message = Message(
        conversation_id=conversation.id,
        direction=Direction.OUTBOUND,
        kind=kind,
        state=state,
        author_id=author.id if author is not None else None,
        body=body,
        sender_number=conversation.sending_number.e164,
        peer=conversation.peer,
        encoding=cost.encoding,
        segments=max(cost.parts, 1),
        created_at=now,
        occurred_at=now,
        public_id=str(uuid.uuid4()),
        submission_key=submission_key,
        send_at=send_at,
        scheduled_by_person=scheduled_by_person,
        retry_of_id=retry_of_id,
    )
    db.session.add(message)
    db.session.flush()
    for position, upload in enumerate(uploads):
        medium = Media(
            message_id=message.id, position=position, content_type=upload.content_type,
            file_name=upload.file_name, size=len(upload.content), content=upload.content,
            public_key=secrets.token_urlsafe(24), state=MediaState.STORED,
        )  # fmt: skip
        if upload.preview is not None:
            medium.width, medium.height = upload.preview.width, upload.preview.height
            medium.preview = upload.preview.content
        db.session.add(medium)
    db.session.flush()
    return message


def copy(message: Message, *, send_at: datetime, submission_key: str | None = None) -> Message:
    """The same text once more, as a row of its own that names the first; inside a transaction."""
    uploads = [
        Upload(medium.file_name, medium.content_type, medium.content, previews.kept(medium))
        for medium in message.media
        if medium.content
    ]
    waits = send_at > clock.now()
    again = create(
        message.conversation,
        message.body,
        author=message.author,
        kind=message.kind,
        state=MessageState.SCHEDULED if waits else MessageState.QUEUED,
        send_at=send_at,
        submission_key=submission_key,
        retry_of_id=message.id,
        uploads=uploads,
    )
    again.useless_after = message.useless_after
    lines.note(again, "A further try of an earlier text.", state=again.state)
    return again
