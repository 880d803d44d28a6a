"""What people decide about a transcript: where nobody else can know, or sooner than it would happen by itself."""

import re

from sqlalchemy import select

from grayscale import clock
from grayscale.clients.errors import ClientError, Forbidden
from grayscale.clients.errors import NotFound as Gone
from grayscale.database import end_read, transaction
from grayscale.domain import audit, locks, visibility
from grayscale.domain.errors import Conflict, Invalid, NotAllowed, NotFound
from grayscale.domain.lever import connection, permissions
from grayscale.domain.nudges import Job, nudge
from grayscale.domain.transcripts import attempt, checking, cutting, eligible
from grayscale.models import Conversation, Transcript, TranscriptPart, TranscriptState, User

HIDDEN = "There is no such transcript, or it is not visible to you."
THERE = "Lever lists this Note: it arrived, so it was not posted again."
DECIDED = "This transcript is no longer in doubt: somebody or something was quicker. Nothing was changed."


def is_in_lever(transcript_id: int, by: User, note: str = "") -> None:
    """The person looked: the Note in doubt is in Lever. Raises ``NotFound``, ``Conflict``, ``Invalid``.

    Where further comments are to join it, *note* must be its id or address, and Lever is asked whether that is the
    Note: without it the rest would begin a second one.
    """
    number, note_id = _find_begun(transcript_id, by, note)
    with transaction():
        transcript = _in_state(transcript_id, by, TranscriptState.UNSURE)
        part = attempt.open_part(transcript)
        if part is None or part.number != number:
            raise Conflict(DECIDED)
        _adopt(transcript, part, note_id)
        _written_down("transcript.is_in_lever", transcript, by)


def _find_begun(transcript_id: int, by: User, note: str) -> tuple[int, str | None]:
    """The number of the comment in doubt, and the id of the Note it began where others are to join it."""
    with transaction():
        transcript = _in_state(transcript_id, by, TranscriptState.UNSURE)
        part = attempt.open_part(transcript)
        if part is None or transcript.opportunity_lever_id is None:
            raise Conflict(DECIDED)
        number, opportunity = part.number, transcript.opportunity_lever_id
        mark = checking.mark_of(transcript, number)
        if not attempt.begins_a_thread(transcript):
            return number, None
    note_id = re.split(r"[/?#&=\s]+", note.strip().rstrip("/"))[-1]
    if not note_id:
        raise Invalid("Say which Note it is: the rest of this transcript is added to it.", "note")
    client = connection.client()
    end_read()
    try:
        found = checking.read(client, opportunity, note_id, mark)
    except Forbidden:
        permissions.learn("get_note", granted=False)
        raise Invalid("This API key may not read notes, so Lever could not be asked about it.", "note") from None
    except ClientError as error:
        raise Invalid(f"Lever could not be asked: {error.message}", "note") from error
    if found is None or found.deleted_at is not None:
        raise Invalid(f"Lever has no such Note with {mark} in it on this opportunity.", "note")
    return number, found.id


def post_again(transcript_id: int, by: User) -> None:
    """The person looked: the Note in doubt is not in Lever. Where the key may list notes, Lever has the last word.

    Raises ``NotFound``, ``Conflict``, also when it is in Lever, and ``Invalid`` or ``connection.NotConnected`` when
    Lever could not be asked.
    """
    _not_in_lever(transcript_id, by)
    with transaction():
        transcript = _in_state(transcript_id, by, TranscriptState.UNSURE)
        attempt.forget_call(transcript)
        attempt.release(transcript, TranscriptState.DUE, clock.now(), None)
        _written_down("transcript.post_again", transcript, by)


def _not_in_lever(transcript_id: int, by: User) -> None:
    """Look among the opportunity's notes, whatever was known of the key; a Note that is there is adopted."""
    with transaction():
        transcript = _in_state(transcript_id, by, TranscriptState.UNSURE)
        part = attempt.open_part(transcript)
        if part is None or transcript.opportunity_lever_id is None:
            return
        part_id, opportunity = part.id, transcript.opportunity_lever_id
        mark = checking.mark_of(transcript, part.number)
    client = connection.client()
    end_read()
    try:
        found = checking.find(client, opportunity, mark)
    except Forbidden:
        permissions.learn("list_notes", granted=False)
        return
    except Gone:
        return
    except ClientError as error:
        raise Invalid(f"Not posted again: Lever could not be asked whether it is there. {error.message}") from error
    permissions.learn("list_notes", granted=True)
    if found is None:
        return
    with transaction():
        transcript = _in_state(transcript_id, by, TranscriptState.UNSURE)
        part = attempt.open_part(transcript)
        if part is None or part.id != part_id:
            raise Conflict(DECIDED)
        _adopt(transcript, part, found.id)
    raise Conflict(THERE)


def _adopt(transcript: Transcript, part: TranscriptPart, note_id: str | None) -> None:
    """The comment is in Lever; the ones after it are due."""
    part.posted_at = clock.now()
    part.note_id = note_id
    if attempt.open_part(transcript) is None:
        attempt.complete(transcript)
    else:
        attempt.release(transcript, TranscriptState.DUE, clock.now(), None)


def try_again(transcript_id: int, by: User) -> None:
    """Post what Lever refused, or what waits for its next attempt, now. Raises ``NotFound``, ``Conflict``."""
    with transaction():
        transcript = _in_state(transcript_id, by, TranscriptState.FAILED, TranscriptState.DUE)
        if transcript.state is TranscriptState.FAILED:
            attempt.release(transcript, TranscriptState.DUE, clock.now(), None)
        else:
            transcript.next_attempt_at = clock.now()
        _written_down("transcript.try_again", transcript, by)


def try_all_again(by: User) -> int:
    """Everything Lever refused. How many. Raises ``NotAllowed`` for anybody but a super admin."""
    if not by.is_super_admin:
        raise NotAllowed("Only a super admin can try all of them again.")
    with transaction() as session:
        refused = Transcript.state == TranscriptState.FAILED
        locks.hold_conversations(session.scalars(select(Transcript.conversation_id).where(refused)))
        rows = session.scalars(select(Transcript).where(refused).with_for_update(key_share=True)).all()
        for transcript in rows:
            attempt.release(transcript, TranscriptState.DUE, clock.now(), None)
        audit.record("transcript.try_all_again", by=by, detail={"count": len(rows)})
        nudge(Job.TRANSCRIPTS, *{row.conversation_id for row in rows})
    return len(rows)


def post_now(conversation_id: int, by: User) -> None:
    """Do not wait for the quiet time. Raises ``NotFound``, and ``Invalid`` when there is nothing or nowhere to post."""
    with transaction() as session:
        conversation = session.scalar(
            select(Conversation)
            .where(Conversation.id == conversation_id, visibility.conversations_for(by))
            .with_for_update(key_share=True)
        )
        if conversation is None:
            raise NotFound("There is no such conversation, or it is not visible to you.")
        now = clock.now()
        waiting = session.scalars(
            select(Transcript).where(
                Transcript.conversation_id == conversation_id, Transcript.state == TranscriptState.DUE
            )
        ).all()
        if eligible.newest(conversation_id) is None and not waiting:
            raise Invalid("Every message of this conversation is noted already, or never left.")
        transcript = cutting.cut(conversation_id, asked=True)
        if transcript is None and not waiting:
            raise Invalid("There is no opportunity in Lever this conversation could be noted on.")
        for row in waiting:
            row.next_attempt_at = now
        audit.record("transcript.post_now", by=by, subject=f"conversation {conversation_id}")
        nudge(Job.TRANSCRIPTS, conversation_id)


def _in_state(transcript_id: int, by: User, *states: TranscriptState) -> Transcript:
    visible = select(Conversation.id).where(visibility.conversations_for(by))
    transcript = locks.transcript(Transcript.id == transcript_id, Transcript.conversation_id.in_(visible))
    if transcript is None:
        raise NotFound(HIDDEN)
    if transcript.state not in states:
        raise Conflict(DECIDED)
    return transcript


def _written_down(action: str, transcript: Transcript, by: User) -> None:
    audit.record(action, by=by, subject=transcript.reference)
    nudge(Job.TRANSCRIPTS, transcript.conversation_id)
