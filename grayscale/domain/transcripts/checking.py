"""Finding out whether a comment whose call had no answer is in Lever, by its reference.

Lever may carry out a request after it stopped waiting with us, and may show a new note late. That a comment is not
there is therefore believed only when it was missing twice, ``PROOF`` apart, which is longer than a call may take.
"""

from dataclasses import dataclass
from datetime import timedelta
from typing import Literal

from sqlalchemy import select

from grayscale import clock
from grayscale.clients.errors import ClientError, Forbidden, NotAuthorised, NotFound, Retryable
from grayscale.clients.lever.client import LeverClient
from grayscale.clients.lever.types import Note
from grayscale.database import end_read, transaction
from grayscale.domain.lever import connection, permissions
from grayscale.domain.transcripts import attempt
from grayscale.domain.transcripts.attempt import Hold, held, open_part
from grayscale.domain.transcripts.rendering import bears, marker
from grayscale.extensions import db
from grayscale.models import Transcript, TranscriptState

#: Time between the two looks that together prove a comment absent.
PROOF = timedelta(seconds=120)
#: Notes of one opportunity read at the most; more than a person's file ever holds.
MOST_PAGES = 50

MAY_NOT_LOOK = (
    "Lever's answer was lost, and this API key may not list notes, so whether the Note arrived cannot be looked up."
)
REST_WAITS = " The rest of this transcript belongs under that Note and waits until it is known."
LOOKED_IN_VAIN = "Lever's answer was lost. The opportunity's notes did not show it yet; they are read once more."


@dataclass(frozen=True, slots=True)
class Question:
    """Which comment to look for on which opportunity; *thread* is the Note it was added to, None when it begins one."""

    opportunity: str
    mark: str
    part_id: int
    thread: str | None


def check(hold: Hold, client: LeverClient) -> None:
    """Adopt the comment in doubt, prove it absent, or hand it to a person.

    A comment on a Note that is known is looked for there, which the guide's key may do; one that begins a Note only
    among all notes of the opportunity.
    """
    question = _question(hold)
    if question is None:
        return
    look = _way_to_look(question)
    end_read()
    if look is None:
        _leave_to_people(hold)
        return
    try:
        note = (
            find(client, question.opportunity, question.mark)
            if look == "list_notes"
            else read(client, question.opportunity, question.thread or "", question.mark)
        )
    except Forbidden:
        permissions.learn(look, granted=False)
        _look_again_otherwise(hold, question)
    except ClientError as error:
        if isinstance(error, NotAuthorised):
            connection.note_refused(error)
        _look_again(hold, error)
    else:
        permissions.learn(look, granted=True)
        if note is None:
            _absent(hold)
        else:
            attempt.arrived(hold, question.part_id, note.id)
            _go_on(hold)


def _way_to_look(question: Question) -> Literal["get_note", "list_notes"] | None:
    if question.thread and permissions.may("get_note") is not False:
        return "get_note"
    return "list_notes" if permissions.may("list_notes") is not False else None


def read(client: LeverClient, opportunity: str, note_id: str, mark: str) -> Note | None:
    """The Note of that id, if it is there and bears *mark*. Raises the client's errors."""
    try:
        note = client.get_note(opportunity, note_id)
    except NotFound:
        return None
    return note if any(bears(comment.value, mark) for comment in note.comments) else None


def reopen_unsure() -> int:
    """Look up what people were asked about, once there is a key that may list notes or was not asked to yet. How many
    were taken up."""
    unsure = Transcript.state == TranscriptState.UNSURE
    one = db.session.scalar(select(Transcript.id).where(unsure).limit(1))
    if one is None or permissions.may("list_notes") is False:
        return 0
    with transaction() as session:
        some = select(Transcript).where(unsure).limit(500).with_for_update(skip_locked=True, key_share=True)
        rows = session.scalars(some).all()
        for transcript in rows:
            attempt.release(transcript, TranscriptState.CHECKING, clock.now(), transcript.error)
    return len(rows)


def find(client: LeverClient, opportunity: str, mark: str) -> Note | None:
    """The note of an opportunity with a comment that bears *mark*. Raises the client's errors."""
    offset = None
    for _ in range(MOST_PAGES):
        page = client.list_notes(opportunity, offset=offset)
        for note in page.data:
            if any(bears(comment.value, mark) for comment in note.comments):
                return note
        offset = page.next_offset
        if offset is None:
            return None
    raise Retryable("Lever lists more notes of this opportunity than can be read.")


def _question(hold: Hold) -> Question | None:
    """What is in doubt; None when nothing of this transcript is."""
    with transaction():
        transcript = held(hold)
        if transcript is None:
            return None
        part = open_part(transcript)
        if transcript.opportunity_lever_id is None:
            attempt.skip(transcript)
            return None
        if part is None or part.called_at is None:
            # Killed between two comments, or after the last one: nothing is in doubt.
            attempt.release(transcript, TranscriptState.DUE, clock.now(), transcript.error)
            return None
        transcript.state = TranscriptState.CHECKING
        mark = mark_of(transcript, part.number)
        return Question(transcript.opportunity_lever_id, mark, part.id, attempt.thread_of(transcript))


def mark_of(transcript: Transcript, number: int) -> str:
    return marker(transcript.reference, number, len(transcript.parts))


def _absent(hold: Hold) -> None:
    with transaction():
        transcript = held(hold)
        part = open_part(transcript) if transcript else None
        if transcript is None or part is None:
            return
        now = clock.now()
        if part.absent_since is None:
            part.absent_since = now
        if now - part.absent_since < PROOF:
            attempt.release(transcript, TranscriptState.CHECKING, part.absent_since + PROOF, LOOKED_IN_VAIN)
            return
        part.called_at = None
        part.absent_since = None
        attempt.release(transcript, TranscriptState.DUE, now, None)


def _go_on(hold: Hold) -> None:
    """The comment was found; the ones after it are due."""
    with transaction():
        transcript = held(hold)
        if transcript is not None and open_part(transcript) is not None:
            attempt.release(transcript, TranscriptState.DUE, clock.now(), None)


def _leave_to_people(hold: Hold) -> None:
    with transaction():
        transcript = held(hold)
        if transcript is not None:
            reason = MAY_NOT_LOOK + (REST_WAITS if attempt.begins_a_thread(transcript) else "")
            attempt.release(transcript, TranscriptState.UNSURE, clock.now(), reason)


def _look_again_otherwise(hold: Hold, question: Question) -> None:
    """One way to look is closed; the other one is taken at once, if there is one."""
    if _way_to_look(question) is None:
        _leave_to_people(hold)
        return
    with transaction():
        transcript = held(hold)
        if transcript is not None:
            attempt.release(transcript, TranscriptState.CHECKING, clock.now(), transcript.error)


def _look_again(hold: Hold, error: ClientError) -> None:
    with transaction():
        transcript = held(hold)
        if transcript is not None:
            wait = attempt.wait_of(transcript.attempts)
            attempt.release(transcript, TranscriptState.CHECKING, clock.now() + wait, error.message)
