"""Which interviews may be changed from here: those made here. Lever lets its API change only what came through it."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from sqlalchemy import or_, select

from grayscale import clock
from grayscale.domain.interviews.terms import Terms, mark_of
from grayscale.extensions import db
from grayscale.models import ChangeKind, ChangeState, Interview, InterviewChange

MANAGED_IN_LEVER = (
    "It was scheduled in Lever, and Lever lets nobody but itself change such an interview. Change it there."
)
#: How long after a change was called the mirror's news of it is news of that change.
JUST_NOW = timedelta(minutes=15)
CANCELLED = "This interview is cancelled."
NO_START = "Lever tells no start for this interview. Change it there."


def made_here(interviews: Iterable[Interview]) -> set[str]:
    """The Lever ids of those that were made here: an intent says so, or the reference in their note."""
    rows = list(interviews)
    found = set(
        db.session.scalars(
            select(InterviewChange.interview_lever_id).where(
                InterviewChange.kind == ChangeKind.CREATE,
                InterviewChange.state == ChangeState.DONE,
                InterviewChange.interview_lever_id.in_([row.lever_id for row in rows]),
            )
        )
    )
    return {row.lever_id for row in rows if row.lever_id in found or mark_of(row.note)}


def why_not(interview: Interview) -> str | None:
    """Why this interview cannot be changed from here; None when it can."""
    if interview.lever_id not in made_here([interview]):
        return MANAGED_IN_LEVER
    if interview.canceled_at is not None:
        return CANCELLED
    return NO_START if interview.starts_at is None else None


def whose(lever_id: str, note: str, kind: ChangeKind, starts_at: datetime) -> str | None:
    """Whose change made this of an interview, in words for a line of history; None for what came from Lever.

    *kind* is what happened, *starts_at* the start it has now: two changes soon after another each have their author.
    """
    change = db.session.scalar(
        select(InterviewChange)
        .where(
            or_(InterviewChange.interview_lever_id == lever_id, InterviewChange.reference == mark_of(note)),
            InterviewChange.kind == kind,
            InterviewChange.state.in_((ChangeState.SENDING, ChangeState.CHECKING, ChangeState.DONE)),
            InterviewChange.called_at > clock.now() - JUST_NOW,
        )
        .order_by(InterviewChange.id.desc())
        .limit(1)
    )
    if change is None:
        return None
    if kind is not ChangeKind.CANCEL and Terms.load({**change.seen, **change.wanted}).starts_at != starts_at:
        return None
    if change.by_candidate:
        return "by the candidate"
    return f"by {change.by.name}" if change.by else "from here"
