"""The job that sends: claim, ask the gate once more, write down that the call begins, call, write the outcome.

No transaction is open during the call. A row whose call began is never called again: its outcome is known or looked up.
"""

import random
from collections.abc import Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, or_, select, update
from sqlalchemy.orm import aliased

from grayscale import clock
from grayscale.clients.errors import ClientError, UnknownOutcome
from grayscale.clients.twilio.client import TwilioClient
from grayscale.clients.twilio.errors import CredentialsRejected, NoSuchObject, NotSent, Rejected, Throttled
from grayscale.clients.twilio.types import SentMessage
from grayscale.config import current_config
from grayscale.database import end_read, transaction
from grayscale.domain import changes, leases, locks, stopping
from grayscale.domain.company import texting_account
from grayscale.domain.nudges import Job, nudge
from grayscale.domain.texting import account, gate, gate_words, hours, lines, states
from grayscale.extensions import db
from grayscale.logging import get_logger
from grayscale.models import (
    Conversation,
    Direction,
    Message,
    MessageState,
    Registration,
    SendingNumber,
    TextingAccount,
)

log = get_logger(__name__)

BATCH = 24
# Calls under way at once; a killed process leaves at most so many texts of unknown fate.
AT_ONCE = 4
LEASE = timedelta(minutes=2)
# Segments a number may send ahead of its pace, in seconds of that pace.
BURST = timedelta(seconds=5)
# Later than this, a person is asked rather than texted behind their back.
LATEST_SCHEDULED = timedelta(minutes=30)
LATEST = timedelta(hours=2)
LONGEST_BACKOFF = 300.0
# What the carrier may still do with a text it took, in seconds.
VALIDITY = (60, 36000)
READY = (MessageState.QUEUED, MessageState.SCHEDULED)
# Refused until a person decides, who then decides about the text too.
ASKED = (gate.Code.STOP_SUGGESTED, gate.Code.UNLISTED_NUMBER)
QUEUE_FULL = "21611"
# How soon a text that waits for the first one to be proven asks again.
BEHIND = timedelta(seconds=5)


@dataclass(frozen=True, slots=True)
class Call:
    """All a call needs, read before it: nothing of the database is touched during it."""

    message_id: int
    to: str
    from_: str
    service: str | None
    body: str
    callback: str
    media_urls: tuple[str, ...]
    validity: int


Outcome = SentMessage | ClientError


def send_due() -> int:
    """Send a batch of what is due; how many rows were dealt with."""
    held = texting_account()
    if not account.is_connected() or held.stopped_reason or (held.paused_until and held.paused_until > clock.now()):
        return 0
    ids = _claim()
    if not ids:
        return 0
    carrier = account.client()
    end_read()
    with ThreadPoolExecutor(AT_ONCE, thread_name_prefix="send") as pool:
        under_way: set[Future[tuple[Call, Outcome]]] = set()
        for call in _prepared(ids):
            under_way.add(pool.submit(_call, carrier, call))
            if len(under_way) >= AT_ONCE:
                done, under_way = wait(under_way, return_when=FIRST_COMPLETED)
                _settle_all(done)
        while under_way:
            done, under_way = wait(under_way, return_when=FIRST_COMPLETED)
            _settle_all(done)
    return len(ids)


def _claim() -> list[int]:
    """Due rows, each recruiter's in turn, so that one's five hundred do not hold up another's one."""
    now = clock.now()
    earlier = aliased(Message)
    # Two texts of one conversation go in the order they were meant to.
    after_another = (
        select(earlier.id)
        .where(
            earlier.conversation_id == Message.conversation_id,
            earlier.direction == Direction.OUTBOUND,
            earlier.state.in_((*READY, MessageState.SENDING)),
            or_(
                earlier.send_at < Message.send_at,
                (earlier.send_at == Message.send_at) & (earlier.id < Message.id),
            ),
        )
        .exists()
    )
    turn = func.row_number().over(
        partition_by=(Conversation.sending_number_id, func.coalesce(Message.author_id, 0)),
        order_by=(Message.send_at, Message.id),
    )
    ready = (
        select(Message.id, Message.send_at, turn.label("turn"))
        .join(Conversation, Conversation.id == Message.conversation_id)
        .join(SendingNumber, SendingNumber.id == Conversation.sending_number_id)
        .where(
            Message.on_its_way,
            Message.state.in_(READY),
            Message.send_at <= now,
            or_(Message.lease_until.is_(None), Message.lease_until < now),
            or_(SendingNumber.free_at.is_(None), SendingNumber.free_at <= now + BURST),
            SendingNumber.active.is_(True),
            SendingNumber.stopped_reason.is_(None),
            SendingNumber.registration == Registration.APPROVED,
            ~after_another,
        )
        .subquery()
    )
    in_turn = select(ready.c.id).order_by(ready.c.turn, ready.c.send_at, ready.c.id).limit(BATCH)
    wanted = list(db.session.scalars(in_turn))
    end_read()
    if not wanted:
        return []
    claimed = set(
        leases.claim(
            Message, Message.id.in_(wanted), Message.state.in_(READY), order_by=Message.id, limit=BATCH, lease=LEASE
        )
    )
    return [message_id for message_id in wanted if message_id in claimed]


def _prepared(ids: list[int]) -> Iterator[Call]:
    for message_id in ids:
        if stopping.is_asked():
            _release(ids)
            return
        with transaction():
            call = _prepare(message_id)
        if call is not None:
            yield call


def _release(ids: list[int]) -> None:
    """What was claimed and not begun is left to whoever comes next, at once."""
    with transaction() as session:
        session.execute(
            update(Message)
            .where(Message.id.in_(ids), Message.state.in_(READY))
            .values(lease_until=None)
            .execution_options(synchronize_session=False)
        )


def _prepare(message_id: int) -> Call | None:
    """The last look before the call: the gate, the pace, and the row that says the call begins."""
    message = locks.message(Message.id == message_id)
    if message is None or message.state not in READY or message.lease_until is None:
        # Cancelled, or changed by a person since it was claimed: what it is now is claimed anew when it is due.
        return None
    conversation, now = message.conversation, clock.now()
    late = now - (message.send_at or now)
    if message.useless_after is not None and now >= message.useless_after:
        _too_late(message)
        return None
    if late > (LATEST_SCHEDULED if message.scheduled_by_person else LATEST):
        _ask(message, gate_words.missed(message.send_at or now, gate.zones_of(conversation, message.peer)))
        return None
    verdict = gate.check(
        conversation, at=now, by=None, body=message.body, peer=message.peer, message=message, kind=message.kind
    )
    lines.note_once(message, verdict.sentence)
    if not verdict.allowed:
        _refuse(message, verdict)
        return None
    number = db.session.scalar(
        select(SendingNumber)
        .where(SendingNumber.id == conversation.sending_number_id)
        .with_for_update(key_share=True)
    )
    if number is None or not _takes_its_turn(message, number, now):
        return None
    message.state = MessageState.SENDING
    message.called_at = now
    message.sender_number = number.e164
    message.lease_until = now + LEASE
    lines.note(message, "Calling the carrier.", state=MessageState.SENDING)
    db.session.flush()
    changes.touch([conversation.id])
    public_url = current_config().public_url
    return Call(
        message_id=message.id,
        to=message.peer or conversation.peer,
        from_=number.e164,
        service=number.messaging_service_sid,
        body=message.body,
        callback=f"{public_url}/webhooks/twilio/status?m={message.public_id}",
        media_urls=tuple(f"{public_url}/media/sent/{item.public_key}" for item in message.media if item.public_key),
        validity=_validity(conversation, message, now),
    )


def _refuse(message: Message, verdict: gate.Verdict) -> None:
    message.lease_until = None
    if verdict.holds and message.useless_after and (verdict.allowed_at or clock.now()) >= message.useless_after:
        _too_late(message)
        return
    if verdict.holds:
        message.send_at = verdict.allowed_at
        lines.take(message, MessageState.SCHEDULED, verdict.sentence)
    elif verdict.code is gate.Code.SENDER_STOPPED:
        # Nothing is wrong with the text: it waits for the sender.
        message.lease_until = clock.now() + timedelta(minutes=1)
        return
    elif verdict.code is gate.Code.BEHIND_FIRST:
        message.lease_until = clock.now() + BEHIND
        return
    elif verdict.code in ASKED:
        _ask(message, verdict.sentence)
        return
    else:
        message.error = verdict.sentence
        lines.take(message, MessageState.BLOCKED, verdict.sentence)
    _show(message)


def _too_late(message: Message) -> None:
    message.lease_until = None
    message.error = "Not sent. It would have come too late to be of use."
    lines.take(message, MessageState.CANCELED, message.error)
    _show(message)


def _ask(message: Message, why: str) -> None:
    message.lease_until = None
    message.error = why
    lines.take(message, MessageState.OVERDUE, why)
    _show(message)


def _show(message: Message) -> None:
    db.session.flush()
    states.refresh_failure(message.conversation)
    db.session.flush()
    changes.touch([message.conversation_id])


def _takes_its_turn(message: Message, number: SendingNumber, now: datetime) -> bool:
    """Count the text against the number's pace; not yet, when the number is ahead of it."""
    free_at = max(number.free_at or now, now)
    if free_at > now + BURST:
        message.lease_until = free_at - BURST
        return False
    number.free_at = free_at + timedelta(seconds=message.segments / max(number.segments_per_second, 1))
    return True


def _validity(conversation: Conversation, message: Message, now: datetime) -> int:
    """Seconds the carrier may hold the text: never beyond the hour at which texts must stop."""
    zones, allowed = gate.zones_of(conversation, message.peer), gate.hours_of(conversation, message.peer)
    low, high = VALIDITY
    if message.useless_after is not None:
        high = max(low, min(high, int((message.useless_after - now).total_seconds())))
    if not hours.allowed_at(now, zones, allowed):
        return int(gate.LIVE_EXCHANGE.total_seconds())
    closes = hours.next_closed(now, zones, allowed)
    return high if closes is None else max(low, min(high, int((closes - now).total_seconds())))


def _call(carrier: TwilioClient, call: Call) -> tuple[Call, Outcome]:
    """The one POST; runs on a thread of its own and touches no database."""
    try:
        sent = carrier.send(
            call.to, call.from_, call.body, call.callback, media_urls=call.media_urls,
            messaging_service_sid=call.service, validity_period=call.validity,
        )
    except ClientError as error:
        return call, error
    except Exception as error:
        log.error("the call to the carrier broke", message=call.message_id, exc_info=error)
        return call, UnknownOutcome("The call to the carrier broke.")
    return call, sent


def _settle_all(done: set[Future[tuple[Call, Outcome]]]) -> None:
    for future in done:
        call, outcome = future.result()
        with transaction():
            _settle(call, outcome)


def _settle(call: Call, outcome: Outcome) -> None:
    message = locks.message(Message.id == call.message_id)
    if message is None:
        return
    if isinstance(outcome, SentMessage):
        states.adopt(
            message, outcome.sid, outcome.status or "accepted", segments=outcome.segments, error_code=outcome.error_code
        )
        return
    if message.state is not MessageState.SENDING:
        # A callback was quicker than the answer, or the lease ran out: what is known now stands.
        lines.note(message, str(outcome))
        return
    if isinstance(outcome, Throttled):
        _slow_down(message, outcome)
    elif isinstance(outcome, NotSent):
        _back_to_queue(message, str(outcome), _backoff(message.attempts))
    elif isinstance(outcome, CredentialsRejected | NoSuchObject):
        states.stop_account(outcome.failure.admin_text)
        _back_to_queue(message, str(outcome), _backoff(message.attempts))
    elif isinstance(outcome, Rejected):
        states.fail(message, outcome.failure, detail=outcome.detail)
    else:
        message.lease_until = None
        lines.take(message, MessageState.CHECKING, str(outcome))
        _show(message)
        nudge(Job.CHECKS, message.id)


def _slow_down(message: Message, error: Throttled) -> None:
    """Nothing was taken: the row waits, and so does everything that would meet the same wall."""
    pause = max(error.retry_after or 0.0, _backoff(message.attempts))
    until = clock.now() + timedelta(seconds=pause)
    if error.code == QUEUE_FULL:
        number = db.session.get_one(SendingNumber, message.conversation.sending_number_id)
        number.free_at = max(number.free_at or until, until + BURST)
    else:
        held = db.session.get_one(TextingAccount, 1)
        held.paused_until = clock.now() + timedelta(seconds=min(pause, 5.0))
    _back_to_queue(message, str(error), pause)


def _back_to_queue(message: Message, why: str, seconds: float) -> None:
    message.called_at = None
    message.lease_until = clock.now() + timedelta(seconds=seconds)
    lines.take(message, MessageState.QUEUED, why)
    _show(message)


def _backoff(attempts: int) -> float:
    """Seconds to wait before a further attempt: doubling, with jitter so that a crowd does not return at once."""
    return min(LONGEST_BACKOFF, 2.0 ** min(attempts, 9)) * random.uniform(0.5, 1.0)  # noqa: S311 - no secret
