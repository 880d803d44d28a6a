"""Texts the application sends by itself, such as a reminder: planned ahead, moved and withdrawn until they go.

They wait as scheduled texts in the thread, where a recruiter can send them at once or cancel them, and pass the gate
when their time comes: held outside texting hours, never to who opted out, asked of a person after a sentence that
sounds like stop. *useless_after* keeps one that was held or delayed from coming too late; it is cancelled then.
"""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from grayscale import clock
from grayscale.database import transaction
from grayscale.domain import changes, locks
from grayscale.domain.errors import Invalid, NotFound
from grayscale.domain.nudges import Job, nudge
from grayscale.domain.texting import gate, introduction, lines, messages, segments, states, wording
from grayscale.extensions import db
from grayscale.models import CANCELABLE, Conversation, Kind, Message, MessageState

# What time or a person may mend: such a text is planned all the same, and the gate decides when it goes.
PASSING = (
    gate.Code.SENDER_STOPPED, gate.Code.OVER_LIMIT, gate.Code.STOP_SUGGESTED, gate.Code.UNLISTED_NUMBER,
)
BATCH = 100


def plan(
    conversation_id: int, body: str, *, key: str, send_at: datetime, useless_after: datetime | None = None
) -> Message:
    """Intend an automated text at *send_at* (UTC; a past one goes at once). The same *key* again answers the first.

    *key* has at most 60 characters. Raises ``NotFound`` and ``Invalid``. The gate is asked when it goes; ask
    ``gate.check`` with *at* beforehand for a time that is allowed.
    """
    text = _text(body)
    try:
        with transaction() as session:
            first = planned(key)
            if first is not None:
                return first
            conversation = session.get(Conversation, conversation_id, with_for_update={"key_share": True})
            if conversation is None:
                raise NotFound("There is no such conversation.")
            waits = send_at > clock.now()
            message = messages.create(
                conversation,
                text,
                author=None,
                kind=Kind.AUTOMATED,
                state=MessageState.SCHEDULED if waits else MessageState.QUEUED,
                send_at=send_at,
                submission_key=stored(key),
            )
            message.useless_after = useless_after
            lines.note(message, "Planned by the application.", state=message.state)
            session.flush()
            changes.touch([conversation.id])
            nudge(Job.OUTBOUND)
            return message
    except IntegrityError:
        # Two processes planned it at once: the other one's row is the text.
        first = planned(key)
        if first is None:
            raise
        return first


def planned(key: str) -> Message | None:
    """The text planned under *key*, whatever became of it."""
    return db.session.scalar(select(Message).where(Message.submission_key == stored(key)))


def move(
    message_id: int, *, send_at: datetime, body: str | None = None, useless_after: datetime | None = None
) -> bool:
    """Send it at another time, in other words with *body*. False when it has gone or was cancelled meanwhile."""
    with transaction() as session:
        message = _waiting(message_id)
        if message is None:
            return False
        if body is not None:
            message.body = _text(body)
            cost = segments.count(message.body)
            message.encoding, message.segments = cost.encoding, max(cost.parts, 1)
        message.send_at, message.useless_after = send_at, useless_after
        message.lease_until = None
        waits = send_at > clock.now()
        lines.take(message, MessageState.SCHEDULED if waits else MessageState.QUEUED, "Moved by the application.")
        session.flush()
        changes.touch([message.conversation_id])
        nudge(Job.OUTBOUND)
        return True


def withdraw(message_id: int, why: str) -> bool:
    """Do not send it, for the reason *why*, a sentence. False when it has gone or was cancelled already."""
    with transaction() as session:
        message = _waiting(message_id)
        if message is None:
            return False
        message.lease_until = None
        message.error = why
        lines.take(message, MessageState.CANCELED, why)
        session.flush()
        states.refresh_failure(message.conversation)
        session.flush()
        changes.touch([message.conversation_id])
        return True


def withdraw_useless() -> int:
    """Cancel what still waits although its time is over, such as while texting was stopped; how many."""
    now = clock.now()
    over = select(Message.id).where(
        Message.on_its_way, Message.state.in_(CANCELABLE), Message.send_at <= now, Message.useless_after <= now
    )
    ids = list(db.session.scalars(over.order_by(Message.send_at).limit(BATCH)))
    return sum(withdraw(message_id, "Not sent. It would have come too late to be of use.") for message_id in ids)


def introduced(conversation: Conversation, body: str, at: datetime) -> str:
    """*body*, with how to opt out where a text at *at* would be a first one."""
    wanted = introduction.is_wanted(conversation.peer, at, None) and introduction.lacks_opt_out_line(body)
    return f"{body} {wording.OPT_OUT_LINE}" if wanted else body


def refusal(conversation: Conversation, body: str, at: datetime) -> gate.Verdict | None:
    """Why such a text at *at* would be refused for good; None when it may go, then or after a wait."""
    verdict = gate.check(conversation, at=at, by=None, body=body, kind=Kind.AUTOMATED)
    if verdict.allowed or verdict.holds or verdict.code in PASSING:
        return None
    return verdict


def _waiting(message_id: int) -> Message | None:
    message = locks.message(Message.id == message_id, Message.kind == Kind.AUTOMATED)
    return message if message is not None and message.state in CANCELABLE else None


def stored(key: str) -> str:
    """*key* as it stands in a message's ``submission_key``: apart from the keys browsers make."""
    return f"auto:{key}"


def _text(body: str) -> str:
    text = messages.tidy(body)
    if messages.is_blank(text) or len(text) > segments.LONGEST:
        raise Invalid(f"An automated text has 1 to {segments.LONGEST:,} characters.", "body")
    return text
