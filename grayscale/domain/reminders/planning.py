"""Which reminders there are: one of a kind for an interview, planned, moved and cancelled with it.

A reminder is a scheduled text in the candidate's thread, where a recruiter may skip it. It is written in the
transaction that writes the interview, so the two never disagree; what that cannot see (a conversation begun later, a
candidate who moved or was archived, a rule switched on) the REMINDERS job catches up with.
"""

import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, and_, exists, func, not_, or_, select

from grayscale import clock
from grayscale.database import transaction
from grayscale.domain import locks, visibility
from grayscale.domain.company import company, scheduling_policy
from grayscale.domain.interviews.times import spoken
from grayscale.domain.reminders import times
from grayscale.domain.texting import automated, gate
from grayscale.extensions import db
from grayscale.models import (
    CANCELABLE,
    Conversation,
    Interview,
    Message,
    MessageState,
    Opportunity,
    Reminder,
    ReminderKind,
    SendingNumber,
)

BATCH = 50
# How long before a planned reminder its candidate's zone is looked at again.
LOOK_AGAIN = timedelta(hours=26)
PASSED = "Its time had passed when the interview became known."
NO_TIME = "No moment before the interview is within texting hours."
CANCELED = "Not sent. The interview was cancelled."
ARCHIVED = "Not sent. The opportunity was archived."
SWITCHED_OFF = "Not sent. Reminders of this kind are switched off."


def follow(opportunity_id: int) -> None:
    """Bring the reminders of an opportunity in line with them, inside the transaction that changes them."""
    conversation = _conversation(opportunity_id)
    reminded = exists().where(Reminder.interview_id == Interview.id)
    ahead = Interview.starts_at > clock.now()
    if conversation is None:
        ahead = and_(ahead, reminded)
    interviews = db.session.scalars(
        select(Interview)
        .where(Interview.opportunity_id == opportunity_id, or_(ahead, reminded))
        .execution_options(populate_existing=True)
    ).all()
    if not interviews:
        return
    held = select(Message.conversation_id).join(Reminder, Reminder.message_id == Message.id)
    ids = set(db.session.scalars(held.where(Reminder.interview_id.in_([each.id for each in interviews]))))
    locks.hold_conversations(ids | ({conversation.id} if conversation is not None else set()))
    for interview in interviews:
        for kind in ReminderKind:
            _settle(interview, kind, conversation)
    db.session.flush()


def catch_up() -> int:
    """Plan what is missing or planned in a zone the candidate left, cancel what is too late or for nobody; how much."""
    done = automated.withdraw_useless()
    for opportunity_id in {*_unplanned(), *_out_of_place()}:
        with transaction():
            follow(opportunity_id)
        done += 1
    for interview_id, kind in _in_another_zone():
        with transaction():
            _plan_anew(interview_id, kind)
    return done


def follow_all() -> None:
    """After the rules changed: the reminders planned by the old ones go, inside the caller's transaction, and the
    REMINDERS job plans by the new."""
    ahead = select(Reminder).join(Interview, Interview.id == Reminder.interview_id)
    ahead = ahead.where(Interview.starts_at > clock.now())
    held = select(Message.conversation_id).where(Message.id.in_(ahead.with_only_columns(Reminder.message_id)))
    locks.hold_conversations(db.session.scalars(held))
    for row in db.session.scalars(ahead).all():
        message = _waiting(row)
        if message is not None:
            automated.withdraw(message.id, "Not sent. The company's rules for reminders changed.")
        if message is not None or row.message_id is None:
            db.session.delete(row)
    db.session.flush()


def _settle(interview: Interview, kind: ReminderKind, conversation: Conversation | None) -> None:
    row = db.session.get(Reminder, (interview.id, kind), populate_existing=True)
    message = _waiting(row) if row is not None else None
    starts_at = interview.starts_at
    archived = interview.opportunity.is_archived
    if interview.canceled_at is not None or archived or starts_at is None:
        if message is not None:
            automated.withdraw(message.id, ARCHIVED if archived else CANCELED)
        if row is not None and (message is not None or row.message_id is None):
            db.session.delete(row)
        return
    is_here = message is None or visibility.may_speak_of(interview.opportunity, message.conversation)
    if row is not None and message is not None and not is_here:
        automated.withdraw(message.id, visibility.NOT_HERE)
        db.session.delete(row)
        db.session.flush()
        row = message = None
    if row is not None and row.starts_at == starts_at:
        return
    if row is not None and _was_skipped(row):
        # A person said no to it, or the candidate to every text: moving the interview does not unsay that.
        row.starts_at = starts_at
        return
    conversation = message.conversation if message is not None else conversation
    if conversation is None or not _is_on(kind):
        if message is not None:
            automated.withdraw(message.id, SWITCHED_OFF)
        return
    row = row or Reminder(interview_id=interview.id, kind=kind)
    _plan(row, starts_at, conversation, message, _zones(conversation, interview))
    db.session.add(row)


def _plan(
    row: Reminder, starts_at: datetime, conversation: Conversation, message: Message | None, zones: tuple[str, ...]
) -> None:
    """Write, or move, the text for an interview that begins at *starts_at*, or why there is none."""
    now = clock.now()
    row.starts_at, row.time_zone, row.reason = starts_at, zones[0], ""
    due = times.due(
        row.kind, starts_at, zones, gate.hours_of(conversation), day_before_at=scheduling_policy().day_before_at
    )
    why_not = NO_TIME if due is None else PASSED if due <= now else ""
    body = ""
    if due is not None and not why_not:
        body = automated.introduced(conversation, words(conversation, starts_at, zones[0]), due)
        refused = automated.refusal(conversation, body, due)
        why_not = refused.sentence if refused is not None else ""
    if due is None or why_not:
        if message is not None:
            automated.withdraw(message.id, f"Not sent. The interview was moved. {why_not}")
        row.message_id, row.reason = None, why_not
        return
    over = starts_at - times.POINTLESS[row.kind]
    if message is not None:
        automated.move(message.id, send_at=due, body=body, useless_after=over)
    else:
        # The row of the reminder is what makes it one; the key only has to be new.
        key = f"reminder:{row.interview_id}:{row.kind}:{secrets.token_hex(4)}"
        row.message_id = automated.plan(conversation.id, body, key=key, send_at=due, useless_after=over).id


def words(conversation: Conversation, starts_at: datetime, zone: str) -> str:
    """What a reminder says: nothing that is not the candidate's own."""
    first_name = conversation.candidate.first_name if conversation.candidate is not None else ""
    greeting = f"Hi {first_name}, a reminder" if first_name else "A reminder"
    whom = f" with {company().name}" if company().name else ""
    return f"{greeting} of your interview{whom}: {spoken(starts_at, zone)}."


def _zones(conversation: Conversation, interview: Interview) -> tuple[str, ...]:
    """The zones the candidate may be in, the one whose clock they are told first: of several, the interview's own."""
    zones = gate.zones_of(conversation)
    own = interview.time_zone
    return (own, *(zone for zone in zones if zone != own)) if own in zones else zones


def _is_on(kind: ReminderKind) -> bool:
    policy = scheduling_policy()
    return policy.remind_day_before if kind is ReminderKind.DAY_BEFORE else policy.remind_hour_before


def _waiting(row: Reminder) -> Message | None:
    message = row.message
    return message if message is not None and message.state in CANCELABLE else None


def _was_skipped(row: Reminder) -> bool:
    return row.message is not None and row.message.state is MessageState.CANCELED


def _theirs() -> tuple[ColumnElement[bool], ...]:
    """Conditions tying ``Conversation`` to ``Opportunity``: where its candidate may be told of its interviews."""
    return (
        Conversation.candidate_id == Opportunity.candidate_id,
        visibility.speaking_of(),
        exists().where(SendingNumber.id == Conversation.sending_number_id, SendingNumber.active.is_(True)),
    )


def _conversation(opportunity_id: int) -> Conversation | None:
    """The thread to remind in: the one tied to the opportunity, else the one of theirs last used."""
    return db.session.scalar(
        select(Conversation)
        .join(Opportunity, and_(*_theirs()))
        .where(Opportunity.id == opportunity_id)
        .order_by(
            # "=" would be unknown for a thread tied to nothing, which PostgreSQL puts first.
            Conversation.opportunity_id.is_not_distinct_from(Opportunity.id).desc(),
            Conversation.last_activity_at.desc(),
        )
        .limit(1)
    )


def _unplanned() -> Sequence[int]:
    """Opportunities with an interview ahead that lacks a reminder it should have."""
    kinds = [kind for kind in ReminderKind if _is_on(kind)]
    if not kinds:
        return []
    planned = (
        select(func.count())
        .select_from(Reminder)
        .where(
            Reminder.interview_id == Interview.id, Reminder.kind.in_(kinds), Reminder.starts_at == Interview.starts_at
        )
        .scalar_subquery()
    )
    return db.session.scalars(
        select(Interview.opportunity_id)
        .join(Opportunity, Opportunity.id == Interview.opportunity_id)
        .where(
            Interview.starts_at > clock.now(),
            Interview.canceled_at.is_(None),
            Opportunity.archived_at.is_(None),
            exists().where(*_theirs()),
            planned < len(kinds),
        )
        .distinct()
        .limit(BATCH)
    ).all()


def _out_of_place() -> Sequence[int]:
    """Opportunities archived since, or confidential, whose reminders still wait where they should not."""
    return db.session.scalars(
        select(Opportunity.id)
        .join(Interview, Interview.opportunity_id == Opportunity.id)
        .join(Reminder, Reminder.interview_id == Interview.id)
        .join(Message, Message.id == Reminder.message_id)
        .join(Conversation, Conversation.id == Message.conversation_id)
        .where(
            Message.on_its_way,
            Message.state == MessageState.SCHEDULED,
            or_(Opportunity.archived_at.is_not(None), not_(visibility.speaking_of())),
        )
        .distinct()
        .limit(BATCH)
    ).all()


def _in_another_zone() -> list[tuple[int, ReminderKind]]:
    """Reminders soon due whose candidate is, as Lever now tells, somewhere else."""
    rows = db.session.scalars(
        select(Reminder)
        .join(Message, Message.id == Reminder.message_id)
        .where(Message.on_its_way, Message.state == MessageState.SCHEDULED,
               Message.send_at <= clock.now() + LOOK_AGAIN)
    )  # fmt: skip
    return [
        (row.interview_id, row.kind)
        for row in rows
        if row.message is not None and _zones(row.message.conversation, row.interview)[0] != row.time_zone
    ]


def _plan_anew(interview_id: int, kind: ReminderKind) -> None:
    found = db.session.get(Reminder, (interview_id, kind))
    message = _waiting(found) if found is not None else None
    if message is None:
        return
    locks.hold_conversations([message.conversation_id])
    row = db.session.get(Reminder, (interview_id, kind), populate_existing=True)
    if row is not None and (held := locks.message(Message.id == message.id, Message.state.in_(CANCELABLE))) is not None:
        _plan(row, row.starts_at, held.conversation, held, _zones(held.conversation, row.interview))
