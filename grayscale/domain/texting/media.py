"""Pictures and files of texts: fetched from the carrier once, kept, and handed only to who may see them."""

from datetime import timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import undefer

from grayscale import clock
from grayscale.clients.errors import ClientError, Disposition
from grayscale.database import end_read, transaction
from grayscale.domain import changes, leases, visibility
from grayscale.domain.errors import NotFound
from grayscale.domain.texting import account, previews, uploads
from grayscale.domain.texting.previews import Preview
from grayscale.extensions import db
from grayscale.models import Conversation, Direction, Media, MediaState, Message, MessageState, User

BATCH = 5
UNSEEN = "There is no such picture, or it is not visible to you."
LEASE = timedelta(minutes=2)
MOST_ATTEMPTS = 6
# While, and how long after its call began, the carrier may fetch the pictures of a text.
ON_ITS_WAY = (
    MessageState.SENDING, MessageState.CHECKING, MessageState.UNSURE, MessageState.ACCEPTED, MessageState.SENT
)  # fmt: skip
FETCHABLE = timedelta(hours=24)
_SENT_NAMES = {"application/pdf": "pdf", "text/vcard": "vcf", "image/jpeg": "jpg", "video/3gpp": "3gp"}


def fetch_waiting() -> int:
    """Fetch a batch of received media; how many were dealt with."""
    if not account.is_connected():
        return 0
    ids = leases.claim(
        Media,
        Media.state == MediaState.PENDING,
        Media.next_attempt_at <= clock.now(),
        order_by=Media.next_attempt_at,
        limit=BATCH,
        lease=LEASE,
    )
    for media_id in ids:
        _fetch(media_id)
    return len(ids)


def _fetch(media_id: int) -> None:
    medium = db.session.get(Media, media_id)
    if medium is None:
        return  # erased since it was claimed
    url, claimed, attempts = medium.source_url or "", medium.content_type, medium.attempts
    carrier = account.client()
    end_read()
    try:
        found = carrier.fetch_media(url)
    except ClientError as error:
        again = error.disposition is Disposition.RETRY and attempts < MOST_ATTEMPTS
        _finish(media_id, MediaState.PENDING if again else MediaState.FAILED, error=str(error))
        return
    kind = uploads.sniff(found.content, found.content_type or claimed)
    if kind is None:
        _finish(media_id, MediaState.REFUSED, error="This kind of file is not accepted.")
        return
    preview = previews.of(found.content) if kind in uploads.SHOWN else None
    _finish(media_id, MediaState.STORED, content=found.content, kind=kind, preview=preview)


def _finish(
    media_id: int,
    state: MediaState,
    *,
    content: bytes | None = None,
    kind: str | None = None,
    preview: Preview | None = None,
    error: str | None = None,
) -> None:
    with transaction() as session:
        medium = session.get(Media, media_id, with_for_update={"key_share": True})
        if medium is None:
            return
        medium.state, medium.error, medium.lease_until = state, error, None
        medium.next_attempt_at = clock.now() + timedelta(seconds=15 * 2**medium.attempts)
        if content is not None and kind is not None:
            medium.content, medium.content_type, medium.size = content, kind, len(content)
            medium.file_name = medium.file_name or f"{medium.position + 1}.{extension(kind)}"
        if preview is not None:
            medium.width, medium.height, medium.preview = preview.width, preview.height, preview.content
        if state is not MediaState.PENDING:
            # What is stored or refused is never asked for again.
            medium.source_url = None
        session.flush()
        conversation_id = session.scalar(select(Message.conversation_id).where(Message.id == medium.message_id))
        if conversation_id is not None:
            changes.touch([conversation_id])


def extension(content_type: str) -> str:
    """The end of a file's name for its type."""
    return _SENT_NAMES.get(content_type) or content_type.rpartition("/")[2].rpartition(".")[2]


def for_reader(media_id: int, user: User) -> Media:
    """A stored medium with its bytes. Raises ``NotFound`` also for what *user* may not see."""
    found = _visible(media_id, user, Media.content)
    if found is None or found.content is None:
        raise NotFound(UNSEEN)
    return found


def small(media_id: int, user: User) -> bytes | None:
    """The small WebP of a picture, None where there is only itself. Raises ``NotFound`` like ``for_reader``."""
    found = _visible(media_id, user, Media.preview)
    if found is None:
        raise NotFound(UNSEEN)
    return found.preview


def _visible(media_id: int, user: User, wanted: Any) -> Media | None:
    found: Media | None = db.session.scalar(
        select(Media)
        .join(Message, Message.id == Media.message_id)
        .join(Conversation, Conversation.id == Message.conversation_id)
        .where(Media.id == media_id, Media.state == MediaState.STORED, visibility.conversations_for(user))
        .options(undefer(wanted))
    )
    return found


def for_carrier(public_key: str) -> Media:
    """A picture of a text on its way out, by its unguessable key. Raises ``NotFound`` once it is no longer needed."""
    now = clock.now()
    found = db.session.scalar(
        select(Media)
        .join(Message, Message.id == Media.message_id)
        .where(
            Media.public_key == public_key,
            Message.direction == Direction.OUTBOUND,
            Message.state.in_(ON_ITS_WAY),
            Message.called_at >= now - FETCHABLE,
        )
        .options(undefer(Media.content))
    )
    if found is None or found.content is None:
        raise NotFound("There is no such picture.")
    return found
