"""What a person may decide about a change that Lever refused or whose outcome cannot be looked up."""

from sqlalchemy import select

from grayscale import clock
from grayscale.database import transaction
from grayscale.domain import audit, visibility
from grayscale.domain.errors import Conflict, NotFound
from grayscale.domain.interviews import attempt
from grayscale.domain.interviews.terms import Terms
from grayscale.domain.nudges import Job, nudge
from grayscale.extensions import db
from grayscale.models import (
    OPEN_CHANGES,
    ChangeKind,
    ChangeState,
    Interview,
    InterviewChange,
    Opportunity,
    User,
)

HIDDEN = "There is no such change of an interview, or it is not visible to you."
DECIDED = "That was decided meanwhile; nothing was changed."


def try_again(change_id: int, by: User) -> None:
    """Do what Lever refused once more; over what somebody changed meanwhile, for the person has read it.

    Raises ``NotFound``, ``Conflict``.
    """
    with transaction():
        change = _in_state(change_id, by, ChangeState.FAILED, ChangeState.UNSURE, ChangeState.PENDING)
        if change.state is ChangeState.FAILED and change.kind is not ChangeKind.CREATE:
            _base_on_now(change)
        change.called_at = None
        change.absent_since = None
        attempt.release(change, ChangeState.PENDING, clock.now(), None)
        audit.record("interview.try_again", by=by, subject=change.reference)
        nudge(Job.INTERVIEWS, change.id)


def is_in_lever(change_id: int, by: User) -> None:
    """The person looked: what was in doubt happened. Raises ``NotFound``, ``Conflict``."""
    with transaction():
        change = _in_state(change_id, by, ChangeState.UNSURE)
        attempt.settle(change, ChangeState.DONE, None)
        audit.record("interview.is_in_lever", by=by, subject=change.reference)


def drop(change_id: int, by: User) -> None:
    """Give up what is not in Lever: refused, or waiting and never called. Raises ``NotFound``, ``Conflict``."""
    with transaction():
        change = _in_state(change_id, by, ChangeState.FAILED, ChangeState.PENDING)
        attempt.settle(change, ChangeState.DROPPED, change.error)
        audit.record("interview.dropped", by=by, subject=change.reference)


def require(change_id: int, candidate_id: int | None) -> None:
    """Raises ``NotFound`` unless the change is of an interview of this candidate."""
    of = select(InterviewChange.id).join(Opportunity, Opportunity.id == InterviewChange.opportunity_id)
    if db.session.scalar(of.where(InterviewChange.id == change_id, Opportunity.candidate_id == candidate_id)) is None:
        raise NotFound(HIDDEN)


def _in_state(change_id: int, by: User, *states: ChangeState) -> InterviewChange:
    visible = select(Opportunity.id).where(visibility.opportunities_for(by))
    change = attempt.take(InterviewChange.id == change_id, InterviewChange.opportunity_id.in_(visible))
    if change is None:
        raise NotFound(HIDDEN)
    under_way = change.lease_until is not None and change.lease_until > clock.now()
    if change.state not in states or under_way:
        raise Conflict(DECIDED)
    return change


def _base_on_now(change: InterviewChange) -> None:
    other = db.session.scalar(
        select(InterviewChange.id).where(
            InterviewChange.interview_lever_id == change.interview_lever_id,
            InterviewChange.id != change.id,
            InterviewChange.kind != ChangeKind.CREATE,
            InterviewChange.state.in_(OPEN_CHANGES),
        )
    )
    if other is not None:
        raise Conflict("Somebody is changing this interview right now. Try again in a moment.")
    interview = db.session.scalar(select(Interview).where(Interview.lever_id == change.interview_lever_id))
    if interview is not None and interview.starts_at is not None:
        change.seen = Terms.of(interview).dump()
