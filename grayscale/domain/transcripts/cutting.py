"""Making a transcript of the messages that waited: the intent to post a Note, committed before anything is called."""

import hashlib
import secrets
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, and_, exists, func, or_, select, update
from sqlalchemy.exc import InterfaceError, OperationalError
from sqlalchemy.orm import joinedload

from grayscale import clock
from grayscale.database import end_read, transaction
from grayscale.domain import changes
from grayscale.domain.conversations import choose_opportunity
from grayscale.domain.transcripts import eligible
from grayscale.domain.transcripts.assembly import messages_of, talk_of
from grayscale.domain.transcripts.due import due_of
from grayscale.domain.transcripts.rendering import Talk, render
from grayscale.extensions import db
from grayscale.logging import get_logger
from grayscale.models import Conversation, Message, Opportunity, Transcript, TranscriptPart, TranscriptState

log = get_logger(__name__)

#: How many conversations one round cuts.
BATCH = 50
#: How long a conversation whose transcript could not be made is left alone.
SET_ASIDE = timedelta(minutes=10)
#: The same, when it was the database that failed.
BRIEFLY = timedelta(seconds=10)
#: Crockford's letters: none is mistaken for another when read aloud.
_LETTERS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


def has_somewhere_to_go() -> ColumnElement[bool]:
    """Condition on ``Conversation``: there is an opportunity its Note could go to."""
    return or_(
        Conversation.opportunity_id.is_not(None),
        and_(
            Conversation.candidate_id.is_not(None),
            exists(select(Opportunity.id).where(Opportunity.candidate_id == Conversation.candidate_id)),
        ),
    )


def cut_due() -> int:
    """Cut the transcripts that are due now. How many conversations were looked at."""
    ids = list(
        db.session.scalars(
            select(Conversation.id)
            .where(Conversation.transcript_due_at <= clock.now(), has_somewhere_to_go())
            .order_by(Conversation.transcript_due_at)
            .limit(BATCH)
        )
    )
    end_read()
    for conversation_id in ids:
        try:
            cut(conversation_id)
        except (OperationalError, InterfaceError) as error:
            # The database's trouble and not the conversation's: busy, out of reach, a lock it gave up on.
            log.warning("the database kept a transcript from being made", conversation=conversation_id, exc_info=error)
            _set_aside(conversation_id, BRIEFLY)
        except Exception as error:
            log.error("a transcript could not be made", conversation=conversation_id, exc_info=error)
            _set_aside(conversation_id, SET_ASIDE)
    return len(ids)


def cut(conversation_id: int, *, asked: bool = False) -> Transcript | None:
    """Bind the messages that wait to a transcript with its text, in one transaction.

    None when it is not due after all, when nothing waits, or when there is no opportunity to note it on. A person who
    *asked* does not wait for the quiet time.
    """
    with transaction() as session:
        now = clock.now()
        conversation = session.scalar(
            select(Conversation)
            .where(Conversation.id == conversation_id)
            .with_for_update(of=Conversation, key_share=True)
            .options(joinedload(Conversation.candidate), joinedload(Conversation.sending_number))
            .execution_options(populate_existing=True)
        )
        if conversation is None:
            return None
        waiting = eligible.waiting(conversation_id)
        due = due_of(waiting.values()) if waiting else None
        if due is None or (due > now and not asked):
            conversation.transcript_due_at = due
            return None
        opportunity = _opportunity_of(conversation)
        if opportunity is None:
            return None
        transcript = _bind(conversation, opportunity.id, opportunity.lever_id, waiting)
        conversation.transcript_due_at = None
        session.flush()
        _write_parts(transcript)
        changes.touch([conversation_id])
    return transcript


def give_up(conversation: Conversation, opportunity_lever_id: str, reason: str) -> None:
    """Bind the messages that wait to a transcript that is not posted, for *reason*; inside the caller's transaction."""
    waiting = eligible.waiting(conversation.id)
    if waiting:
        transcript = _bind(conversation, None, opportunity_lever_id, waiting)
        transcript.state = TranscriptState.SKIPPED
        transcript.error = reason
    conversation.transcript_due_at = None


def set_apart(conversation: Conversation) -> None:
    """Bind the messages that wait to a transcript for the opportunity they were said about, due when they are.

    Inside the caller's transaction, which is about to tie the conversation to another opportunity.
    """
    waiting = eligible.waiting(conversation.id)
    opportunity = _opportunity_of(conversation) if waiting else None
    if opportunity is None:
        return
    transcript = _bind(conversation, opportunity.id, opportunity.lever_id, waiting)
    transcript.next_attempt_at = max(due_of(waiting.values()), transcript.created_at)
    conversation.transcript_due_at = None
    db.session.flush()
    _write_parts(transcript)


def talk(transcript: Transcript, messages: Sequence[Message]) -> Talk:
    """What a transcript says of its *messages*."""
    conversation = db.session.get_one(Conversation, transcript.conversation_id)
    previous = db.session.scalar(
        select(func.max(Transcript.created_at)).where(
            Transcript.conversation_id == conversation.id, Transcript.id < transcript.id
        )
    )
    since = previous or conversation.created_at
    return talk_of(conversation, messages, since=since, until=transcript.created_at)


def digest(text: str) -> str:
    """What is kept of a comment once Lever has it."""
    return hashlib.sha256(text.encode()).hexdigest()


def _write_parts(transcript: Transcript) -> None:
    """Fix the text, inside the caller's transaction."""
    texts = render(talk(transcript, messages_of(transcript.id)), transcript.reference)
    db.session.add_all(
        TranscriptPart(transcript_id=transcript.id, number=number, text=text, sha256=digest(text))
        for number, text in enumerate(texts, start=1)
    )


def _opportunity_of(conversation: Conversation) -> Opportunity | None:
    if conversation.opportunity_id is None and conversation.candidate_id is not None:
        chosen = choose_opportunity(conversation.candidate_id)
        conversation.opportunity_id = chosen.id if chosen else None
    if conversation.opportunity_id is None:
        return None
    return db.session.get(Opportunity, conversation.opportunity_id)


def _bind(
    conversation: Conversation,
    opportunity_id: int | None,
    opportunity_lever_id: str,
    waiting: Mapping[int, datetime],
) -> Transcript:
    now = clock.now()
    transcript = Transcript(
        conversation_id=conversation.id,
        opportunity_id=opportunity_id,
        opportunity_lever_id=opportunity_lever_id,
        reference="GS-" + "".join(secrets.choice(_LETTERS) for _ in range(10)),
        first_at=min(waiting.values()),
        last_at=max(waiting.values()),
        message_count=len(waiting),
        state=TranscriptState.DUE,
        next_attempt_at=now,
        created_at=now,
    )
    db.session.add(transcript)
    db.session.flush()
    ids = list(waiting)
    for start in range(0, len(ids), 500):
        db.session.execute(
            update(Message).where(Message.id.in_(ids[start : start + 500])).values(transcript_id=transcript.id)
        )
    return transcript


def _set_aside(conversation_id: int, wait: timedelta) -> None:
    """A conversation whose transcript cannot be made must not hold up the others."""
    with transaction() as session:
        conversation = session.get(Conversation, conversation_id)
        if conversation is not None and conversation.transcript_due_at is not None:
            conversation.transcript_due_at = clock.now() + wait
