"""What the carrier told us, worked off: received texts become messages, states move texts forward."""

import json
from datetime import datetime, timedelta

from sqlalchemy import select

from grayscale import clock
from grayscale.clients.twilio.inbound import InboundText, StatusEvent, parse_inbound, parse_status
from grayscale.database import transaction
from grayscale.domain import changes, conversations, effects, leases, locks
from grayscale.domain.company import company, texting_account
from grayscale.domain.nudges import Job, nudge
from grayscale.domain.texting import account, consent, keywords, lines, messages, phones, segments, states
from grayscale.domain.texting.hooks import receive
from grayscale.domain.texting.keywords import Keyword
from grayscale.domain.transcripts import due
from grayscale.extensions import db
from grayscale.logging import get_logger
from grayscale.models import (
    WAITING,
    ConsentHow,
    ConsentState,
    Conversation,
    Delivery,
    DeliveryState,
    Direction,
    Kind,
    Media,
    MediaState,
    Message,
    MessageState,
    SendingNumber,
    Source,
    TextingAccount,
)

__all__ = ["handle_waiting", "receive", "take_in"]

log = get_logger(__name__)

BATCH = 50
LEASE = timedelta(minutes=2)
# A state of a text nobody here knows yet may be quicker than our own commit.
ORPHAN_WAITS = timedelta(seconds=20)
MOST_ATTEMPTS = 8


class Parked(Exception):
    """It cannot be handled; the reason is for a super admin."""


class TooEarly(Exception):
    """It may be handled later."""


def handle_waiting() -> int:
    """Handle a batch of stored webhooks, in the order they came; how many."""
    now = clock.now()
    ids = leases.claim(
        Delivery,
        Delivery.source.in_((Source.TWILIO_INBOUND, Source.TWILIO_STATUS)),
        Delivery.state.in_(WAITING),
        Delivery.next_attempt_at <= now,
        order_by=Delivery.id,
        limit=BATCH,
        lease=LEASE,
    )
    for delivery_id in sorted(ids):
        _handle(delivery_id)
    return len(ids)


def _handle(delivery_id: int) -> None:
    try:
        with transaction() as session:
            delivery = session.get_one(Delivery, delivery_id)
            if delivery.state not in WAITING:
                return
            delivery.effect = effects.outcome(_work(delivery))
            delivery.state, delivery.error = DeliveryState.DONE, None
            delivery.handled_at, delivery.lease_until = clock.now(), None
    except Parked as error:
        _put_off(delivery_id, str(error), dead=True)
    except TooEarly as error:
        _put_off(delivery_id, str(error))
    except Exception as error:
        log.error("a carrier's webhook could not be handled", delivery=delivery_id, exc_info=error)
        _put_off(delivery_id, f"{type(error).__name__}: {error}"[:300])


def _put_off(delivery_id: int, why: str, *, dead: bool = False) -> None:
    with transaction() as session:
        delivery = session.get(Delivery, delivery_id)
        if delivery is None:
            return
        spent = dead or delivery.attempts >= MOST_ATTEMPTS
        delivery.state = DeliveryState.DEAD if spent else DeliveryState.FAILED
        delivery.error, delivery.lease_until = why, None
        if spent and delivery.source is Source.TWILIO_STATUS:
            # It may be about a text that was erased: what is kept for good names nobody.
            delivery.payload = delivery.phone = None
        delivery.next_attempt_at = clock.now() + ORPHAN_WAITS * min(2 ** max(delivery.attempts - 1, 0), 180)


def _work(delivery: Delivery) -> str:
    payload = json.loads(delivery.payload or "{}")
    form = [(str(name), str(value)) for name, value in payload.get("form", [])]
    if delivery.source is Source.TWILIO_INBOUND:
        return take_in(parse_inbound(form), delivery.received_at)
    return _take_state(parse_status(form), payload.get("m"))


def _take_state(event: StatusEvent, key: str | None) -> str:
    message = locks.message(Message.carrier_id == event.sid)
    if message is None and key:
        message = locks.message(Message.public_id == key)
        if message is not None:
            # The callback's address is ours and signed: it proves which text this is, whatever became of the call.
            states.adopt(message, event.sid, event.status, error_code=event.error_code)
            return f"Now {message.state.value}."
    if message is None:
        raise TooEarly("No text of ours has this name yet.")
    return states.apply(message, event.status, event.error_code)


def take_in(text: InboundText, at: datetime) -> str:
    """Put a received text into its conversation, inside a transaction; what came of it in words.

    *at* is its place in the thread. Raises ``Parked`` when it came to a number that is not ours.
    """
    if db.session.scalar(select(Message.id).where(Message.carrier_id == text.sid)) is not None:
        return "Already here."
    to, peer = phones.from_carrier(text.to), phones.from_carrier(text.from_)
    number = account.by_address(to, text.messaging_service_sid)
    if number is None:
        raise Parked(f"{account.UNKNOWN_NUMBER} {to}.")
    conversation = conversations.for_inbound(peer, number)
    message = _add(text, conversation, peer, number, at)
    is_keyword = _obey(text, message, conversation)
    conversation.archived_at = None
    conversation.last_inbound_at = max(at, conversation.last_inbound_at or at)
    conversation.last_inbound_id = max(message.id, conversation.last_inbound_id or 0)
    if at >= conversation.last_activity_at or conversation.last_message_id is None:
        conversation.last_activity_at, conversation.last_message_id = at, message.id
    answered = conversation.last_outbound_at is not None and conversation.last_outbound_at > at
    if not is_keyword and not answered:
        conversation.needs_reply = True
    held = db.session.get_one(TextingAccount, 1)
    held.last_inbound_at = max(at, held.last_inbound_at or at)
    db.session.flush()
    due.restart(conversation, at)
    changes.touch([conversation.id])
    return f"A text in conversation {conversation.id}."


def _add(
    text: InboundText, conversation: Conversation, peer: str, number: SendingNumber, at: datetime
) -> Message:
    cost = segments.count(text.body)
    message = Message(
        conversation_id=conversation.id,
        direction=Direction.INBOUND,
        kind=Kind.MANUAL,
        state=MessageState.RECEIVED,
        body=text.body,
        sender_number=number.e164,
        peer=peer,
        encoding=cost.encoding,
        segments=max(text.segments, cost.parts),
        created_at=clock.now(),
        occurred_at=at,
        carrier_id=text.sid,
    )
    db.session.add(message)
    db.session.flush()
    pictures = [
        Media(
            message_id=message.id, position=position, source_url=medium.url,
            content_type=medium.content_type[:100], state=MediaState.PENDING, next_attempt_at=clock.now(),
        )
        for position, medium in enumerate(text.media)
    ]
    if pictures:
        db.session.add_all(pictures)
        db.session.flush()
        nudge(Job.MEDIA, *(picture.id for picture in pictures))
    return message


def _obey(text: InboundText, message: Message, conversation: Conversation) -> bool:
    """Do what a keyword asks, at once; whether it was one, so that nobody needs to answer it."""
    peer = message.peer or conversation.peer
    before = consent.state_of(peer)
    is_out = before is not None and before.state is ConsentState.OPTED_OUT
    word = keywords.classify(text.body, opted_out=is_out)
    if text.opt_out_type in ("STOP", "START", "HELP"):
        # The carrier's own list may hold words of the company's.
        word = Keyword(text.opt_out_type.lower())
    by_carrier = text.opt_out_type is not None or (
        texting_account().carrier_handles_keywords and keywords.is_carriers(text.body)
    )
    if word is Keyword.STOP:
        how, reason = ConsentHow.KEYWORD, text.body
        if text.opt_out_type is not None and not keywords.is_carriers(text.body):
            # A word of the list the company keeps at the carrier, which blocks the number from here on.
            how, reason = ConsentHow.CARRIER, f"the carrier took {_quoted(text.body)} as STOP."
        consent.opt_out(peer, how, reason=reason, message_id=message.id, at=message.occurred_at)
        # One confirmation is allowed; to repeat it at every further STOP would be texting them.
        _answer(conversation, _stop_text(), skip=by_carrier or is_out)
    elif word is Keyword.START and not by_carrier and not keywords.is_carriers(text.body) and _is_blocked(peer):
        said = f"They wrote {_quoted(text.body)}, which the carrier does not take."
        lines.add(conversation.id, f"{said} To be texted again, they need to text START.")
    elif word is Keyword.START:
        consent.opt_in(peer, ConsentHow.KEYWORD, reason=text.body, message_id=message.id, at=message.occurred_at)
        _answer(conversation, _start_text(), skip=by_carrier)
    elif word is Keyword.HELP:
        help_text = texting_account().help_text.strip() or default_help()
        _answer(conversation, help_text, skip=by_carrier or _is_blocked(peer))
    elif word is Keyword.SOFT_STOP:
        consent.suggest_opt_out(peer, message.id)
        return False
    else:
        if before is None:
            consent.opt_in(peer, ConsentHow.TEXTED_US, message_id=message.id, at=message.occurred_at)
        return False
    return True


def _quoted(body: str) -> str:
    """Their words inside a sentence of ours, isolated so that their direction of writing stays theirs."""
    return f"“\u2068{body.strip()}\u2069”"


def _is_blocked(peer: str) -> bool:
    """Whether the carrier itself lets nothing through to *peer*: it took their STOP, as far as the record tells."""
    handles = texting_account().carrier_handles_keywords
    for record in reversed(consent.records_of(peer)):
        if record.state is ConsentState.OPTED_IN:
            return False
        if record.how is ConsentHow.CARRIER:
            return True
        # Words that were erased may have been the carrier's.
        if record.how is ConsentHow.KEYWORD and handles and (not record.words or keywords.is_carriers(record.words)):
            return True
    return False


def _answer(conversation: Conversation, body: str, *, skip: bool) -> None:
    """Queue the one answer to a keyword; never twice, so not where the carrier gave it."""
    if skip:
        return
    message = messages.create(
        conversation, body, author=None, kind=Kind.SYSTEM, state=MessageState.QUEUED, send_at=clock.now()
    )
    lines.note(message, "The answer to a keyword.", state=message.state)
    nudge(Job.OUTBOUND, message.id)


def _stop_text() -> str:
    return f"{_us()}You are opted out and will get no more texts from us. Reply START to resume."


def _start_text() -> str:
    return f"{_us()}You will get our texts again. Reply STOP to opt out."


def default_help() -> str:
    """The answer to HELP until a super admin writes one."""
    return f"{_us()}Texts about your application. Msg & data rates may apply. Reply STOP to opt out."


def _us() -> str:
    return f"{company().name}: " if company().name else ""
