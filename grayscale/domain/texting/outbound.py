"""What a recruiter does with texts to be sent: submit, schedule, change, cancel, try again, decide."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from grayscale import clock
from grayscale.clients.twilio.errors_table import FailureKind, Retry, explain
from grayscale.database import transaction
from grayscale.domain import audit, changes, locks, visibility
from grayscale.domain.errors import Conflict, Invalid, NotFound
from grayscale.domain.nudges import Job, nudge
from grayscale.domain.texting import gate, gate_words, lines, messages, segments, states, submissions, wording
from grayscale.domain.texting.sending import send_due
from grayscale.domain.texting.uploads import Upload
from grayscale.extensions import db
from grayscale.models import CANCELABLE, Conversation, Direction, Kind, Message, MessageEvent, MessageState, User

__all__ = [
    "Blocked", "advice", "can_send_now", "can_try_again", "cancel", "edit", "notice", "refusal", "resolve_unsure",
    "restore", "retry_of", "send_due", "send_now", "submit", "try_again",
]  # fmt: skip

FURTHEST = timedelta(days=365)
# A minute picked that just passed while the form was open still means now.
LENIENCE = timedelta(minutes=2)
# How the life of a text that a person cancelled ends.
_BY_HAND = "Canceled by"
_FIXABLE = (FailureKind.SENDER_PROBLEM, FailureKind.AUTH, FailureKind.SUSPENDED, FailureKind.NOT_PERMITTED)


class Blocked(Invalid):
    """The gate refused; the sentence says why and what helps. Nothing was stored."""

    def __init__(self, verdict: gate.Verdict) -> None:
        super().__init__(verdict.sentence, "body")
        self.code = verdict.code


def submit(
    conversation_id: int,
    body: str,
    by: User,
    *,
    submission_key: str | None,
    send_at: datetime | None = None,
    media: Sequence[Upload] = (),
    kind: Kind = Kind.MANUAL,
) -> Message:
    """Intend to send a text: a row is committed, the job is nudged, and it goes within moments or at *send_at* (UTC).

    The same *submission_key* again answers the first text. Outside texting hours the text is held until they begin
    (state SCHEDULED; ``notice`` says when). Raises ``NotFound``, ``Invalid``, ``submissions.Differs`` when the key is
    another text's and, when the gate refuses, ``Blocked``.
    """
    try:
        with transaction() as session:
            conversation = session.scalar(
                select(Conversation)
                .where(Conversation.id == conversation_id, visibility.conversations_for(by))
                .with_for_update(of=Conversation, key_share=True)
            )
            if conversation is None:
                raise NotFound("There is no such conversation, or it is not visible to you.")
            text = _final_body(body, conversation, by, has_media=bool(media))
            first = submissions.first(submission_key, conversation_id)
            if first is not None:
                if submissions.is_same(first, text, send_at, media):
                    return first
                raise submissions.Differs(first)
            now = clock.now()
            wanted = _check_time(send_at, now)
            verdict = gate.check(conversation, at=wanted or now, by=by, body=text, kind=kind)
            if not verdict.allowed and not verdict.holds:
                raise Blocked(verdict)
            goes = verdict.allowed_at if verdict.holds else wanted
            message = messages.create(
                conversation,
                text,
                author=by if kind is Kind.MANUAL else None,
                kind=kind,
                state=MessageState.SCHEDULED if goes else MessageState.QUEUED,
                send_at=goes or now,
                scheduled_by_person=wanted is not None,
                submission_key=submission_key,
                uploads=media,
            )
            lines.note(message, verdict.sentence, state=message.state)
            if goes is None:
                conversation.last_activity_at = max(conversation.last_activity_at, now)
                conversation.last_message_id = message.id
            conversation.archived_at = None
            session.flush()
            changes.touch([conversation.id])
            nudge(Job.OUTBOUND, message.id)
            return message
    except IntegrityError:
        # Two processes took the same submission at once: the other one's row is the text.
        if submissions.first(submission_key, conversation_id) is None:
            raise
        return submit(conversation_id, body, by, submission_key=submission_key, send_at=send_at, media=media, kind=kind)


def notice(message: Message) -> str | None:
    """What the recruiter should know about a text they just submitted, or None when it simply goes."""
    if message.state is MessageState.FAILED:
        return message.error
    if message.state in (MessageState.QUEUED, MessageState.SENDING, MessageState.ACCEPTED):
        return gate.live_sentence(message.conversation, message.peer, message.created_at, went=True)
    if message.state is not MessageState.SCHEDULED or message.send_at is None:
        return None
    when = gate_words.at(message.send_at, gate.zones_of(message.conversation, message.peer))
    if message.scheduled_by_person:
        return f"Scheduled. Goes {when}."
    return f"It is outside texting hours for them. Held; goes {when}."


def can_send_now(message: Message) -> bool:
    """Whether asking to send a waiting text now would bring it forward, rather than hold it until the same hour."""
    opens = gate.opens_at(message.conversation, message.peer, clock.now())
    return opens is None or message.send_at is None or message.send_at > opens


def cancel(message_id: int, by: User) -> Message:
    """Do not send it. Raises ``Conflict`` when it has already gone."""
    with transaction():
        message = _waiting(message_id, by)
        lines.take(message, MessageState.CANCELED, f"{_BY_HAND} {by.name}.")
        message.lease_until = None
        _show(message)
        return message


def restore(message_id: int, by: User) -> Message:
    """Send what a person cancelled after all, at its time; once that has passed, it waits for a word.

    Raises ``Conflict`` for what was not cancelled by a person, ``Blocked`` when the gate refuses it meanwhile.
    """
    with transaction():
        message = _mine(message_id, by)
        if message.state in CANCELABLE:
            return message
        steps = select(MessageEvent.detail).where(MessageEvent.message_id == message_id)
        last = db.session.scalar(steps.order_by(MessageEvent.id.desc()).limit(1)) or ""
        if message.state is not MessageState.CANCELED or not last.startswith(_BY_HAND):
            raise Conflict("Nobody cancelled this text by hand, so that cannot be taken back.")
        now = clock.now()
        goes = message.send_at or now
        verdict = gate.check(message.conversation, at=max(goes, now), by=by, body=message.body, message=message)
        if not verdict.allowed and not verdict.holds:
            raise Blocked(verdict)
        message.error = None
        if goes <= now:
            message.error = "Its time passed while it was cancelled. Send it now, or cancel it."
        elif verdict.holds:
            message.send_at = verdict.allowed_at
        state = MessageState.OVERDUE if message.error else MessageState.SCHEDULED
        lines.take(message, state, f"Brought back by {by.name}.")
        _show(message)
        nudge(Job.OUTBOUND, message.id)
        return message


def edit(message_id: int, body: str, send_at: datetime | None, by: User) -> Message:
    """Change the words or the time of a text that has not gone yet; *send_at* None leaves the time, if it is to come.

    Raises ``Conflict``, ``Invalid``, ``Blocked``.
    """
    with transaction():
        message = _waiting(message_id, by)
        conversation = message.conversation
        text = _final_body(body, conversation, by, has_media=bool(message.media))
        now = clock.now()
        wanted = _check_time(send_at, now)
        if send_at is not None or message.state is MessageState.OVERDUE:
            # A minute that just passed, or none for a text that missed its own, means now.
            message.scheduled_by_person = wanted is not None
            goes = wanted or now
        else:
            goes = message.send_at or now
        verdict = gate.check(conversation, at=max(goes, clock.now()), by=by, body=text, message=message)
        if not verdict.allowed and not verdict.holds:
            raise Blocked(verdict)
        cost = segments.count(text)
        message.body, message.encoding, message.segments = text, cost.encoding, max(cost.parts, 1)
        message.send_at = verdict.allowed_at if verdict.holds else goes
        message.author_id = by.id
        message.lease_until = None
        state = MessageState.SCHEDULED if (message.send_at or goes) > clock.now() else MessageState.QUEUED
        lines.take(message, state, f"Changed by {by.name}.")
        _show(message)
        nudge(Job.OUTBOUND, message.id)
        return message


def send_now(message_id: int, by: User) -> Message:
    """Do not wait for its time; quiet hours still hold it. Raises ``Conflict``, ``Blocked``."""
    with transaction():
        message = _waiting(message_id, by)
        now = clock.now()
        verdict = gate.check(message.conversation, at=now, by=by, body=message.body)
        if not verdict.allowed and not verdict.holds:
            raise Blocked(verdict)
        message.send_at = verdict.allowed_at if verdict.holds else now
        message.scheduled_by_person = False
        message.lease_until = None
        state = MessageState.SCHEDULED if verdict.holds else MessageState.QUEUED
        lines.take(message, state, f"Sent now by {by.name}. {verdict.sentence}")
        _show(message)
        nudge(Job.OUTBOUND, message.id)
        return message


def can_try_again(message: Message) -> bool:
    """Whether sending the same words once more can help: not once that was done."""
    return _may_help(message) and retry_of(message) is None


def refusal(conversation: Conversation, peer: str | None, author: User | None) -> str:
    """Why the gate would let no text there go once more; empty when it would, or a super admin can mend it."""
    verdict = gate.check(conversation, at=clock.now(), by=author, peer=peer)
    is_mendable = verdict.code is gate.Code.SENDER_STOPPED
    return "" if verdict.allowed or verdict.holds or is_mendable else verdict.sentence


def _may_help(message: Message) -> bool:
    if message.state is MessageState.BLOCKED:
        return True
    if message.state not in (MessageState.FAILED, MessageState.UNDELIVERED):
        return False
    failure = explain(message.error_code)
    if failure.retry is Retry.ONCE:
        return message.retry_of_id is None
    return message.error_code is None or failure.kind in _FIXABLE


def advice(message: Message) -> str:
    """Whether another try can help a text that failed, as a sentence; empty for one that did not fail."""
    if message.state not in (MessageState.FAILED, MessageState.UNDELIVERED) or message.error_code is None:
        return ""
    failure = explain(message.error_code)
    if failure.retry is Retry.LATER:
        return ""  # its own sentence says that it goes again by itself
    if failure.retry is Retry.ONCE:
        return "Trying once more can help." if can_try_again(message) else "It was tried again already."
    if failure.kind in _FIXABLE:
        return "A super admin can mend it; then trying again helps." if can_try_again(message) else ""
    return "Trying again cannot help."


def try_again(message_id: int, by: User) -> Message:
    """Send a failed text once more, as a text of its own; a second click answers the first one's.

    Raises ``Conflict`` when it cannot help, ``Blocked`` when the gate refuses.
    """
    with transaction():
        message = _mine(message_id, by)
        again = retry_of(message)
        if again is not None:
            return again
        if not can_try_again(message):
            raise Conflict(f"Trying again cannot help. {message.error or ''}".strip())
        return _again(message, by)


def resolve_unsure(message_id: int, sent: bool, by: User) -> Message:
    """A person's word on a text whose fate could not be proven: it was sent, or it is sent again now if it may.

    Answers the text that counts from here on: the same one when the gate does not let it go again. Raises ``Conflict``
    when it is not unsure any more.
    """
    with transaction():
        message = _mine(message_id, by)
        if message.state is not MessageState.UNSURE:
            again = retry_of(message)
            if again is not None and not sent:
                return again
            raise Conflict("This text is not unsure any more.")
        audit.record("message.unsure_resolved", by=by, subject=str(message.id), detail={"sent": sent})
        if sent:
            message.handed_over_at = message.occurred_at = message.called_at or clock.now()
            states.confirm_sent(message, f"{by.name} says it was sent.")
            return message
        message.error = "It was not sent, says " + by.name + "."
        lines.take(message, MessageState.FAILED, message.error)
        try:
            return _again(message, by)
        except Blocked as refused:
            # It is settled all the same: it did not go, and it may not go now.
            message.error = f"{message.error} {refused}"
            _show(message)
            return message


def _again(message: Message, by: User) -> Message:
    conversation, now = message.conversation, clock.now()
    verdict = gate.check(conversation, at=now, by=by, body=message.body)
    if not verdict.allowed and not verdict.holds:
        raise Blocked(verdict)
    again = messages.copy(message, send_at=verdict.allowed_at or now, submission_key=f"retry:{message.id}")
    again.author_id = by.id
    lines.note_once(again, verdict.sentence)
    _show(message)
    nudge(Job.OUTBOUND, again.id)
    return again


def retry_of(message: Message) -> Message | None:
    """The text that was sent in the place of one that failed, if it was."""
    return db.session.scalar(select(Message).where(Message.submission_key == f"retry:{message.id}"))


def _final_body(body: str, conversation: Conversation, by: User, *, has_media: bool) -> str:
    text = wording.fill_or_refuse(messages.tidy(body), conversation, by)
    if messages.is_blank(text) and not has_media:
        raise Invalid("Write something first.", "body")
    messages.refuse_too_long(text)
    return text


def _check_time(send_at: datetime | None, now: datetime) -> datetime | None:
    if send_at is None:
        return None
    if send_at < now - LENIENCE:
        raise Invalid("That time has passed.", "send_at")
    if send_at > now + FURTHEST:
        raise Invalid("That is more than a year ahead.", "send_at")
    return send_at if send_at > now else None


def _mine(message_id: int, by: User) -> Message:
    visible = select(Conversation.id).where(visibility.conversations_for(by))
    found = locks.message(
        Message.id == message_id, Message.direction == Direction.OUTBOUND, Message.conversation_id.in_(visible)
    )
    if found is None:
        raise NotFound("There is no such text, or it is not visible to you.")
    return found


def _waiting(message_id: int, by: User) -> Message:
    message = _mine(message_id, by)
    if message.state not in CANCELABLE:
        raise Conflict(f"It is too late for that: the text is already {message.state.value}.")
    return message


def _show(message: Message) -> None:
    db.session.flush()
    states.refresh_failure(message.conversation)
    db.session.flush()
    changes.touch([message.conversation_id])
