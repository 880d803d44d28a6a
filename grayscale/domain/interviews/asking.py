"""Scheduling, moving and cancelling interviews: each writes down what is wanted and nudges the job that does it.

Asking twice with one reference is asking once. Nothing here calls Lever.
"""

from dataclasses import replace
from datetime import timedelta
from zoneinfo import available_timezones

from sqlalchemy import select

from grayscale import clock
from grayscale.database import transaction
from grayscale.domain import audit, changes, visibility
from grayscale.domain.errors import Conflict, Invalid, NotFound
from grayscale.domain.interviews import acting, clashes, ours, people
from grayscale.domain.interviews.terms import REFERENCE, Terms, differing, merged, touched
from grayscale.domain.nudges import Job, nudge
from grayscale.extensions import db
from grayscale.models import (
    OPEN_CHANGES,
    ChangeKind,
    ChangeState,
    Conversation,
    Interview,
    InterviewChange,
    Opportunity,
    User,
)

LONGEST_MINUTES = 24 * 60
FARTHEST = timedelta(days=2 * 366)
LONGEST = {"subject": 200, "location": 1000, "note": 5000}
HIDDEN = "There is no such opportunity, or it is not visible to you."
HIDDEN_INTERVIEW = "There is no such interview, or it is not visible to you."


class ChangedMeanwhile(Conflict):
    """Somebody changed the interview since it was shown; nothing was changed by this request.

    *seen* is what was shown, *now* what it is; a person who has read both may ask again with *now* as what they saw.
    """

    def __init__(self, seen: Terms, now: Terms) -> None:
        super().__init__("This interview was changed while you were editing it. Nothing of yours was written yet.")
        self.seen = seen
        self.now = now


def schedule(
    opportunity_id: int,
    terms: Terms,
    *,
    by: User,
    reference: str,
    perform_as: str | None = None,
    by_candidate: bool = False,
    anyway: bool = False,
) -> InterviewChange:
    """Intend a new interview of an opportunity; the job makes it in Lever as the user *perform_as*.

    Without *perform_as* it is made as the best guess for *by*. *by_candidate* says that the candidate chose among what
    *by* offered. Raises ``NotFound`` (also for what *by* may not see), ``Invalid``, and ``Clash`` unless *anyway*.
    """
    with transaction() as session:
        if (asked := _asked_before(reference, opportunity_id)) is not None:
            return asked
        opportunity = session.scalar(
            select(Opportunity).where(Opportunity.id == opportunity_id, visibility.opportunities_for(by))
        )
        if opportunity is None:
            raise NotFound(HIDDEN)
        if opportunity.anonymized or opportunity.is_archived:
            raise Invalid("This opportunity is archived in Lever. Make it active there first.")
        terms = checked(terms)
        if not anyway:
            clashes.check(terms)
        change = _intend(
            opportunity, ChangeKind.CREATE, reference, by,
            perform_as=acting.chosen(opportunity, by, perform_as), by_candidate=by_candidate,
        )
        change.wanted = terms.dump()
        return _ask(change, by)


def move(
    interview_id: int,
    terms: Terms,
    *,
    by: User,
    reference: str,
    seen: Terms | None = None,
    perform_as: str | None = None,
    by_candidate: bool = False,
    anyway: bool = False,
) -> InterviewChange:
    """Intend that an interview made here becomes *terms*: another time, or anything else changed.

    *seen* is what the person was shown; only what they changed of it is written. None takes the interview as it is
    stored now. Raises ``ChangedMeanwhile``, ``Conflict`` while another change is under way, ``NotFound``, ``Invalid``,
    and ``Clash`` unless *anyway*.
    """
    with transaction():
        interview = _interview(interview_id, by)
        if (asked := _asked_before(reference, interview.opportunity_id)) is not None:
            return asked
        now = _standing(interview, seen)
        wanted = touched(now, terms)
        if not wanted:
            raise Invalid("Nothing was changed.")
        becomes = checked(merged(now, wanted), had=now)
        if not anyway and {"starts_at", "duration_minutes", "interviewers"} & wanted.keys():
            clashes.check(becomes, but=interview.lever_id)
        change = _intend(
            interview.opportunity, ChangeKind.UPDATE, reference, by,
            perform_as=acting.chosen(interview.opportunity, by, perform_as), by_candidate=by_candidate,
        )
        change.interview_lever_id = interview.lever_id
        change.wanted = {name: becomes.dump()[name] for name in differing(now, becomes)}
        change.seen = now.dump()
        return _ask(change, by)


def cancel(
    interview_id: int,
    *,
    by: User,
    reference: str,
    seen: Terms | None = None,
    perform_as: str | None = None,
    by_candidate: bool = False,
) -> InterviewChange:
    """Intend that an interview made here does not take place. Raises as ``move`` does."""
    with transaction():
        interview = _interview(interview_id, by)
        if (asked := _asked_before(reference, interview.opportunity_id)) is not None:
            return asked
        now = _standing(interview, seen)
        change = _intend(
            interview.opportunity, ChangeKind.CANCEL, reference, by,
            perform_as=acting.chosen(interview.opportunity, by, perform_as), by_candidate=by_candidate,
        )
        change.interview_lever_id = interview.lever_id
        change.seen = now.dump()
        return _ask(change, by)


def checked(terms: Terms, *, had: Terms | None = None) -> Terms:
    """*terms* fit to be written; what they have in common with *had* is left alone. Raises ``Invalid``."""
    terms = replace(
        terms,
        interviewers=tuple(dict.fromkeys(terms.interviewers)),
        **{name: getattr(terms, name).replace("\r\n", "\n").strip() for name in LONGEST},
    )
    changed = set(differing(had, terms)) if had is not None else set(LONGEST) | {
        "starts_at", "duration_minutes", "interviewers", "time_zone"
    }
    if "starts_at" in changed and terms.starts_at <= clock.now():
        raise Invalid("That time has passed. Choose one ahead.", "date")
    if "starts_at" in changed and terms.starts_at > clock.now() + FARTHEST:
        raise Invalid("Choose a date within the next two years.", "date")
    if "duration_minutes" in changed and not 1 <= terms.duration_minutes <= LONGEST_MINUTES:
        raise Invalid("An interview lasts between 1 minute and 24 hours.", "duration")
    if "time_zone" in changed and terms.time_zone not in available_timezones():
        raise Invalid("Choose a time zone.", "zone")
    if "interviewers" in changed:
        _check_people(terms, had)
    for name in changed & LONGEST.keys():
        if len(getattr(terms, name)) > LONGEST[name]:
            raise Invalid(f"At most {LONGEST[name]:,} characters.", name)
    return terms


def _check_people(terms: Terms, had: Terms | None) -> None:
    if not terms.interviewers:
        raise Invalid("Choose at least one interviewer.", "interviewers")
    added = set(terms.interviewers) - set(had.interviewers if had else ())
    active = {user.lever_id for user in people.known(added) if user.deactivated_at is None}
    if added - active:
        raise Invalid("An interviewer is not active in Lever any more. Choose somebody else.", "interviewers")


def _interview(interview_id: int, by: User) -> Interview:
    found = db.session.scalar(
        select(Interview)
        .join(Opportunity, Opportunity.id == Interview.opportunity_id)
        .where(Interview.id == interview_id, visibility.opportunities_for(by))
    )
    if found is None:
        raise NotFound(HIDDEN_INTERVIEW)
    return found


def _standing(interview: Interview, seen: Terms | None) -> Terms:
    """The interview as it is, once it is sure that it may be changed and that *seen* is what it is."""
    if (why := ours.why_not(interview)) is not None:
        raise Invalid(why)
    now = Terms.of(interview)
    if seen is not None and differing(seen, now):
        raise ChangedMeanwhile(seen, now)
    other = db.session.scalar(
        select(InterviewChange).where(
            InterviewChange.interview_lever_id == interview.lever_id,
            InterviewChange.kind != ChangeKind.CREATE,
            InterviewChange.state.in_(OPEN_CHANGES),
        )
    )
    if other is not None:
        who = other.by.name if other.by else "Somebody"
        doing = "cancelling" if other.kind is ChangeKind.CANCEL else "changing"
        raise Conflict(f"{who} is {doing} this interview right now. Nothing of yours was written.")
    return now


def _asked_before(reference: str, opportunity_id: int) -> InterviewChange | None:
    if not REFERENCE.fullmatch(reference):
        raise Invalid("The form did not come back whole. Open it again.")
    found = db.session.scalar(select(InterviewChange).where(InterviewChange.reference == reference))
    if found is not None and found.opportunity_id != opportunity_id:
        raise Invalid("The form did not come back whole. Open it again.")
    return found


def _intend(
    opportunity: Opportunity, kind: ChangeKind, reference: str, by: User, *, perform_as: str, by_candidate: bool
) -> InterviewChange:
    now = clock.now()
    return InterviewChange(
        opportunity_id=opportunity.id, kind=kind, reference=reference, perform_as=perform_as, by_id=by.id,
        by_candidate=by_candidate, state=ChangeState.PENDING, next_attempt_at=now, created_at=now,
    )


def _ask(change: InterviewChange, by: User) -> InterviewChange:
    db.session.add(change)
    db.session.flush()
    audit.record(f"interview.{change.kind}_asked", by=by, subject=change.reference)
    touch(change)
    nudge(Job.INTERVIEWS, change.id)
    return change


def touch(change: InterviewChange) -> None:
    """Show the change where its opportunity's candidate is shown."""
    candidate = select(Opportunity.candidate_id).where(Opportunity.id == change.opportunity_id).scalar_subquery()
    changes.touch(db.session.scalars(select(Conversation.id).where(Conversation.candidate_id == candidate)))
