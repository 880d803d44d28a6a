"""The life of a sent text once the carrier speaks: adopted, forward only, and what a failure means for the rest.

Callbacks come late, twice and in any order. A text only moves to a higher rank, and its first final state is its last.
"""

from collections.abc import Sequence
from datetime import timedelta

from sqlalchemy import exists, or_, select, update
from sqlalchemy.orm import aliased

from grayscale import clock
from grayscale.clients.twilio.errors_table import Failure, FailureKind, Retry, explain
from grayscale.domain import changes
from grayscale.domain.nudges import Job, nudge
from grayscale.domain.texting import consent, filtering, lines, messages
from grayscale.domain.transcripts import due
from grayscale.extensions import db
from grayscale.logging import get_logger
from grayscale.models import (
    HANDED_OVER,
    TROUBLED,
    CandidatePhone,
    ConsentHow,
    Conversation,
    Delivery,
    DeliveryState,
    Direction,
    Kind,
    Message,
    MessageState,
    Registration,
    SendingNumber,
    Source,
    TextingAccount,
)

log = get_logger(__name__)

STATE_OF = {
    "accepted": MessageState.ACCEPTED,
    "scheduled": MessageState.ACCEPTED,
    "queued": MessageState.ACCEPTED,
    "sending": MessageState.ACCEPTED,
    "sent": MessageState.SENT,
    "delivered": MessageState.DELIVERED,
    "read": MessageState.DELIVERED,
    "undelivered": MessageState.UNDELIVERED,
    "failed": MessageState.FAILED,
    "canceled": MessageState.CANCELED,
}
RANK = {MessageState.ACCEPTED: 1, MessageState.SENT: 2}
FINAL_RANK = 3
# Ours, before the carrier has it: anything it says is news.
OURS = (
    MessageState.SCHEDULED,
    MessageState.QUEUED,
    MessageState.OVERDUE,
    MessageState.SENDING,
    MessageState.CHECKING,
    MessageState.UNSURE,
)
# A sender the carrier takes nothing from until a person acts.
STOPS_SENDER = frozenset({21212, 21606, 21659})
# The carriers miss the sender's registration, or a toll-free number's verification.
UNREGISTERED = frozenset({30032, 30034})
# The number itself is the trouble, not its route from us.
BAD_NUMBER = frozenset({21211, 21614, 21635, 30005, 30006})
BLOCKED_BY_RECIPIENT = 30004
# How often a text the carrier itself put off is sent again by itself.
MOST_RETRIES = 3
PUT_OFF = timedelta(minutes=10)
NEXT_DAY = frozenset({30023, 30027})


def adopt(message: Message, sid: str, status: str, *, segments: int = 0, error_code: int | None = None) -> None:
    """The carrier has *message* under *sid*, as *status* says; inside a transaction.

    Told by the answer to the call, by a callback that names our id, or by looking it up: whichever comes first.
    """
    if message.carrier_id is None:
        message.carrier_id = sid
        message.handed_over_at = message.occurred_at = clock.now()
        message.lease_until = None
        if segments:
            message.segments = segments
        lines.note(message, f"The carrier has it as {sid}.")
        _say_handed_over(message)
        _take_orphans(sid)
    elif message.carrier_id != sid:
        lines.note(message, f"The carrier also named it {sid}.")
        log.warning("a text has two names at the carrier", message=message.id)
        return
    apply(message, status, error_code)


def apply(message: Message, status: str, error_code: int | None = None) -> str:
    """Take the carrier's *status* if it moves the text forward; what came of it in words. Inside a transaction."""
    state = STATE_OF.get(status)
    if state is None:
        log.warning("unknown state of a text", status=status[:40])
        return f"Unknown state {status[:40]}: left alone."
    if _rank(state) <= _rank(message.state):
        if message.state is not state:
            lines.note(message, f"The carrier said {status} late; it stays {message.state.value}.")
        return f"Already {message.state.value}."
    if state in (MessageState.FAILED, MessageState.UNDELIVERED):
        fail(message, explain(error_code), state=state)
    else:
        lines.take(message, state, f"The carrier said {status}.")
        db.session.flush()
        changes.touch([message.conversation_id])
    return f"Now {message.state.value}."


def fail(message: Message, failure: Failure, *, state: MessageState = MessageState.FAILED, detail: str = "") -> None:
    """*message* did not arrive, for the reason *failure*, with all that follows from it; inside a transaction."""
    message.error_code = failure.code
    message.error = failure.user_text
    message.lease_until = None
    words = " ".join(filter(None, (failure.user_text, f"({failure.code})" if failure.code else "", detail)))
    lines.take(message, state, words)
    conversation = message.conversation
    if failure.kind is FailureKind.OPTED_OUT and message.peer:
        consent.opt_out(message.peer, ConsentHow.CARRIER)
    elif failure.code == BLOCKED_BY_RECIPIENT and message.peer and _blocked_before(message):
        consent.opt_out(message.peer, ConsentHow.CARRIER, reason="two texts in a row were blocked by the recipient.")
    elif failure.code in BAD_NUMBER and message.peer and not (failure.code == 30006 and message.media):
        _mark_number(message.peer, failure.user_text)
    elif failure.code == filtering.FILTERED:
        db.session.flush()
        filtering.count_again(conversation.sending_number_id)
    elif failure.code in UNREGISTERED:
        db.session.get_one(SendingNumber, conversation.sending_number_id).registration = Registration.MISSING
        log.error("a sending number is not registered", number=conversation.sending_number_id)
    elif failure.code in STOPS_SENDER:
        stop_sender(conversation.sending_number_id, failure.admin_text)
    elif failure.kind in (FailureKind.AUTH, FailureKind.SUSPENDED):
        stop_account(failure.admin_text)
    if failure.retry is Retry.LATER and state is not MessageState.UNDELIVERED:
        _send_later(message, failure)
    db.session.flush()
    refresh_failure(conversation)
    changes.touch([conversation.id])


def confirm_sent(message: Message, words: str) -> None:
    """A person's word that the carrier sent it; ``handed_over_at`` says when. Inside a transaction."""
    lines.take(message, MessageState.SENT, words)
    _say_handed_over(message)


def stop_account(reason: str) -> None:
    """Nothing is sent until a super admin, or the carrier, says it works again."""
    db.session.get_one(TextingAccount, 1).stopped_reason = reason
    log.error("texting stopped", reason=reason)


def stop_sender(number_id: int, reason: str) -> None:
    """Nothing leaves from this number until a super admin, or the carrier, says it works again."""
    db.session.get_one(SendingNumber, number_id).stopped_reason = reason
    log.error("a sending number stopped", number=number_id, reason=reason)


def refresh_failure(conversation: Conversation) -> None:
    """Whether something of this conversation went wrong and nobody dealt with it: no retry, no later text went."""
    later = aliased(Message)
    dealt_with = exists().where(
        later.conversation_id == Message.conversation_id,
        or_(later.retry_of_id == Message.id, (later.id > Message.id) & later.state.in_(HANDED_OVER)),
    )
    undecided = Message.state.in_((MessageState.UNSURE, MessageState.OVERDUE))
    conversation.has_failure = bool(
        db.session.scalar(
            select(Message.id)
            .where(
                Message.conversation_id == conversation.id,
                Message.direction == Direction.OUTBOUND,
                Message.state.in_(TROUBLED),
                or_(undecided, ~dealt_with),
            )
            .limit(1)
        )
    )


def _rank(state: MessageState) -> int:
    return 0 if state in OURS else RANK.get(state, FINAL_RANK)


def _say_handed_over(message: Message) -> None:
    conversation, at = message.conversation, message.occurred_at
    conversation.last_outbound_at = max(at, conversation.last_outbound_at or at)
    if at >= conversation.last_activity_at:
        conversation.last_activity_at = at
        conversation.last_message_id = message.id
    # A reminder answers no question.
    is_an_answer = message.kind is Kind.MANUAL
    if is_an_answer and (conversation.last_inbound_at is None or conversation.last_inbound_at <= at):
        conversation.needs_reply = False
    # The quiet time counts from what is already written.
    if message.state in OURS:
        message.state = MessageState.ACCEPTED
        lines.note(message, "Handed to the carrier.", state=MessageState.ACCEPTED)
    db.session.flush()
    if conversation.has_failure:
        refresh_failure(conversation)
    due.restart(conversation, at)
    changes.touch([conversation.id])


def _take_orphans(sid: str) -> None:
    """States that came before anybody here knew the sid are looked at again."""
    changed = db.session.execute(
        update(Delivery)
        .where(
            Delivery.source == Source.TWILIO_STATUS,
            Delivery.external_id.startswith(f"{sid}-", autoescape=True),
            Delivery.state.in_((DeliveryState.FAILED, DeliveryState.DEAD)),
        )
        .values(state=DeliveryState.PENDING, next_attempt_at=clock.now(), error=None)
        .returning(Delivery.id)
        .execution_options(synchronize_session=False)
    ).all()
    if changed:
        nudge(Job.CARRIER_EVENTS, *(row.id for row in changed))


def _blocked_before(message: Message) -> bool:
    """Whether the text to this number before *message* was blocked by the recipient as well."""
    before = db.session.scalars(
        select(Message.error_code)
        .where(
            Message.peer == message.peer,
            Message.direction == Direction.OUTBOUND,
            Message.id < message.id,
            Message.handed_over_at.is_not(None),
        )
        .order_by(Message.id.desc())
        .limit(1)
    ).first()
    return before == BLOCKED_BY_RECIPIENT


def _mark_number(e164: str, why: str) -> None:
    db.session.execute(
        update(CandidatePhone)
        .where(CandidatePhone.e164 == e164, CandidatePhone.not_textable.is_(None))
        .values(not_textable=f"The carrier said: {why}")
        .execution_options(synchronize_session=False)
    )


def _send_later(message: Message, failure: Failure) -> None:
    """The carrier put it off and did not send it: a copy goes out later by itself, a bounded number of times."""
    if len(_ancestors(message)) >= MOST_RETRIES:
        return
    wait = timedelta(days=1) if failure.code in NEXT_DAY else PUT_OFF
    copy = messages.copy(message, send_at=clock.now() + wait)
    lines.note(message, f"Tried again by itself at {copy.send_at:%H:%M} UTC.")


def _ancestors(message: Message) -> Sequence[int]:
    found: list[int] = []
    parent = message.retry_of_id
    while parent is not None and parent not in found:
        found.append(parent)
        parent = db.session.scalar(select(Message.retry_of_id).where(Message.id == parent))
    return found

