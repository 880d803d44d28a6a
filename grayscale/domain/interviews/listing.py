"""The interviews of a candidate as recruiters read them: what comes, what was, what is being done, what went wrong."""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from sqlalchemy import bindparam, select
from sqlalchemy.orm import joinedload

from grayscale import clock
from grayscale.domain import visibility
from grayscale.domain.errors import Invalid, NotFound
from grayscale.domain.interviews import asking, ours, people
from grayscale.domain.interviews.terms import Terms, mark_of, merged
from grayscale.extensions import db
from grayscale.models import (
    WORKED_ON,
    ChangeKind,
    ChangeState,
    Conversation,
    Interview,
    InterviewChange,
    Opportunity,
    User,
)
from grayscale.reading import Reading

#: How long after it was done a change offers to text the candidate about it.
OFFER = timedelta(hours=24)
#: Changes of one opportunity looked at, newest first; more than its interviews ever see in a day.
KNOWN = 60


@dataclass(frozen=True, slots=True)
class Line:
    """One interview, or one to be. *becomes* is what it will be while *change* is under way or refused. *offer* names
    what the candidate could be texted: scheduled, moved, cancelled. *by* scheduled it."""

    interview: Interview | None
    terms: Terms | None
    names: tuple[str, ...]
    change: InterviewChange | None = None
    becomes: Terms | None = None
    why_not: str | None = None
    offer: str | None = None
    is_past: bool = False
    by: str | None = None

    @property
    def key(self) -> str:
        """Tells it from the others of a page."""
        return f"i{self.interview.id}" if self.interview else f"c{self.change.id if self.change else 0}"

    @property
    def subject(self) -> str:
        return (self.terms.subject.strip() if self.terms else "") or "Interview"

    @property
    def starts_at(self) -> datetime | None:
        return self.terms.starts_at if self.terms else None

    @property
    def is_canceled(self) -> bool:
        return self.interview is not None and self.interview.canceled_at is not None

    @property
    def is_under_way(self) -> bool:
        return self.change is not None and self.change.state in WORKED_ON

    @property
    def needs_a_person(self) -> bool:
        return self.change is not None and self.change.state in (ChangeState.FAILED, ChangeState.UNSURE)

    @property
    def may_drop(self) -> bool:
        return self.change is not None and self.change.called_at is None

    @property
    def made_here(self) -> bool:
        return self.interview is None or self.why_not != ours.MANAGED_IN_LEVER


@dataclass(frozen=True, slots=True)
class Agenda:
    """*coming* holds what is to take place and what needs a person, the soonest first; *past* what is over or
    cancelled, the latest first."""

    coming: list[Line] = field(default_factory=list)
    past: list[Line] = field(default_factory=list)


def agendas(opportunities: Iterable[Opportunity]) -> dict[int, Agenda]:
    """The agenda of each, by id. The caller has checked who may see them and loaded their interviews."""
    rows = list(opportunities)
    known = _changes([row.id for row in rows])
    lines = {row.id: _lines(row, known.get(row.id, [])) for row in rows}
    ids = {one for found in lines.values() for line in found for one in _people(line)}
    names = people.names(ids) if ids else {}
    return {row.id: _sorted(lines[row.id], names) for row in rows}


def opportunity_of(conversation: Conversation, opportunity_id: int, user: User) -> Opportunity:
    """An opportunity of the person a conversation is with. Raises ``NotFound`` also for what *user* may not see."""
    found = db.session.scalar(
        select(Opportunity).where(
            Opportunity.id == opportunity_id,
            Opportunity.candidate_id == conversation.candidate_id,
            visibility.opportunities_for(user),
        )
    )
    if found is None:
        raise NotFound(asking.HIDDEN)
    return found


def interview_of(conversation: Conversation, interview_id: int, user: User) -> Interview:
    """An interview of the person a conversation is with. Raises ``NotFound`` also for what *user* may not see."""
    found = db.session.scalar(
        select(Interview)
        .join(Opportunity, Opportunity.id == Interview.opportunity_id)
        .where(
            Interview.id == interview_id,
            Opportunity.candidate_id == conversation.candidate_id,
            visibility.opportunities_for(user),
        )
    )
    if found is None:
        raise NotFound(asking.HIDDEN_INTERVIEW)
    return found


def _changes(opportunity_ids: list[int]) -> dict[int, list[InterviewChange]]:
    found: dict[int, list[InterviewChange]] = {}
    if not any(_ANY_CHANGE.rows({"of": each}) for each in opportunity_ids):
        return found
    values = {"opportunities": opportunity_ids, "most": KNOWN * max(len(opportunity_ids), 1)}
    rows = db.session.scalars(_CHANGES, values)
    for row in rows:
        found.setdefault(row.opportunity_id, []).append(row)
    return found


# Most opportunities have none, and are looked at all day.
_ANY_CHANGE = Reading(select(InterviewChange.id).where(InterviewChange.opportunity_id == bindparam("of")).limit(1))
_CHANGES = (
    select(InterviewChange)
    .where(
        InterviewChange.opportunity_id.in_(bindparam("opportunities", expanding=True)),
        InterviewChange.state != ChangeState.DROPPED,
    )
    .options(joinedload(InterviewChange.by))
    .order_by(InterviewChange.id.desc())
    .limit(bindparam("most"))
)


def _lines(opportunity: Opportunity, changes: list[InterviewChange]) -> list[Line]:
    now = clock.now()
    made = {row.interview_lever_id: row for row in changes if row.kind is ChangeKind.CREATE and row.interview_lever_id}
    lines = [_of_interview(one, changes, made, now) for one in opportunity.interviews]
    shown = {one.lever_id for one in opportunity.interviews}
    for row in changes:
        if row.kind is not ChangeKind.CREATE or row.interview_lever_id in shown:
            continue
        is_fresh = row.done_at is not None and now - row.done_at < OFFER
        if row.state is ChangeState.DONE and not is_fresh:
            continue  # made and gone again before it was ever listed
        terms = _terms(row)
        if terms is not None:
            lines.append(Line(None, terms, (), change=row, by=_by(row)))
    return lines


def _of_interview(
    one: Interview, changes: list[InterviewChange], made: dict[str, InterviewChange], now: datetime
) -> Line:
    mine = [row for row in changes if row.interview_lever_id == one.lever_id]
    latest = mine[0] if mine else None
    here = one.lever_id in made or mark_of(one.note) is not None
    why_not = None
    if not here:
        why_not = ours.MANAGED_IN_LEVER
    elif one.canceled_at is not None:
        why_not = ours.CANCELLED
    elif one.starts_at is None:
        why_not = ours.NO_START
    terms = Terms.of(one) if one.starts_at is not None else None
    is_over = terms is not None and terms.ends_at < now
    pressing = latest if latest is not None and latest.state is not ChangeState.DONE else None
    if pressing is not None and one.canceled_at is not None and pressing.state is ChangeState.FAILED:
        pressing = None  # what was refused does not matter any more
    becomes = None
    if pressing is not None and pressing.kind is ChangeKind.UPDATE and terms is not None:
        becomes = merged(terms, pressing.wanted)
    return Line(
        one, terms, (), change=pressing, becomes=becomes, why_not=why_not,
        offer=_offer(mine, one, now) if here else None,
        is_past=(is_over or one.canceled_at is not None) and pressing is None, by=_by(made.get(one.lever_id)),
    )  # fmt: skip


def _offer(mine: list[InterviewChange], one: Interview, now: datetime) -> str | None:
    """What is news to the candidate of an interview written from here, the latest change first in *mine*."""
    recent = [row for row in mine if row.done_at is not None and now - row.done_at <= OFFER]
    if one.starts_at is None or one.starts_at < now or (mine and mine[0].state is not ChangeState.DONE):
        return None
    if one.canceled_at is not None:
        is_news = now - one.canceled_at <= OFFER and not (mine and mine[0].by_candidate)
        return "cancelled" if is_news else None
    for row in recent:
        if row.by_candidate or row.kind is ChangeKind.CANCEL:
            return None  # they did it and were told; or it goes in a moment
        if row.kind is ChangeKind.CREATE:
            return "scheduled"
        if row.kind is ChangeKind.UPDATE and "starts_at" in row.wanted:
            return "moved"
    return None


def _terms(row: InterviewChange) -> Terms | None:
    try:
        return Terms.load({**row.seen, **row.wanted})
    except Invalid:
        return None


def _by(row: InterviewChange | None) -> str | None:
    if row is None:
        return None
    if row.by_candidate:
        return "the candidate"
    return row.by.name if row.by else None


def _people(line: Line) -> tuple[str, ...]:
    """Whose names the mirror of Lever's users tells, because the interview does not."""
    if line.interview is None:
        return line.terms.interviewers if line.terms is not None else ()
    return tuple(str(person["id"]) for person in line.interview.interviewers if not person.get("name"))


def _sorted(lines: list[Line], names: dict[str, str]) -> Agenda:
    far = datetime.max.replace(tzinfo=clock.now().tzinfo)
    named = [_with_names(line, names) for line in lines]
    return Agenda(
        coming=sorted((line for line in named if not line.is_past), key=lambda line: line.starts_at or far),
        past=sorted(
            (line for line in named if line.is_past), key=lambda line: line.starts_at or far, reverse=True
        ),
    )


def _with_names(line: Line, names: dict[str, str]) -> Line:
    if line.interview is None:
        return replace(line, names=tuple(names[one] for one in _people(line)))
    people_in_it = line.interview.interviewers
    return replace(line, names=tuple(str(person.get("name") or names[str(person["id"])]) for person in people_in_it))
