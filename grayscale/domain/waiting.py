"""Which rows each job could work on now: what the sweep looks for, and what a task checks before it begins.

A row is named by its id; for transcripts by its conversation's, because what is due there may not be cut yet. Jobs that
go by the clock alone (polling, housekeeping) have no rows here.
"""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, or_, select

from grayscale import clock
from grayscale.domain.due import TO_SEND
from grayscale.domain.nudges import Job
from grayscale.extensions import db
from grayscale.models import (
    OPEN_TRANSCRIPTS,
    WAITING,
    WORKED_ON,
    Conversation,
    Delivery,
    InterviewChange,
    Media,
    MediaState,
    Message,
    Source,
    SyncRun,
    SyncState,
    Transcript,
)


def has_rows(job: Job) -> bool:
    """Whether *job* has rows of its own; if not, only the clock tells when to run it."""
    return job in _ROWS


def rows(job: Job, limit: int) -> list[int]:
    """Ids of up to *limit* rows of *job* that are due and leased to nobody."""
    found: list[int] = []
    for identity, chosen in _queries(job):
        found += db.session.scalars(chosen.with_only_columns(identity).limit(limit))
    return list(dict.fromkeys(found))[:limit]


def is_due(job: Job, row: int) -> bool:
    """Whether *row* still waits for *job*: somebody else may have been quicker, or its time was put off."""
    queries = _queries(job)
    return not queries or any(
        db.session.scalar(chosen.with_only_columns(identity).where(identity == row).limit(1)) is not None
        for identity, chosen in queries
    )


def _queries(job: Job) -> list[tuple[Any, Select[Any]]]:
    make = _ROWS.get(job)
    return make(clock.now()) if make is not None else []


def _free(model: Any, now: datetime) -> ColumnElement[bool]:
    return or_(model.lease_until.is_(None), model.lease_until < now)


def _deliveries(*sources: Source) -> Callable[[datetime], list[tuple[Any, Select[Any]]]]:
    def made(now: datetime) -> list[tuple[Any, Select[Any]]]:
        waits = select(Delivery).where(
            Delivery.source.in_(sources), Delivery.state.in_(WAITING), Delivery.next_attempt_at <= now,
            _free(Delivery, now),
        )
        return [(Delivery.id, waits.order_by(Delivery.next_attempt_at))]

    return made


def _texts(now: datetime) -> list[tuple[Any, Select[Any]]]:
    waits = select(Message).where(
        Message.on_its_way, Message.state.in_(TO_SEND), Message.send_at <= now, _free(Message, now)
    )
    return [(Message.id, waits.order_by(Message.send_at))]


def _pictures(now: datetime) -> list[tuple[Any, Select[Any]]]:
    waits = select(Media).where(Media.state == MediaState.PENDING, Media.next_attempt_at <= now, _free(Media, now))
    return [(Media.id, waits.order_by(Media.next_attempt_at))]


def _transcripts(now: datetime) -> list[tuple[Any, Select[Any]]]:
    quiet = select(Conversation).where(Conversation.transcript_due_at <= now)
    waits = select(Transcript).where(
        Transcript.state.in_(OPEN_TRANSCRIPTS), Transcript.next_attempt_at <= now, _free(Transcript, now)
    )
    return [
        (Conversation.id, quiet.order_by(Conversation.transcript_due_at)),
        (Transcript.conversation_id, waits.order_by(Transcript.next_attempt_at)),
    ]


def _changes(now: datetime) -> list[tuple[Any, Select[Any]]]:
    waits = select(InterviewChange).where(
        InterviewChange.state.in_(WORKED_ON), InterviewChange.next_attempt_at <= now, _free(InterviewChange, now)
    )
    return [(InterviewChange.id, waits.order_by(InterviewChange.next_attempt_at))]


def _runs(now: datetime) -> list[tuple[Any, Select[Any]]]:
    return [(SyncRun.id, select(SyncRun).where(SyncRun.state == SyncState.RUNNING, _free(SyncRun, now)))]


_ROWS: dict[Job, Callable[[datetime], list[tuple[Any, Select[Any]]]]] = {
    Job.LEVER_EVENTS: _deliveries(Source.LEVER),
    Job.CARRIER_EVENTS: _deliveries(Source.TWILIO_INBOUND, Source.TWILIO_STATUS),
    Job.OUTBOUND: _texts,
    Job.MEDIA: _pictures,
    Job.TRANSCRIPTS: _transcripts,
    Job.INTERVIEWS: _changes,
    Job.SYNC: _runs,
}
