"""Catching up with the carrier: texts whose webhook never came, and sent texts it fell silent about.

The carrier tries a webhook once or twice, and then the text exists only in its log. So the log is read every few
minutes, from a while before where the last reading ended.
"""

from datetime import datetime, timedelta

from sqlalchemy import or_, select

from grayscale import clock
from grayscale.clients.errors import ClientError
from grayscale.clients.twilio.client import TwilioClient
from grayscale.clients.twilio.inbound import InboundText, MediaRef
from grayscale.clients.twilio.types import SentMessage
from grayscale.database import end_read, transaction
from grayscale.domain import changes, leases, locks
from grayscale.domain.company import texting_account
from grayscale.domain.texting import account, consent, inbound, states
from grayscale.extensions import db
from grayscale.logging import get_logger
from grayscale.models import (
    ConsentHow,
    Conversation,
    Delivery,
    DeliveryState,
    Direction,
    Message,
    MessageState,
    Source,
    TextingAccount,
)

log = get_logger(__name__)

# A text may be listed late; what is already here costs nothing to see again.
LOOK_BACK = timedelta(hours=1)
FIRST_LOOK_BACK = timedelta(days=1)
# The webhook is on its way: leave it the time.
LEAVE_TO_WEBHOOK = timedelta(seconds=60)
EVERY = timedelta(minutes=3)
# The webhook carries no time: where the carrier's differs by more, the carrier's is the place in the thread.
DRIFT = timedelta(seconds=5)
# A text whose state the carrier should have told by now, and how often it is asked about.
SILENT, ASK_EVERY, ASK_UNTIL = timedelta(minutes=10), timedelta(hours=1), timedelta(days=1)
BATCH = 20
# A sentence that sounded like stop counts as one when nobody decided.
UNDECIDED = timedelta(hours=48)


def catch_up() -> int:
    """Take in what was missed and refresh what fell silent; how many texts changed. Does little when called again."""
    changed = _settle_suggestions()
    held = texting_account()
    if not account.is_connected() or held.stopped_reason:
        return changed
    now = clock.now()
    if held.reconciled_until is None or held.reconciled_until <= now - EVERY:
        changed += _take_missed(held.reconciled_until, now)
    return changed + _ask_about_silent(now)


def _take_missed(until: datetime | None, now: datetime) -> int:
    since = until - LOOK_BACK if until is not None else now - FIRST_LOOK_BACK
    numbers = [number.e164 for number in account.numbers()]
    carrier = account.client()
    taken = 0
    for e164 in numbers:
        end_read()
        try:
            listed = carrier.list_inbound(e164, since)
        except ClientError as error:
            log.warning("received texts could not be listed", reason=str(error))
            return taken
        for text in sorted(listed, key=lambda found: found.date_created or now):
            taken += _take(carrier, text, now)
    with transaction() as session:
        session.get_one(TextingAccount, 1).reconciled_until = now
    return taken


def _take(carrier: TwilioClient, text: SentMessage, now: datetime) -> int:
    at = text.date_sent or text.date_created or now
    known = db.session.execute(
        select(Message.id, Message.occurred_at, Message.transcript_id).where(Message.carrier_id == text.sid)
    ).one_or_none()
    if known is not None:
        if known.transcript_id is None and abs(known.occurred_at - at) > DRIFT:
            _place(known.id, at)
        return 0
    if at > now - LEAVE_TO_WEBHOOK or _was_handled(text.sid):
        return 0
    media: tuple[MediaRef, ...] = ()
    if text.media_count:
        end_read()
        try:
            media = tuple(MediaRef(url, "") for url in carrier.list_media(text.sid))
        except ClientError as error:
            log.warning("pictures of a received text could not be listed", reason=str(error))
            return 0
    missed = InboundText(
        sid=text.sid, account_sid=carrier.account_sid, from_=text.from_ or "unknown", to=text.to, body=text.body,
        media=media, segments=max(text.segments, 1), messaging_service_sid=text.messaging_service_sid,
    )
    try:
        with transaction():
            effect = inbound.take_in(missed, at)
            _leave_trace(text.sid, now)
    except inbound.Parked as error:
        log.warning("a received text belongs to no number of ours", reason=str(error))
        return 0
    log.info("a text whose webhook never came was taken in", effect=effect)
    return 1


def _was_handled(sid: str) -> bool:
    """Whether it came before: what is not here any more was erased, and stays so."""
    found = select(Delivery.id).where(
        Delivery.source == Source.TWILIO_INBOUND, Delivery.external_id == sid, Delivery.state == DeliveryState.DONE
    )
    return db.session.scalar(found) is not None


def _leave_trace(sid: str, now: datetime) -> None:
    """What its webhook would have left, without the text, inside the caller's transaction."""
    known = select(Delivery).where(Delivery.source == Source.TWILIO_INBOUND, Delivery.external_id == sid)
    delivery = db.session.scalar(known.with_for_update(key_share=True))
    if delivery is None:
        delivery = Delivery(
            source=Source.TWILIO_INBOUND, external_id=sid, event="inbound", received_at=now, next_attempt_at=now
        )
        db.session.add(delivery)
    delivery.state, delivery.error, delivery.handled_at = DeliveryState.DONE, None, now
    delivery.effect = "Taken from the carrier's list; its webhook had not come."


def _place(message_id: int, at: datetime) -> None:
    """Move a received text to the carrier's time."""
    with transaction() as session:
        message = session.get(Message, message_id)
        if message is None:
            return
        message.occurred_at = at
        changes.touch([message.conversation_id])


def _ask_about_silent(now: datetime) -> int:
    """The carrier's word on texts it took and said nothing final about, each now and then for a day."""
    ids = leases.claim(
        Message,
        Message.with_the_carrier,
        Message.direction == Direction.OUTBOUND,
        or_(
            Message.state == MessageState.ACCEPTED,
            (Message.state == MessageState.SENT) & Message.carrier_id.is_not(None),
        ),
        Message.handed_over_at <= now - SILENT,
        Message.handed_over_at >= now - ASK_UNTIL,
        Message.carrier_id.is_not(None),
        order_by=Message.handed_over_at,
        limit=BATCH,
        lease=ASK_EVERY,
    )
    changed = 0
    for message_id in ids:
        sid = db.session.scalar(select(Message.carrier_id).where(Message.id == message_id))
        carrier = account.client()
        end_read()
        try:
            found = carrier.fetch(sid or "")
        except ClientError as error:
            log.warning("a sent text could not be looked up", reason=str(error))
            continue
        with transaction():
            message = locks.message(Message.id == message_id)
            if message is None:
                continue
            before = message.state
            states.apply(message, found.status, found.error_code)
            changed += message.state is not before
    return changed


def _settle_suggestions() -> int:
    """What sounded like stop and nobody decided about becomes an opt-out."""
    # From the few suggestions to their messages; joined the other way it would be read through all messages.
    suggested = select(Conversation.opt_out_suggested_by_id).where(Conversation.opt_out_suggested_by_id.is_not(None))
    due = db.session.execute(
        select(Message.id, Message.peer, Message.body)
        .where(Message.id.in_(suggested), Message.occurred_at <= clock.now() - UNDECIDED)
        .limit(BATCH)
    ).all()
    for message_id, peer, words in due:
        consent.opt_out(peer or "", ConsentHow.KEYWORD, reason=words, message_id=message_id)
    return len(due)
