"""The job that does in Lever what people want of interviews: intent, call, outcome."""

from concurrent.futures import ThreadPoolExecutor

from flask import current_app
from sqlalchemy import ColumnElement, select

from grayscale import clock
from grayscale.clients.errors import ClientError, NotAuthorised, NotFound, Retryable, UnknownOutcome
from grayscale.clients.lever.client import LeverClient
from grayscale.database import end_read
from grayscale.domain import leases
from grayscale.domain.errors import DomainError
from grayscale.domain.interviews import altering, attempt, making
from grayscale.domain.interviews.attempt import Hold
from grayscale.domain.lever import connection, refresh
from grayscale.domain.transcripts.attempt import LEASE
from grayscale.extensions import db
from grayscale.logging import get_logger
from grayscale.models import WORKED_ON, ChangeKind, ChangeState, InterviewChange, Opportunity, Via

log = get_logger(__name__)

BATCH = 12
AT_ONCE = 4


def work_due() -> int:
    """Do what is due, and look up what is in doubt. How many changes were worked on."""
    if db.session.scalar(select(InterviewChange.id).where(*_due()).limit(1)) is None or not connection.is_connected():
        end_read()
        return 0
    ids = leases.claim(
        InterviewChange, *_due(), order_by=InterviewChange.next_attempt_at, limit=BATCH, lease=LEASE
    )
    rows = db.session.execute(
        select(InterviewChange.id, InterviewChange.attempts).where(InterviewChange.id.in_(ids))
    ).all()
    end_read()
    holds = [Hold(row.id, row.attempts) for row in rows]
    if len(holds) == 1:
        _work(holds[0])
    elif holds:
        app = current_app._get_current_object()  # type: ignore[attr-defined]

        def apart(hold: Hold) -> None:
            with app.app_context():
                try:
                    _work(hold)
                finally:
                    db.session.remove()

        with ThreadPoolExecutor(AT_ONCE) as pool:
            list(pool.map(apart, holds))
    return len(holds)


def _due() -> tuple[ColumnElement[bool], ...]:
    return InterviewChange.state.in_(WORKED_ON), InterviewChange.next_attempt_at <= clock.now()


def _work(hold: Hold) -> None:
    """Nothing that goes wrong with one change stops the others: its lease runs out and it is looked up."""
    try:
        _do(hold, connection.client())
        _show(hold)
    except connection.NotConnected as error:
        attempt.put_off(hold, str(error), in_doubt=True)
    except Exception as error:
        log.error("a change of an interview could not be worked on", change=hold.change_id, exc_info=error)


def _do(hold: Hold, client: LeverClient) -> None:
    wish = attempt.read(hold)
    if wish is None:
        return
    if wish.kind is ChangeKind.CREATE and wish.called_at is not None:
        making.check(hold, wish, client)
        return
    try:
        (making.make if wish.kind is ChangeKind.CREATE else altering.run)(hold, wish, client)
    except UnknownOutcome as error:
        attempt.unknown(hold, error.message)
    except Retryable as error:
        attempt.put_off(hold, error.message, after=error.retry_after)
    except NotAuthorised as error:
        connection.note_refused(error)
        attempt.put_off(hold, error.message)
    except NotFound:
        attempt.refused(hold, making.NO_OPPORTUNITY)
    except ClientError as error:
        attempt.refused(hold, error.message)


def _show(hold: Hold) -> None:
    """Bring the opportunity's interviews up to date with what was just settled. Best effort: a webhook or the poll does
    it too."""
    opportunity = db.session.scalar(
        select(Opportunity.lever_id)
        .join(InterviewChange, InterviewChange.opportunity_id == Opportunity.id)
        .where(
            InterviewChange.id == hold.change_id,
            InterviewChange.state.in_((ChangeState.DONE, ChangeState.FAILED)),
        )
    )
    end_read()
    if opportunity is None:
        return
    try:
        refresh.interviews(opportunity, Via.DEMAND)
    except (ClientError, DomainError) as error:
        log.info("interviews could not be listed after a change", reason=str(error))
