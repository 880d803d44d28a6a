"""Which interviews may be changed from here: those made here. Lever lets its API change only what came through it."""

from collections.abc import Iterable
from datetime import timedelta

from sqlalchemy import or_, select

from grayscale import clock
from grayscale.domain.interviews.terms import mark_of
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


def whose(lever_id: str, note: str) -> str | None:
    """Whose change of this interview is under way or was just done, in words for a line of history; None for a change
    that came from Lever."""
    change = db.session.scalar(
        select(InterviewChange)
        .where(
            or_(
                InterviewChange.interview_lever_id == lever_id,
                InterviewChange.reference == mark_of(note),
            ),
            InterviewChange.called_at > clock.now() - JUST_NOW,
        )
        .order_by(InterviewChange.id.desc())
        .limit(1)
    )
    if change is None:
        return None
    if change.by_candidate:
        return "by the candidate"
    return f"by {change.by.name}" if change.by else "from here"
