"""Posting what is due: intent, call, outcome, one comment at a time and each at most once without proof."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from flask import current_app
from sqlalchemy import ColumnElement, and_, exists, or_, select

from grayscale import clock
from grayscale.clients.errors import Forbidden, NotAuthorised, NotFound, Permanent, Retryable, UnknownOutcome
from grayscale.clients.lever.client import LeverClient
from grayscale.clients.lever.limits import Priority
from grayscale.clients.lever.types import Note
from grayscale.database import end_read, transaction
from grayscale.domain import leases
from grayscale.domain.lever import connection, permissions
from grayscale.domain.transcripts import attempt, author, checking
from grayscale.domain.transcripts.attempt import LEASE, Call, Hold
from grayscale.domain.transcripts.cutting import cut_due
from grayscale.extensions import db
from grayscale.logging import get_logger
from grayscale.models import OPEN_TRANSCRIPTS, Transcript, TranscriptState

log = get_logger(__name__)

#: Transcripts claimed in one round: what a few seconds of Lever's rate can take.
BATCH = 40
#: Calls under way at once: enough to use 10 requests a second at half a second each.
AT_ONCE = 6
#: More than so many due at once is a backlog, which lets people's own calls go first.
LIVE_AT_MOST = 5
NAME_A_USER = (
    "Lever wants to know whose Note it is and refuses one from the API key itself. Choose a Lever user under"
    " 'Post notes as' in the Lever settings, then try again."
)
NO_OPPORTUNITY = (
    "Lever does not know this opportunity (404). If it was deleted there, this says so by itself within minutes."
)
THREAD_IS_GONE = (
    "The Note this transcript was begun with is no longer in Lever. Try again posts the rest as a Note of its own."
)


def post_due() -> int:
    """Make and post the transcripts that are due, and look up the ones in doubt. How many were worked on."""
    done = _skip_gone()
    if not connection.is_connected():
        end_read()
        return done + cut_due()
    done += checking.reopen_unsure()
    done += _work(_claim(TranscriptState.DUE), post, meanwhile=cut_due)
    return done + _work(_claim(TranscriptState.CHECKING), checking.check)


def _work(holds: list[Hold], act: Callable[[Hold, LeverClient], None], *, meanwhile: Callable[[], int] = int) -> int:
    """Do *act* with each, several at once, and *meanwhile* something that does not wait for Lever."""
    if not holds:
        return meanwhile()
    priority: Priority = "live" if len(holds) <= LIVE_AT_MOST else "bulk"
    client = _client(priority)
    if client is None:
        # It was taken away since the claim; the leases run out.
        return meanwhile()
    app = current_app._get_current_object()  # type: ignore[attr-defined]

    def run(hold: Hold) -> None:
        with app.app_context():
            try:
                act(hold, client)
            except Exception as error:
                # Its lease runs out, and what came of it is looked up; the others go on.
                log.error("a transcript could not be worked on", transcript=hold.transcript_id, exc_info=error)
            finally:
                db.session.remove()

    if min(len(holds), AT_ONCE) > 1:
        with ThreadPoolExecutor(AT_ONCE) as pool:
            under_way = [pool.submit(run, hold) for hold in holds]
            done = meanwhile()
        for future in under_way:
            future.result()
        return done + len(holds)
    for hold in holds:
        run(hold)
    return meanwhile() + len(holds)


def _client(priority: Priority) -> LeverClient | None:
    try:
        return connection.client(priority)
    except connection.NotConnected:
        return None


def _claim(state: TranscriptState) -> list[Hold]:
    earlier = db.aliased(Transcript)
    first_of_its_conversation = ~exists(
        select(earlier.id).where(
            earlier.conversation_id == Transcript.conversation_id,
            earlier.id < Transcript.id,
            earlier.state.in_(OPEN_TRANSCRIPTS),
        )
    )
    due = (_is_in(state), Transcript.next_attempt_at <= clock.now(), first_of_its_conversation)
    if db.session.scalar(select(Transcript.id).where(*due).limit(1)) is None:
        return []  # most ticks: nobody waits for the database's one writer
    ids = leases.claim(
        Transcript,
        *due,
        order_by=Transcript.next_attempt_at,
        limit=BATCH,
        lease=LEASE,
    )
    rows = db.session.execute(select(Transcript.id, Transcript.attempts).where(Transcript.id.in_(ids))).all()
    end_read()
    return [Hold(row.id, row.attempts) for row in rows]


def _is_in(state: TranscriptState) -> ColumnElement[bool]:
    if state is TranscriptState.CHECKING:
        # Posting without a live lease: whoever called it is gone, and what came of it is unknown.
        return Transcript.state.in_((TranscriptState.CHECKING, TranscriptState.POSTING))
    return Transcript.state == state


def post(hold: Hold, client: LeverClient) -> None:
    """Post the comments of one transcript that are not in Lever yet, in order."""
    while (call := attempt.begin(hold)) is not None:
        try:
            note, refusal = _create(hold, client, call)
        except UnknownOutcome as error:
            return attempt.unknown(hold, error.message)
        except Retryable as error:
            return attempt.put_off(hold, error.message, after=error.retry_after)
        except NotAuthorised as error:
            connection.note_refused(error)
            return attempt.put_off(hold, error.message)
        except Permanent as error:
            return _refused(hold, call, error)
        goes_on = attempt.arrived(hold, call.part_id, note.id)
        if not call.is_known_to_be_allowed:
            permissions.learn("create_note", granted=True)
        author.tell(call.perform_as, refusal)
        if not goes_on:
            return None
    return None


def _create(hold: Hold, client: LeverClient, call: Call) -> tuple[Note, str | None]:
    """Post one comment. When the chosen author is refused, which is known not to have happened, the key itself
    posts it; the refusal is then the second value."""
    if call.perform_as is None:
        return _send(client, call, None), None
    try:
        return _send(client, call, call.perform_as), None
    except NotAuthorised:
        raise
    except Permanent as refusal:
        if not attempt.renew(hold):
            raise Retryable("Another process took this transcript over.") from refusal
        try:
            return _send(client, call, None), refusal.message
        except UnknownOutcome:
            author.tell(call.perform_as, refusal.message)  # if it is in Lever, then under the key's own name
            raise


def _send(client: LeverClient, call: Call, perform_as: str | None) -> Note:
    end_read()
    return client.create_note(
        call.opportunity,
        call.text,
        perform_as=perform_as,
        note_id=call.thread,
        notify_followers=call.notify_followers,
    )


def _refused(hold: Hold, call: Call, error: Permanent) -> None:
    if "missing required parameter: perform_as" in error.message.lower():
        attempt.refused(hold, NAME_A_USER)
    elif isinstance(error, NotFound) and call.thread:
        attempt.refused(hold, THREAD_IS_GONE, thread_is_gone=True)
    elif isinstance(error, NotFound):
        attempt.refused(hold, NO_OPPORTUNITY)
    else:
        attempt.refused(hold, error.message)
    if isinstance(error, Forbidden):
        permissions.learn("create_note", granted=False)


def _skip_gone() -> int:
    """End the transcripts whose opportunity was deleted in Lever before they were posted."""
    gone = and_(
        Transcript.opportunity_id.is_(None),
        or_(
            Transcript.state.in_((TranscriptState.FAILED, TranscriptState.UNSURE)),
            and_(
                Transcript.state.in_(OPEN_TRANSCRIPTS),
                or_(Transcript.lease_until.is_(None), Transcript.lease_until < clock.now()),
            ),
        ),
    )
    if db.session.scalar(select(Transcript.id).where(gone).limit(1)) is None:
        return 0
    with transaction() as session:
        some = select(Transcript).where(gone).limit(BATCH).with_for_update(skip_locked=True, key_share=True)
        rows = session.scalars(some).all()
        for transcript in rows:
            attempt.skip(transcript)
    return len(rows)
