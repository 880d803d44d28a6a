"""The page Notes: every transcript and what waits for one, by state, of the conversations a person may see."""

import enum
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Select, and_, func, or_, select
from sqlalchemy.orm import contains_eager, joinedload

from grayscale.database import shared_alias
from grayscale.domain import visibility
from grayscale.domain.errors import NotFound
from grayscale.domain.transcripts import assembly, cutting, decide, lost
from grayscale.domain.transcripts.cutting import talk
from grayscale.domain.transcripts.rendering import render
from grayscale.domain.transcripts.state import NoteLine, line_of, upcoming
from grayscale.extensions import db
from grayscale.models import (
    OPEN_TRANSCRIPTS,
    AuditEvent,
    Candidate,
    Conversation,
    Opportunity,
    Posting,
    Transcript,
    TranscriptState,
    User,
)

PAGE = 50
ERASED = "An erased candidate"
WAS_ERASED = "The candidate was deleted in Lever before these texts were noted, so they were erased too."
# Joined under names of their own: who may see what is told by subqueries over the tables themselves.
_Person = shared_alias(Candidate)
_Noted = shared_alias(Opportunity)


@enum.unique
class View(enum.StrEnum):
    """What the page can be narrowed to."""

    ALL = "all"
    COMING = "coming"
    POSTING = "posting"
    UNSURE = "unsure"
    FAILED = "failed"
    NOTED = "noted"
    SKIPPED = "skipped"
    NOWHERE = "nowhere"


STATES: dict[View, tuple[TranscriptState, ...]] = {
    View.ALL: tuple(TranscriptState),
    View.POSTING: OPEN_TRANSCRIPTS,
    View.UNSURE: (TranscriptState.UNSURE,),
    View.FAILED: (TranscriptState.FAILED,),
    View.NOTED: (TranscriptState.POSTED,),
    View.SKIPPED: (TranscriptState.SKIPPED,),
}


@dataclass(frozen=True, slots=True)
class NoteRow:
    """One line of the list. *first_at* and *last_at* bound the texts of a transcript; None for what waits.

    *conversation_id* is None for what was erased before it was noted.
    """

    name: str
    conversation_id: int | None
    line: NoteLine
    posting: str | None = None
    first_at: datetime | None = None
    last_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class NotePage:
    """*more* is what to ask the next page with, None on the last."""

    rows: Sequence[NoteRow]
    more: int | None = None


@dataclass(frozen=True, slots=True)
class NoteDetail:
    """One transcript with its text. *as_posted* is False when a text changed since, as by a late failure."""

    row: NoteRow
    transcript: Transcript
    parts: Sequence[str]
    as_posted: bool


def counts(user: User) -> dict[View, int]:
    """How many of each this person sees."""
    by_state: dict[TranscriptState, int] = dict(
        db.session.execute(
            select(Transcript.state, func.count())
            .join(Conversation, Conversation.id == Transcript.conversation_id)
            .where(visibility.conversations_for(user))
            .group_by(Transcript.state)
        ).all()
    )
    found = {view: sum(by_state.get(state, 0) for state in states) for view, states in STATES.items()}
    for view in (View.COMING, View.NOWHERE):
        query = select(func.count(Conversation.id)).where(_waiting(view), visibility.conversations_for(user))
        found[view] = db.session.scalar(query) or 0
    erased = db.session.scalar(select(func.count(AuditEvent.id)).where(_erased(user))) or 0
    found[View.ALL] += erased
    found[View.SKIPPED] += erased
    return {view: found[view] for view in View}


def page(user: User, view: View, words: str = "", start: int = 0) -> NotePage:
    """One page of *view*, newest first, narrowed to candidates named like *words*; what is coming up, soonest first."""
    if view in (View.COMING, View.NOWHERE):
        return _conversations(user, view, words, start)
    query = (
        _transcripts(user)
        .where(Transcript.state.in_(STATES[view]), _named(words))
        .order_by(Transcript.id.desc())
        .limit(PAGE + 1)
    )
    if start:
        query = query.where(Transcript.id < start)
    found = [_row(transcript, title) for transcript, title in db.session.execute(query).all()]
    more = found[PAGE - 1].line.transcript_id if len(found) > PAGE else None
    if more is None and view in (View.ALL, View.SKIPPED) and not words.strip():
        found += _erased_rows(user)
    return NotePage(found[:PAGE] if more else found, more)


def detail(transcript_id: int, user: User) -> NoteDetail:
    """One transcript. Raises ``NotFound`` also for what *user* may not see."""
    found = db.session.execute(_transcripts(user).where(Transcript.id == transcript_id)).first()
    if found is None:
        raise NotFound(decide.HIDDEN)
    transcript, title = found
    texts = [part.text for part in transcript.parts]
    as_posted = True
    if not texts or not all(texts):
        messages = assembly.messages_of(transcript.id)
        texts = render(talk(transcript, messages), transcript.reference) if messages else []
        kept = [part.sha256 for part in transcript.parts]
        as_posted = not kept or [cutting.digest(text) for text in texts] == kept
    return NoteDetail(_row(transcript, title), transcript, texts, as_posted)


def _erased(user: User) -> ColumnElement[bool]:
    """Condition on ``AuditEvent``: a receipt of texts that were erased before they were noted."""
    is_one = AuditEvent.action == lost.NOT_POSTED
    return is_one if user.is_super_admin else and_(is_one, AuditEvent.subject != lost.CONFIDENTIAL)


def _erased_rows(user: User) -> list[NoteRow]:
    receipts = db.session.scalars(select(AuditEvent).where(_erased(user)).order_by(AuditEvent.id.desc()))
    return [
        NoteRow(ERASED, None, NoteLine("skipped", one.at, None, reason=WAS_ERASED, count=(one.detail or {})["texts"]))
        for one in receipts
    ]


def _transcripts(user: User) -> Select[Transcript, str]:
    return (
        select(Transcript, Posting.title)
        .join(Transcript.conversation)
        .outerjoin(_Person, _Person.id == Conversation.candidate_id)
        .outerjoin(_Noted, _Noted.id == Transcript.opportunity_id)
        .outerjoin(Posting, Posting.lever_id == _Noted.posting_lever_id)
        .where(visibility.conversations_for(user))
        .options(
            contains_eager(Transcript.conversation).joinedload(Conversation.candidate),
            joinedload(Transcript.opportunity),
        )
    )


def _row(transcript: Transcript, title: str | None) -> NoteRow:
    return NoteRow(
        name=_name(transcript.conversation),
        conversation_id=transcript.conversation_id,
        line=line_of(transcript),
        posting=title,
        first_at=transcript.first_at,
        last_at=transcript.last_at,
    )


def _conversations(user: User, view: View, words: str, start: int) -> NotePage:
    rows = db.session.execute(
        select(Conversation, Posting.title)
        .outerjoin(_Person, _Person.id == Conversation.candidate_id)
        .outerjoin(_Noted, _Noted.id == Conversation.opportunity_id)
        .outerjoin(Posting, Posting.lever_id == _Noted.posting_lever_id)
        .where(_waiting(view), visibility.conversations_for(user), _named(words))
        .order_by(Conversation.transcript_due_at, Conversation.id)
        .offset(start)
        .limit(PAGE + 1)
        .options(joinedload(Conversation.candidate))
    ).all()
    found = [
        NoteRow(_name(conversation), conversation.id, line, title)
        for conversation, title in rows[:PAGE]
        if (line := upcoming(conversation)) is not None
    ]
    return NotePage(found, start + PAGE if len(rows) > PAGE else None)


def _waiting(view: View) -> ColumnElement[bool]:
    placed = cutting.has_somewhere_to_go()
    return and_(Conversation.transcript_due_at.is_not(None), placed if view is View.COMING else ~placed)


def _named(words: str) -> ColumnElement[bool]:
    if not words.strip():
        return Conversation.id.is_not(None)
    return or_(*(column.icontains(words.strip(), autoescape=True) for column in (_Person.name, Conversation.peer)))


def _name(conversation: Conversation) -> str:
    return conversation.candidate.display_name if conversation.candidate else conversation.peer
