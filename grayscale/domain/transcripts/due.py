"""When a conversation's transcript is due: one quiet time after its last message, and at least once a day."""

from collections.abc import Collection
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm.attributes import flag_modified

from grayscale.config import current_config
from grayscale.database import in_transaction, transaction
from grayscale.domain import changes
from grayscale.domain.transcripts import eligible
from grayscale.extensions import db
from grayscale.logging import get_logger
from grayscale.models import Conversation, Message

log = get_logger(__name__)

#: A conversation that never goes quiet is noted this long after its burst began.
LONGEST_BURST = timedelta(days=1)
#: Each takes a few queries, during which nobody else writes on SQLite.
FOUND_AT_ONCE = 40


def quiet_time() -> timedelta:
    """How long a conversation must be quiet before its transcript is posted."""
    return timedelta(seconds=current_config().transcript_delay_seconds)


def restart(conversation: Conversation, at: datetime) -> None:
    """A message was handed to the carrier, or received, at *at*: the quiet time begins anew.

    Called inside the transaction that writes the message. The time counts from the latest of the messages that are in
    no transcript yet, so a text recovered late moves nothing forward.
    """
    if not in_transaction():
        raise RuntimeError("the quiet time restarts only inside the transaction() of the message")
    conversation.transcript_due_at = due_at(conversation.id, at)
    # Written even when it is what was read: a transcript that is being cut at this moment clears it.
    flag_modified(conversation, "transcript_due_at")


def due_at(conversation_id: int, at: datetime | None = None) -> datetime | None:
    """When the messages that wait now, and one said at *at*, are due; None when nothing waits."""
    if at is None:
        at = eligible.newest(conversation_id)
        if at is None:
            return None
    quiet = quiet_time()
    since = at - max(LONGEST_BURST, quiet) - 2 * quiet
    return due_of({at, *eligible.times_since(conversation_id, since)})


def due_of(said: Collection[datetime]) -> datetime:
    """When messages *said* at these times are due; at least one."""
    quiet = quiet_time()
    longest = max(LONGEST_BURST, quiet)
    times = sorted(said, reverse=True)
    oldest = times[0]
    for moment in times[1:]:
        if oldest - moment >= quiet:
            break  # it had gone quiet before this one: the burst began after it
        oldest = moment
    return min(times[0] + quiet, oldest + longest)


def find_forgotten() -> int:
    """Give a due time to a few conversations whose messages wait without one. How many; call again while there are any.

    None should be: whoever hands over or receives a text restarts the quiet time with it. Run now and then, so that a
    fault there makes a Note late and not lost.
    """
    forgotten = (
        select(Message.conversation_id)
        .join(Conversation, Conversation.id == Message.conversation_id)
        .where(eligible.waits(), Conversation.transcript_due_at.is_(None))
        .distinct()
    )
    if db.session.scalar(forgotten.limit(1)) is None:
        return 0
    with transaction() as session:
        ids = list(session.scalars(forgotten.limit(FOUND_AT_ONCE)))
        theirs = select(Conversation).where(Conversation.id.in_(ids)).with_for_update(key_share=True)
        for conversation in session.scalars(theirs):
            conversation.transcript_due_at = due_at(conversation.id)
        changes.touch(ids)
    log.error("messages waited for a transcript without a due time", conversations=len(ids))
    return len(ids)
