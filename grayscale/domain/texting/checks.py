"""Texts whose call ended without an answer: did the carrier take them?

A callback that names our id settles it at once (see ``inbound``). Otherwise the carrier's list is read: found is
adopted; not found, twice and well after, is left to a person, because a second POST could be a second text.
"""

from datetime import timedelta

from sqlalchemy import or_, select

from grayscale import clock
from grayscale.clients.errors import ClientError
from grayscale.clients.twilio.types import SentMessage
from grayscale.database import end_read, transaction
from grayscale.domain import changes, leases, locks
from grayscale.domain.texting import account, lines, states
from grayscale.extensions import db
from grayscale.models import Direction, Message, MessageEvent, MessageState

# How long a callback may still settle it before the carrier is asked.
GRACE = timedelta(seconds=60)
# Not found before this proves nothing yet: a list may lag behind.
SETTLED = timedelta(seconds=180)
BETWEEN_LOOKS = timedelta(seconds=60)
# How far apart our clock and the carrier's may be, and how long it may take to write a text down.
EARLIER, LATER = timedelta(seconds=30), timedelta(minutes=10)
BATCH = 20
TRIAL = "Sent from your Twilio trial account - "
NOT_FOUND = "The carrier does not list it."
UNRESOLVED = (MessageState.SENDING, MessageState.CHECKING, MessageState.UNSURE)


def check_unknown() -> int:
    """Look up what is unknown and old enough; how many texts were looked at."""
    account.recheck_stops()
    _give_up_leases()
    if not account.is_connected():
        return 0
    now = clock.now()
    ids = leases.claim(
        Message,
        Message.on_its_way,
        Message.state == MessageState.CHECKING,
        Message.called_at <= now - GRACE,
        order_by=Message.called_at,
        limit=BATCH,
        lease=BETWEEN_LOOKS,
    )
    for message_id in ids:
        _look_up(message_id)
    return len(ids)


def _give_up_leases() -> None:
    """A call whose process ended in the middle of it has an unknown outcome."""
    left = (
        Message.on_its_way,
        Message.state == MessageState.SENDING,
        or_(Message.lease_until.is_(None), Message.lease_until < clock.now()),
    )
    if db.session.scalar(select(Message.id).where(*left).limit(1)) is None:
        return
    with transaction() as session:
        locks.hold_conversations(session.scalars(select(Message.conversation_id).where(*left)))
        unanswered = select(Message).where(*left).with_for_update(skip_locked=True, key_share=True)
        for message in session.scalars(unanswered).all():
            message.lease_until = None
            lines.take(message, MessageState.CHECKING, "The call to the carrier ended without an answer.")
            session.flush()
            changes.touch([message.conversation_id])


def _look_up(message_id: int) -> None:
    message = db.session.get(Message, message_id)
    if message is None:
        return  # erased since it was claimed
    called_at = message.called_at
    if called_at is None or message.peer is None:
        return
    to, service = message.peer, message.conversation.sending_number.messaging_service_sid
    from_ = None if service else message.sender_number
    carrier = account.client()
    end_read()
    try:
        listed = carrier.find(to, from_, called_at - EARLIER)
    except ClientError as error:
        with transaction() as session:
            if (left := session.get(Message, message_id)) is not None:
                lines.note(left, f"It could not be looked up: {error}")
        return
    with transaction():
        _decide(message_id, listed)


def _decide(message_id: int, listed: list[SentMessage]) -> None:
    message = locks.message(Message.id == message_id)
    if message is None or message.state is not MessageState.CHECKING or message.called_at is None:
        return
    matches = _unclaimed(message, listed)
    rivals = _rivals(message)
    if matches and len(matches) == len(rivals):
        # As many texts as calls: each call in turn is one of them, and which is which makes no difference.
        found = matches[rivals.index(message.id)]
        status = found.status or "accepted"
        states.adopt(message, found.sid, status, segments=found.segments, error_code=found.error_code)
        return
    what = NOT_FOUND if not matches else "The carrier lists several that it could be."
    looked_before = db.session.scalar(
        select(MessageEvent.id).where(MessageEvent.message_id == message.id, MessageEvent.detail == what).limit(1)
    )
    if clock.now() - message.called_at < SETTLED or looked_before is None:
        lines.note(message, what)
        return
    message.lease_until = None
    message.error = "We could not confirm that this was sent."
    lines.take(message, MessageState.UNSURE, f"{what} A person decides.")
    db.session.flush()
    states.refresh_failure(message.conversation)
    db.session.flush()
    changes.touch([message.conversation_id])


def _unclaimed(message: Message, listed: list[SentMessage]) -> list[SentMessage]:
    """The listed texts that could be this one and are nobody else's, oldest first."""
    called_at = message.called_at or clock.now()
    likely = [
        found
        for found in listed
        if _says(found.body, message.body)
        and (found.date_created is None or called_at - EARLIER <= found.date_created <= called_at + LATER)
    ]
    taken = set(
        db.session.scalars(select(Message.carrier_id).where(Message.carrier_id.in_([found.sid for found in likely])))
    )
    free = [found for found in likely if found.sid not in taken]
    return sorted(free, key=lambda found: (found.date_created or called_at, found.sid))


def _says(listed: str, sent: str) -> bool:
    """Whether a listed text is the one sent: a trial account puts a line of its own in front."""
    listed, sent = listed.strip(), sent.strip()
    return listed == sent or (listed.startswith(TRIAL) and bool(sent) and listed.endswith(sent))


def _rivals(message: Message) -> list[int]:
    """Every unresolved call with the same words to the same number, in the order they were made."""
    return list(
        db.session.scalars(
            select(Message.id)
            .where(
                Message.direction == Direction.OUTBOUND,
                Message.peer == message.peer,
                Message.body == message.body,
                Message.carrier_id.is_(None),
                Message.state.in_(UNRESOLVED),
            )
            .order_by(Message.called_at, Message.id)
        )
    )
