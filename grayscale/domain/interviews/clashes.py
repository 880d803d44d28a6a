"""Who is in another interview at that time, as far as is known here."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select

from grayscale.domain.errors import Conflict
from grayscale.domain.interviews import people
from grayscale.domain.interviews.terms import Terms
from grayscale.extensions import db
from grayscale.models import WORKED_ON, ChangeKind, Interview, InterviewChange

#: No interview lasts longer: what began before that is over.
LONGEST = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class Busy:
    """Somebody's time that is taken. What for is not told: it may be confidential."""

    lever_id: str
    name: str
    starts_at: datetime
    ends_at: datetime


class Clash(Conflict):
    """Somebody is in another interview then; nothing was changed. Asking once more with *anyway* does it."""

    def __init__(self, busy: list[Busy]) -> None:
        names = ", ".join(dict.fromkeys(one.name for one in busy))
        are = "has another interview" if len({one.lever_id for one in busy}) == 1 else "have other interviews"
        super().__init__(f"{names} {are} at that time.")
        self.busy = busy


def busy(interviewers: Iterable[str], start: datetime, end: datetime, *, but: str | None = None) -> list[Busy]:
    """The times between *start* and *end* at which these Lever users are in an interview or are about to be in one.

    *but* is the Lever id of an interview to leave out. Sorted by time.
    """
    wanted = frozenset(interviewers)
    if not wanted:
        return []
    found: list[tuple[str, datetime, datetime]] = []
    rows = db.session.execute(
        select(Interview.lever_id, Interview.starts_at, Interview.duration_minutes, Interview.interviewers).where(
            Interview.canceled_at.is_(None), Interview.starts_at > start - LONGEST, Interview.starts_at < end
        )
    )
    under_way = _under_way()
    superseded = {lever_id for lever_id, _ in under_way if lever_id} | {but}
    for lever_id, starts_at, minutes, who in rows:
        if lever_id not in superseded:
            ends_at = starts_at + timedelta(minutes=minutes)
            found += [(str(one["id"]), starts_at, ends_at) for one in who if ends_at > start]
    for lever_id, terms in under_way:
        if terms is None or (lever_id is not None and lever_id == but):
            continue
        if terms.starts_at < end and terms.ends_at > start:
            found += [(one, terms.starts_at, terms.ends_at) for one in terms.interviewers]
    taken = sorted({one for one in found if one[0] in wanted}, key=lambda one: (one[1], one[0]))
    names = people.names(one[0] for one in taken)
    return [Busy(lever_id, names[lever_id], starts_at, ends_at) for lever_id, starts_at, ends_at in taken]


def check(terms: Terms, *, but: str | None = None) -> None:
    """Raises ``Clash`` when somebody asked for is in another interview then."""
    if found := busy(terms.interviewers, terms.starts_at, terms.ends_at, but=but):
        raise Clash(found)


def _under_way() -> list[tuple[str | None, Terms | None]]:
    """The interview each change under way is about, and what it will be; None when it is to be cancelled."""
    rows = db.session.scalars(select(InterviewChange).where(InterviewChange.state.in_(WORKED_ON)))
    return [
        (row.interview_lever_id, None if row.kind is ChangeKind.CANCEL else Terms.load({**row.seen, **row.wanted}))
        for row in rows
    ]
