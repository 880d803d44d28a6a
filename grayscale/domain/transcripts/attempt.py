"""One attempt at a transcript: who holds it, what to call next, and how what came of it is written down.

A claim counts ``attempts`` up, and that number is the holder's ticket: whoever lost the transcript to a later claim
writes nothing any more, except that a comment did arrive.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from grayscale import clock
from grayscale.database import transaction
from grayscale.domain import changes, locks
from grayscale.domain.company import lever_integration
from grayscale.domain.transcripts import author
from grayscale.extensions import db
from grayscale.models import KeyState, Transcript, TranscriptPart, TranscriptState

#: Longer than one call can take: waiting for its turn (180 s in bulk), connecting and reading the answer (65 s).
LEASE = timedelta(minutes=5)
#: Waits between attempts that Lever put off: doubling from the first to the last.
FIRST_WAIT = timedelta(seconds=15)
LONGEST_WAIT = timedelta(minutes=10)
#: After a call without an answer, before Lever's notes are looked at.
SETTLE = timedelta(seconds=10)

GONE = "The opportunity was deleted in Lever, so there is nowhere to note this."


@dataclass(frozen=True, slots=True)
class Hold:
    """A claimed transcript and the ticket of the claim."""

    transcript_id: int
    ticket: int


@dataclass(frozen=True, slots=True)
class Call:
    """The next comment to post. *thread* is the Note it belongs under, None for the first."""

    part_id: int
    number: int
    opportunity: str
    text: str
    thread: str | None
    perform_as: str | None
    notify_followers: bool
    # Whether it is on record already that the key may do this.
    is_known_to_be_allowed: bool


def held(hold: Hold) -> Transcript | None:
    """The transcript, if it still exists and this hold is the latest claim of it."""
    transcript = locks.transcript(Transcript.id == hold.transcript_id)
    if transcript is None or transcript.attempts != hold.ticket or transcript.lease_until is None:
        return None
    return transcript


def open_part(transcript: Transcript) -> TranscriptPart | None:
    """The comment whose turn it is."""
    return next((part for part in transcript.parts if part.posted_at is None), None)


def thread_of(transcript: Transcript) -> str | None:
    """The Note this transcript has begun."""
    return next((part.note_id for part in transcript.parts if part.note_id), None)


def begins_a_thread(transcript: Transcript) -> bool:
    """Whether the comment whose turn it is begins a Note that others are to join: they need to know its id."""
    return thread_of(transcript) is None and sum(part.posted_at is None for part in transcript.parts) > 1


def begin(hold: Hold) -> Call | None:
    """Commit that the next comment is about to be called; from here on its outcome is unknown until proven.

    None when nothing is to be called: it is complete, lost to another claim, its opportunity is gone, or there is no
    key to call with.
    """
    with transaction():
        transcript = held(hold)
        if transcript is None:
            return None
        part = open_part(transcript)
        if part is None:
            complete(transcript)
            return None
        if transcript.opportunity_id is None or transcript.opportunity_lever_id is None:
            skip(transcript)
            return None
        integration, now = lever_integration(), clock.now()
        if not integration.api_key or integration.key_state is KeyState.REFUSED:
            release(transcript, TranscriptState.DUE, now + wait_of(transcript.attempts), integration.key_error)
            return None
        part.called_at = now
        part.absent_since = None
        transcript.state = TranscriptState.POSTING
        transcript.lease_until = now + LEASE
        return Call(
            part_id=part.id,
            number=part.number,
            opportunity=transcript.opportunity_lever_id,
            text=part.text,
            thread=thread_of(transcript),
            perform_as=author.perform_as(),
            notify_followers=integration.notify_followers,
            is_known_to_be_allowed=integration.permissions.get("create_note") == "granted",
        )


def renew(hold: Hold) -> bool:
    """A second call follows the first: the lease begins anew. False when the transcript was lost meanwhile."""
    with transaction():
        transcript = held(hold)
        if transcript is None:
            return False
        transcript.lease_until = clock.now() + LEASE
        return True


def arrived(hold: Hold, part_id: int, note_id: str | None) -> bool:
    """The comment is in Lever. Written even by a holder who lost the transcript, for it is a fact.

    Answers whether this hold has another comment to post.
    """
    with transaction():
        part = db.session.get(TranscriptPart, part_id, populate_existing=True)
        if part is None:
            return False
        if part.posted_at is None:
            part.note_id = note_id
            part.posted_at = clock.now()
        transcript = held(hold)
        if transcript is None:
            return False
        if open_part(transcript) is not None:
            return True
        complete(transcript)
        return False


def put_off(hold: Hold, reason: str, *, after: float | None = None) -> None:
    """Nothing happened in Lever; try again in *after* seconds, or when the waits say so."""
    with transaction():
        transcript = held(hold)
        if transcript is None:
            return
        forget_call(transcript)
        wait = max(timedelta(seconds=after or 0), wait_of(transcript.attempts))
        release(transcript, TranscriptState.DUE, clock.now() + wait, reason)


def unknown(hold: Hold, reason: str) -> None:
    """The call ended without an answer: look before doing anything again."""
    with transaction():
        transcript = held(hold)
        if transcript is not None:
            release(transcript, TranscriptState.CHECKING, clock.now() + SETTLE, reason)


def refused(hold: Hold, reason: str, *, thread_is_gone: bool = False) -> None:
    """Lever said no, and would again: parked until a person tries it.

    When the begun Note is gone from Lever, what is left of the transcript will begin another.
    """
    with transaction():
        transcript = held(hold)
        if transcript is not None:
            forget_call(transcript)
            if thread_is_gone:
                for part in transcript.parts:
                    part.note_id = None
            release(transcript, TranscriptState.FAILED, clock.now(), reason)


def release(transcript: Transcript, state: TranscriptState, next_attempt_at: datetime, reason: str | None) -> None:
    """Give a transcript back in *state*, inside the caller's transaction."""
    transcript.state = state
    transcript.next_attempt_at = next_attempt_at
    transcript.lease_until = None
    transcript.error = reason
    changes.touch([transcript.conversation_id])


def skip(transcript: Transcript) -> None:
    """Its opportunity is gone; the text goes too."""
    for part in transcript.parts:
        part.text = ""
    release(transcript, TranscriptState.SKIPPED, clock.now(), GONE)


def wait_of(attempts: int) -> timedelta:
    """How long to wait after this many attempts."""
    return min(LONGEST_WAIT, FIRST_WAIT * 2 ** min(max(attempts - 1, 0), 10))


def forget_call(transcript: Transcript) -> None:
    """The comment whose turn it is is known not to be in Lever."""
    part = open_part(transcript)
    if part is not None:
        part.called_at = None
        part.absent_since = None


def complete(transcript: Transcript) -> None:
    """Every comment is in Lever."""
    now = clock.now()
    for part in transcript.parts:
        part.text = ""  # Lever has it; the messages themselves stay in the thread
    transcript.posted_at = now
    release(transcript, TranscriptState.POSTED, now, None)
